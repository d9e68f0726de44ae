"""The champion behind an API: the only package that knows HTTP."""
