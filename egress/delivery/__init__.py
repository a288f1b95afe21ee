"""From a synthesised stack to a changed network: plans, saved plans, apply, drift."""
