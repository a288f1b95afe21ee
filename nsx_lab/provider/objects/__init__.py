"""The objects of the provider: one table each."""
