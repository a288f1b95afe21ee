"""The mark by which a lab is recognised in the TLS handshake, before any credential is sent."""

MARK = "nsx-lab.invalid"
"""DNS name among the subject alternative names of every lab certificate. `.invalid` is reserved (RFC 6761, section 6.4):
no certificate authority issues it, so no real manager carries it by accident."""
