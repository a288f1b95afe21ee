"""A merged domain as YAML, with the file and line that each value came from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from egress.domain.problems import Place
from egress.domain.yaml_tree import Scalar, Tree, join


@dataclass(frozen=True)
class Line:
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


def origins(tree: Tree, key: str = "") -> Iterator[tuple[str, Place]]:
    """Dotted path and place of every value that is no mapping or list, and of empty ones."""
    if isinstance(tree.value, dict) and tree.value:
        for name, child in tree.value.items():
            yield from origins(child, join(key, name))
    elif isinstance(tree.value, tuple) and tree.value:
        for index, child in enumerate(tree.value):
            yield from origins(child, f"{key}[{index}]")
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
