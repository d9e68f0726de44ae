"""Which runs there are, and what each is for: the only part that knows Metaflow's client."""
