"""A domain file written from what a manager holds, or from an edge-cluster specification. Pure: values in, text out."""

from egress.scan.draft import Draft, draft
from egress.scan.gateway import without_uplinks
from egress.scan.sections import Top

__all__ = ["Draft", "Top", "draft", "without_uplinks"]
