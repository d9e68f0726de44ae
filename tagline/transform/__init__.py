"""Inputs, defined once: the same function on columns, on one row and in the ONNX graph."""
