"""What each step of a training does, in plain Python that a test calls without Metaflow."""
