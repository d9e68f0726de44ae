"""Kinds of columns, and one reading of a value, wherever it comes from."""
