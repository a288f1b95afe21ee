"""What runs and what does not: the edge nodes and BFD peers that somebody took down. All others are up."""

from __future__ import annotations

from collections.abc import Iterable

from nsx_lab.manager.store.kinds import locate
from nsx_lab.manager.store.ledger import Evidence, claim, not_modelled
from nsx_lab.manager.store.store import Store

UP, DOWN = "UP", "DOWN"
STATES = (UP, DOWN)
TYPES = ("PolicyEdgeNode", "StaticRouteBfdPeer")
"""Types of what can be down."""

claim(
    "edge nodes and BFD peers are up unless a seed (key `down`, a list of paths) or the control plane (POST /_lab/runtime) says otherwise",
    Evidence.ASSUMPTION,
    "a tool of the lab",
    "test_fabric.py::test_seed_says_what_is_down",
)


not_modelled(
    "packets: edges and BFD peers that are down by seed or control plane",
    "statuses, alarms and tables show it; packets go by a world file's `down`, and know no BFD",
)


class Runtime:
    """Paths of what is down. What was deleted is not down any more."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._down: dict[str, None] = {}

    def set(self, path: str, state: str) -> None:
        """Takes an object down, or up again; ValueError for one that is not there, or that is neither up nor down."""
        check(path, there=path in self._store)
        if state not in STATES:
            raise ValueError(f"state {state!r}: allowed are {', '.join(STATES)}")
        if state == DOWN:
            self._down[path] = None
        else:
            self._down.pop(path, None)

    def down(self) -> list[str]:
        """Paths of what is down, in the order in which it went."""
        return [path for path in self._down if path in self._store]

    def is_down(self, path: str) -> bool:
        return path in self._down and path in self._store

    def load(self, paths: Iterable[str]) -> None:
        """Takes down what the paths name, and all else up. Errors: as `set`."""
        self._down.clear()
        for path in paths:
            self.set(path, DOWN)

    def clear(self) -> None:
        self._down.clear()


def check(path: str, *, there: bool) -> None:
    """ValueError for a path that cannot be down. `there`: whether there is an object at it."""
    place = locate(path)
    if place is None or place.kind.resource_type not in TYPES:
        raise ValueError(f"{path} is neither up nor down: that is asked of {' and '.join(TYPES)}")
    if not there:
        raise ValueError(f"{path} is not there")
