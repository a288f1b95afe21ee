"""A stack's state: what it tracks, and who holds its lock where it is kept."""
