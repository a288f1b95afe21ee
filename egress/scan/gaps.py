"""Why something may be on a manager that was not seen."""

from __future__ import annotations

from collections.abc import Iterable

from egress.policy.sighting import Unseen


def why(unseen: Iterable[Unseen], *collections: str) -> str:
    """Why one of these collections was not read, empty where all were. What stands further below them is another matter."""
    return next((one.why for one in unseen if one.path and any(_holds(one.path, path) for path in collections)), "")


def _holds(unseen: str, path: str) -> bool:
    return path == unseen or path.startswith(f"{unseen}/")
