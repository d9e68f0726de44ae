"""Inputs, defined once: the same function on columns, on one request and in the ONNX graph."""
