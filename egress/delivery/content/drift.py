"""Drift: what the manager says now, held against what the state remembers.

Read from `resource_drift` of a refresh-only plan and never from its exit code, which is 2 even where the engine says "No
changes" (measured with the provider 3.11.1). Any edit bumps `revision`: a bare bump is told apart from a changed value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from egress.delivery.content.plan_content import PlanContent

BOOKKEEPING = frozenset({"revision"})
"""Attributes that move with every edit, whatever it changed."""


@dataclass(frozen=True)
class Changed:
    """One attribute that differs."""

    attribute: str
    state: Any
    manager: Any


@dataclass(frozen=True)
class Drift:
    """One resource that is not as the state remembers it. `deleted`: it is gone from the manager."""

    address: str
    path: str
    deleted: bool
    changed: tuple[Changed, ...]

    @property
    def matters(self) -> bool:
        """False where nothing but the revision moved: somebody saved the object without changing it."""
        return self.deleted or bool(self.values)

    @property
    def values(self) -> tuple[Changed, ...]:
        """The changed attributes without bookkeeping, which moves with every edit."""
        return tuple(change for change in self.changed if change.attribute not in BOOKKEEPING)

    def as_data(self) -> dict[str, Any]:
        """For programs."""
        changed = [{"attribute": c.attribute, "state": c.state, "manager": c.manager} for c in self.changed]
        return {"address": self.address, "path": self.path, "deleted": self.deleted, "changed": changed}


def read(content: PlanContent) -> tuple[Drift, ...]:
    """The drift that a refresh-only plan found, data sources left out."""
    found = []
    for change in content.drifted:
        before, deleted = change.before or {}, change.actions == ("delete",)
        changed = () if deleted else tuple(Changed(name, *pair) for name, pair in change.values.items())
        if deleted or changed:
            found.append(Drift(change.address, str(before.get("path", "")), deleted, changed))
    return tuple(found)
