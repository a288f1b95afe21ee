"""A user's own repository, as `egress init` writes it."""

from egress.template.repository import Ci, write

__all__ = ["Ci", "write"]
