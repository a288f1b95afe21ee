"""What NSX makes of objects: what it adds and demands, what becomes of them, and what it says about that."""
