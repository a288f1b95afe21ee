"""A stack that is worked on: the run, its lock and folder, its synthesis, the lock and place of its state."""
