"""Remembers where the values of a domain came from."""

from __future__ import annotations

from dataclasses import dataclass

from egress.domain.problems import Place
from egress.domain.yaml_tree import Tree, join


@dataclass(frozen=True)
class Spot:
    """The end of a walk along a location: the value, its place (of its key for a mapping), its key's place, its path."""

    tree: Tree
    place: Place
    key_place: Place
    key: str


def follow(tree: Tree, location: tuple[str | int, ...]) -> Spot:
    """Follows a location as far as the file goes; parts that are not in the file (tags of unions) are passed over."""
    spot = Spot(tree, tree.place, tree.place, "")
    for part in location:
        value = spot.tree.value
        if isinstance(value, dict) and isinstance(part, str) and part in value:
            child = value[part]
            key_place = spot.tree.keys[part]
            place = key_place if isinstance(child.value, dict) else child.place
            spot = Spot(child, place, key_place, join(spot.key, part))
        elif isinstance(value, tuple) and isinstance(part, int) and part < len(value):
            place = value[part].place
            spot = Spot(value[part], place, place, f"{spot.key}[{part}]")
    return spot


class Origins:
    """The tree that a domain was read from, if any. Two domains are equal whatever files they came from."""

    def __init__(self, tree: Tree | None = None) -> None:
        self.tree = tree

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Origins)

    __hash__ = object.__hash__

    def place(self, location: tuple[str | int, ...]) -> Place | None:
        """The place of the value at `location`, or of the nearest one above it."""
        return follow(self.tree, location).place if self.tree else None
