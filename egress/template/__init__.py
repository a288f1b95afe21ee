"""A user's own repository, as `egress init` writes it."""

from egress.template.repository import write

__all__ = ["write"]
