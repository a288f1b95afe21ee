"""Plans made, saved and applied, and all that is looked at before: the manager around a stack, guards, what the state still tracks."""
