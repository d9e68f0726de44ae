"""Families of models, the search over them, and which of them wins."""
