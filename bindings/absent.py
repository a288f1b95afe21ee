"""Says in a sentence what this package does not hold. Python asks here after it has found no such module.

Copied into the package by bindings/build.py.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

_OBJECT = re.compile(r"[a-z][a-z0-9_]*")
"""Modules are named after resources and data sources; nothing else is told anything."""


_SHOWN = 20


class Absent(MetaPathFinder):
    """Finds nothing below `package`; raises ModuleNotFoundError for what might be a resource or a data source."""

    def __init__(self, package: str, cdk: str, held: Sequence[str]) -> None:
        self.package, self.cdk, self.held = package, cdk, held

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """None for names outside of this package, and for private ones."""
        parent, _, name = fullname.rpartition(".")
        if parent != self.package or not _OBJECT.fullmatch(name):
            return None
        # Without `name=`: Python would hide this sentence of `from package import name` behind one of its own.
        raise ModuleNotFoundError(
            f"{fullname} is not here: the bindings that tier0-egress brings are not of the whole provider vmware/nsxt. "
            f"make your own with `{self.cdk} get`, they go beside these; or rebuild these in a checkout of tier0-egress with "
            f"`make bindings SCHEMA=FILE` (docs/bindings.md). here are: {', '.join(self.held[:_SHOWN])}"
            + (f" and {len(self.held) - _SHOWN} more" if len(self.held) > _SHOWN else "")
        )


def tell(package: str, cdk: str, held: Sequence[str]) -> None:
    """Lets Python ask here, last of all. `cdk`: whose bindings these are."""
    sys.meta_path.append(Absent(package, cdk, held))
