"""What git has: a project as it was at a reference, and a branch of our own."""
