"""The smallest change of a domain file that covers an egress address that is new or has moved. Pure."""
