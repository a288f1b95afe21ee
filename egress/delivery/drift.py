"""Drift: what the manager says now, held against what the state remembers.

Read from `resource_drift` of a refresh-only plan and never from its exit code, which is 2 even where the engine says "No
changes" (measured with the provider 3.11.1). Any edit bumps `revision`: a bare bump is told apart from a changed value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_BOOKKEEPING = {"revision"}


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
        return tuple(change for change in self.changed if change.attribute not in _BOOKKEEPING)

    def as_data(self) -> dict[str, Any]:
        """For programs."""
        changed = [{"attribute": c.attribute, "state": c.state, "manager": c.manager} for c in self.changed]
        return {"address": self.address, "path": self.path, "deleted": self.deleted, "changed": changed}


def read(data: dict[str, Any]) -> tuple[Drift, ...]:
    """The drift in a plan's JSON, data sources left out."""
    found = []
    for entry in data.get("resource_drift", []):
        if entry.get("mode") != "managed":
            continue
        before, after = entry["change"].get("before") or {}, entry["change"].get("after") or {}
        deleted = entry["change"]["actions"] == ["delete"]
        changed = () if deleted else _differences(before, after)
        if deleted or changed:
            found.append(Drift(entry["address"], str(before.get("path", "")), deleted, changed))
    return tuple(found)


def _differences(before: dict[str, Any], after: dict[str, Any]) -> tuple[Changed, ...]:
    names = [*before, *(name for name in after if name not in before)]
    return tuple(
        Changed(name, before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)
    )
