"""Objects that somebody made by hand, matched with a domain file by content, and what the file then says of them. Pure."""
