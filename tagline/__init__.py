"""Tagline: from a table to a model in production, promoted by tagging."""
