"""Rules of the product that no schema holds: one file for each kind of object, and the view of a gateway that they share."""
