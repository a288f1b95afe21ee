"""What an apply left: the proof, the record, the next command."""
