"""Many rows at once: a table in, a table of answers out, in bounded memory."""
