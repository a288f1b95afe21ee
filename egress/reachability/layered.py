"""A mapping that is laid over an earlier one: a change takes as long as it is large, however much there is that does not change.

The domains on one Tier-0 are asked one after the other, and of thousands of nodes each has a few otherwise than the one before.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, Generic, TypeVar

R = TypeVar("R")
T = TypeVar("T")


class _Ground(Generic[T]):
    """What all that are laid over it share. It is never changed."""

    def __init__(self, held: dict[str, T]) -> None:
        self.held = held
        self.derived: dict[object, Any] = {}

    @cached_property
    def places(self) -> dict[str, int]:
        """The place of each name in their order."""
        return {name: place for place, name in enumerate(self.held)}


class Layered(Mapping[str, T]):
    """Values by name, in the order of a dict that is changed in place; where one stands that went and comes back is open. Whoever gives the dict
    does not change it any more.

    A value that comes back as the ground has it, the very same, is no change any more: so a layer stays small. One that was carried on so
    often that a copy would have cost no more becomes a ground of its own.
    """

    def __init__(self, held: dict[str, T]) -> None:
        self._ground = _Ground(held)
        self._layer: dict[str, T] = {}
        self._gone: frozenset[str] = frozenset()
        self._added = 0  # names in the layer that the ground has not
        self._carried = 0  # changes since the ground was made, each counted as often as it was carried on

    def changed(self, come: Mapping[str, T], gone: Iterable[str] = ()) -> Layered[T]:
        """The same without some names, and with others in place or beside."""
        ground, layer, left = self._ground.held, dict(self._layer), set(self._gone)
        for name in gone:
            layer.pop(name, None)
            if name in ground:
                left.add(name)
        left.difference_update(come)
        for name, value in come.items():
            if name in ground and ground[name] is value:
                layer.pop(name, None)
            else:
                layer[name] = value
        carried = self._carried + len(layer) + len(left)
        if carried > len(ground):
            return Layered({name: value for name, value in {**ground, **layer}.items() if name not in left})
        made = Layered[T](ground)
        made._ground = self._ground
        made._layer, made._gone, made._carried = layer, frozenset(left), carried
        made._added = len(layer) - sum(map(ground.__contains__, layer))
        return made

    def below(self, name: str) -> T | None:
        """What the ground has of a name, whatever has become of it since."""
        return self._ground.held.get(name)

    def of_ground(self, derive: Callable[[Mapping[str, T]], R]) -> R:
        """What is derived from the ground, once for all that are laid over it."""
        derived = self._ground.derived
        if derive not in derived:
            derived[derive] = derive(self._ground.held)
        found: R = derived[derive]
        return found

    @property
    def layer(self) -> Mapping[str, T]:
        """What is otherwise than in the ground, without what is gone."""
        return self._layer

    def in_order(self, names: Collection[str]) -> list[str]:
        """Those of some names that are there, in the order of all."""
        ground, places = self._ground.held, self._ground.places
        old = [name for name in names if name in ground and name not in self._gone]
        new = [name for name in self._layer if name in names and name not in ground]
        return [*sorted(old, key=places.__getitem__), *new]

    def __getitem__(self, name: str) -> T:
        if name in self._layer:
            return self._layer[name]
        if name in self._gone:
            raise KeyError(name)
        return self._ground.held[name]

    def __iter__(self) -> Iterator[str]:
        ground = self._ground.held
        yield from (name for name in ground if name not in self._gone)
        yield from (name for name in self._layer if name not in ground)

    def __len__(self) -> int:
        return len(self._ground.held) - len(self._gone) + self._added
