"""Watching a model that answers: what moved, since when, does it hurt, what to do."""
