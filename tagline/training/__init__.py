"""The search for a model: what is tried, on which rows, and which of them wins."""
