"""A user's own repository, as `egress init` writes it."""

from egress.template.repository import Ci, write
from egress.template.update import update

__all__ = ["Ci", "update", "write"]
