"""Which stacks a change affects, and why."""
