"""Other programs, run; several stacks at once; what was written by either, read."""
