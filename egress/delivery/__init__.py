"""From a synthesised stack to a changed network: which stacks, plans, saved plans, apply, what it left, drift."""
