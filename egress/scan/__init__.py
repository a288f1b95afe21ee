"""A domain file written from what a manager holds, or from an edge-cluster specification. Pure: values in, text out."""
