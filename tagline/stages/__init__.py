"""What each step of the training flow does, in plain Python that a test calls without Metaflow."""
