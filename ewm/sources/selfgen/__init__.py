"""Programs that a model writes: what is taken from its text (extract) and which of it is kept (filters)."""
