"""What people look at: pictures, cards and one page a run."""
