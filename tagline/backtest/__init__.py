"""A stretch of the past, lived through day by day under several retraining policies."""
