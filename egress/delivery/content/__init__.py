"""What a plan says, as values and in network words. Pure."""
