"""The ledger of a case: which run is for what, decided once and signed, entry by entry."""
