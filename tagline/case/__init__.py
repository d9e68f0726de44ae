"""A case: everything that a person tunes, read from one config file and checked before any work."""
