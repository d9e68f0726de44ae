"""What a run is for: who may change it, by which rules, and what follows."""
