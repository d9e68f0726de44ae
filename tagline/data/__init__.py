"""From tables to the matrix that trials train on: contract, history, inputs, split."""
