"""Domain files and states that a command moves or edits."""
