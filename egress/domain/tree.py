"""A tree of YAML values, each of which knows where it came from: laid over one another, followed to a place, shown with places.

Maps merge by key, lists and scalars replace, null removes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

import yaml

from egress.domain.fields import quoted
from egress.domain.problems import Place

Scalar: TypeAlias = str | int | bool | None
Plain: TypeAlias = "Scalar | tuple[Plain, ...] | dict[str, Plain]"

_SIMPLE_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")


NO_KEYS: Mapping[str, Place] = MappingProxyType({})
"""Of what is no mapping."""


class Tree(NamedTuple):
    """A value and where it came from. `keys` gives the place of each key of a mapping."""

    value: Scalar | tuple[Tree, ...] | dict[str, Tree]
    place: Place
    keys: Mapping[str, Place]

    def plain(self) -> Plain:
        """The value without places: dicts, tuples, text, integers, booleans, None."""
        value = self.value
        if isinstance(value, dict):
            return {key: tree.plain() for key, tree in value.items()}
        return tuple([tree.plain() for tree in value]) if isinstance(value, tuple) else value


def join(key: str, name: str) -> str:
    """The dotted path of `name` below `key`; a name that is no plain word is quoted and shortened."""
    shown = name if _SIMPLE_KEY.fullmatch(name) else quoted(name)
    return f"{key}.{shown}" if key else shown


def dotted(path: Iterable[str | int]) -> str:
    """The dotted path of a value, from the keys and places in lists that lead to it."""
    key = ""
    for part in path:
        key = f"{key}[{part}]" if isinstance(part, int) else join(key, part)
    return key


def merge(under: Tree, over: Tree) -> Tree:
    """`over` laid over `under`. Keys of `over` come first, in their order; a null stays, and hides what is under it."""
    if not (isinstance(under.value, dict) and isinstance(over.value, dict)):
        return over
    values = {
        name: merge(under.value[name], child) if name in under.value else child for name, child in over.value.items()
    }
    keys = dict(over.keys)
    for name, child in under.value.items():
        if name not in values:
            values[name] = child
            keys[name] = under.keys[name]
    return Tree(values, over.place, keys)


def without_nulls(tree: Tree) -> Tree:
    """The tree without the keys whose value is null: a null says that a key is not given. Nulls in lists stay. What has none is as it is."""
    if isinstance(tree.value, tuple):
        items = tuple(without_nulls(item) for item in tree.value)
        same = all(item is before for item, before in zip(items, tree.value, strict=True))
        return tree if same else Tree(items, tree.place, tree.keys)
    if not isinstance(tree.value, dict):
        return tree
    kept = {name: without_nulls(child) for name, child in tree.value.items() if child.value is not None}
    if len(kept) == len(tree.value) and all(child is tree.value[name] for name, child in kept.items()):
        return tree
    return Tree(kept, tree.place, {name: tree.keys[name] for name in kept})


class Spot(NamedTuple):
    """The end of a walk along a location: the value, its place (of its key for a mapping), its key's place, its path."""

    tree: Tree
    place: Place
    key_place: Place
    key: str


def follow(tree: Tree, location: tuple[str | int, ...], *, nulls: bool = True) -> Spot:
    """Follows a location as far as the file goes; parts that are not in the file (tags of unions) are passed over. nulls: a key whose value is
    null is in the file, which says that it is not given."""
    spot = Spot(tree, tree.place, tree.place, "")
    for part in location:
        value = spot.tree.value
        if isinstance(value, dict) and isinstance(part, str) and part in value:
            child = value[part]
            if child.value is None and not nulls:
                continue
            key_place = spot.tree.keys[part]
            place = key_place if isinstance(child.value, dict) else child.place
            spot = Spot(child, place, key_place, join(spot.key, part))
        elif isinstance(value, tuple) and isinstance(part, int) and part < len(value):
            place = value[part].place
            spot = Spot(value[part], place, place, f"{spot.key}[{part}]")
    return spot


class Origins:
    """The tree that a domain was read from, if any, with the keys in it that a null takes out. Two domains are equal whatever files they came from."""

    def __init__(self, tree: Tree | None = None) -> None:
        self.tree = tree

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Origins)

    __hash__ = object.__hash__

    def place(self, location: tuple[str | int, ...]) -> Place | None:
        """The place of the value at `location`, or of the nearest one above it."""
        return follow(self.tree, location, nulls=False).place if self.tree else None


class Line(NamedTuple):
    """A line of YAML, and the place of the value in it; none for a line that only opens a mapping or a list."""

    text: str
    place: Place | None


def lines(tree: Tree) -> list[Line]:
    """The tree in block style. Reading the text of the lines gives the same tree again."""
    return list(_block(tree, "", ""))


def annotated(tree: Tree) -> str:
    """YAML whose values carry their place as an aligned comment, `# domains/prod/_defaults.yaml:3`."""
    shown = lines(tree)
    width = max((len(line.text) for line in shown if line.place and len(line.text) <= 60), default=0)
    return "".join(
        f"{line.text.ljust(width)}  # {line.place.file}:{line.place.line}\n" if line.place else f"{line.text}\n"
        for line in shown
    )


def places(tree: Tree, key: str = "") -> Iterator[tuple[str, Place]]:
    """Dotted path and place of every value that is no mapping or list, and of empty ones."""
    if isinstance(tree.value, dict) and tree.value:
        for name, child in tree.value.items():
            yield from places(child, join(key, name))
    elif isinstance(tree.value, tuple) and tree.value:
        for index, child in enumerate(tree.value):
            yield from places(child, f"{key}[{index}]")
    else:
        yield key, tree.place


def _block(tree: Tree, lead: str, indent: str) -> Iterator[Line]:
    """`lead` is what stands before the first line: a key, dashes, or nothing."""
    if isinstance(tree.value, dict) and tree.value:
        if lead and not lead.endswith("- "):
            yield Line(lead.rstrip(), None)
            lead = indent
        for name, child in tree.value.items():
            yield from _block(child, f"{lead or indent}{_scalar(name)}: ", indent + "  ")
            lead = indent
    elif isinstance(tree.value, tuple) and tree.value:
        if lead and not lead.endswith("- "):
            yield Line(lead.rstrip(), None)
            lead = indent
        for item in tree.value:
            yield from _block(item, f"{lead or indent}- ", indent + "  ")
            lead = indent
    else:
        yield Line(f"{lead}{_empty(tree)}", tree.place)


def _empty(tree: Tree) -> str:
    if isinstance(tree.value, dict):
        return "{}"
    return "[]" if isinstance(tree.value, tuple) else _scalar(tree.value)


def _scalar(value: Scalar) -> str:
    style = '"' if isinstance(value, str) and not value.isprintable() else None
    text = yaml.safe_dump(value, default_style=style, allow_unicode=True, width=1 << 30)
    return text.removesuffix("\n").removesuffix("\n...")
