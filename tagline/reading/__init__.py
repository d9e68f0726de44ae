"""One reading of a value, wherever it comes from: a table, a request, a frame."""
