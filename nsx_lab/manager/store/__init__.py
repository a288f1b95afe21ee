"""Objects: what they are made of, how they are kept, found, listed and related. Knows paths and types, and no rule of the product."""
