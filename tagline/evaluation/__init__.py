"""How a model is judged on rows that chose nothing."""
