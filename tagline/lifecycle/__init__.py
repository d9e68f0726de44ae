"""What a run is for: rules, and the ledger of signed entries that decides."""
