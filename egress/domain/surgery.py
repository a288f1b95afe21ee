"""Where a YAML text has to be cut so that it says something else: values put at their keys, everything around them left as it is.

The places are those that PyYAML's C parser gives. A place that is not safe is refused (NoPlaceError); what comes out is to be read again
by whoever asks, as nothing here is sure of what it means.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import yaml

from egress.domain.moved import flow

Patch: TypeAlias = "dict[str | int, Patch | Put]"
"""What to put where: keys of mappings and indices of lists, down to the values."""
_NULL = "tag:yaml.org,2002:null"
_STEP = "  "


@dataclass(frozen=True)
class Put:
    """A value to put: text, number, truth, null, or lists and mappings of them."""

    value: Any


class NoPlaceError(Exception):
    """The layout leaves no safe place."""


@dataclass(frozen=True)
class _Cut:
    """Text in place of text[start:end]. lines: it is whole lines, and stands below the line that ends at start."""

    start: int
    end: int
    text: str
    lines: bool = False


@dataclass(frozen=True)
class _Key:
    """The key of a block mapping that a value stands at."""

    node: yaml.Node

    @property
    def column(self) -> int:
        column: int = self.node.start_mark.column
        return column


def operated(text: str, patch: Patch, *, open_up: bool) -> str:
    """The text with the values at their places. open_up: entries of an empty mapping get lines of their own below its key.

    The text has no byte order mark: the parser does not count it. Errors: NoPlaceError; yaml.YAMLError for what is no YAML.
    """
    root = yaml.compose(text, Loader=yaml.CSafeLoader)
    if root is None:
        raise NoPlaceError
    surgeon = _Surgeon(text, open_up)
    surgeon.into(root, patch, None)
    return surgeon.sewn()


class _Surgeon:
    """Collects the cuts of one text. What stands deeper is cut before what it stands in, so that its lines come first."""

    def __init__(self, text: str, open_up: bool) -> None:
        self.text = text
        self.open_up = open_up
        self.cuts: list[_Cut] = []

    def sewn(self) -> str:
        """The text with every cut made."""
        parts: list[str] = []
        done = 0
        for cut in sorted(self.cuts, key=lambda one: one.start):
            if cut.start < done:
                raise NoPlaceError
            parts.append(self.text[done : cut.start])
            if cut.lines and not _ends_a_line(parts):
                parts.append(self.line_end(cut.start))
            parts.append(cut.text)
            done = cut.end
        return "".join([*parts, self.text[done:]])

    def line_end(self, at: int) -> str:
        """How the line that ends at a place does, as the first of the text where it does not."""
        before = self.text[:at]
        if before.endswith("\n"):
            return "\r\n" if before.endswith("\r\n") else "\n"
        first = self.text.find("\n")
        return "\r\n" if self.text[max(0, first - 1) : first + 1] == "\r\n" else "\n"

    def into(self, node: yaml.Node, patch: Patch | Put, key: _Key | None) -> None:
        """Puts what a patch says at a node and below it. key: what the node is the value of, in a block mapping."""
        if isinstance(patch, Put):
            self.replace(node, patch.value, key)
        elif isinstance(node, yaml.MappingNode):
            there = {one.value: (one, value) for one, value in node.value}
            for name in [one for one in patch if one in there]:
                at, value = there[name]
                self.into(value, patch[name], None if node.flow_style else _Key(at))
            self.add(node, {str(name): whole(one) for name, one in patch.items() if name not in there}, key)
        elif isinstance(node, yaml.SequenceNode):
            for index, one in patch.items():
                self.into(node.value[int(index)], one, None)
        elif isinstance(node, yaml.ScalarNode) and node.tag == _NULL:
            self.fill(node, whole(patch), key)
        else:
            raise NoPlaceError

    def add(self, node: yaml.MappingNode, entries: dict[str, Any], key: _Key | None) -> None:
        """New entries of a mapping."""
        if not entries:
            return
        if not node.flow_style:
            self.below(_end(node), entries, " " * node.value[0][0].start_mark.column)
        elif node.value:  # after the last entry
            last = node.value[-1][1].end_mark.index
            self.cuts.append(_Cut(last, last, f", {flow(entries)[1:-1]}"))
        else:
            self.fill(node, entries, key)

    def fill(self, node: yaml.Node, entries: dict[str, Any], key: _Key | None) -> None:
        """The first entries of a mapping that is empty, or null."""
        start, end = _span(node)
        if self.open_up and key and self.may_open(node, entries, key):
            blank = len(self.text[:start].rstrip(" "))
            self.cuts.append(_Cut(blank, end, ""))
            self.below(end, entries, " " * key.column + _STEP)
        elif isinstance(node, yaml.MappingNode) and self.text[start + 1 : end - 1].strip(" "):  # it holds a comment
            self.cuts.append(_Cut(start + 1, start + 1, flow(entries)[1:-1]))
        else:
            self.replace(node, entries, key)

    def may_open(self, node: yaml.Node, entries: dict[str, Any], key: _Key) -> bool:
        """Whether entries may stand on lines below a key: they are mappings, and the key's line holds nothing else but a comment."""
        start, end = _span(node)
        rest = self.text[end : self.after_line(end)].strip()
        between = self.text[key.node.end_mark.index : start].strip(" ")
        return (
            all(isinstance(one, Mapping) for one in entries.values())
            and between == ":"
            and self.text[start:end].replace(" ", "") in ("", "{}", "~", "null")
            and (not rest or rest.startswith("#"))
        )

    def below(self, at: int, entries: dict[str, Any], lead: str) -> None:
        """Lines of their own, below the line that holds a place."""
        after = self.after_line(at)
        end = self.line_end(after)
        lines = [line for name, value in entries.items() for line in _block(name, value, lead)]
        self.cuts.append(_Cut(after, after, "".join(f"{line}{end}" for line in lines), lines=True))

    def after_line(self, at: int) -> int:
        """Where the line that holds a place is over."""
        found = self.text.find("\n", at)
        return len(self.text) if found < 0 else found + 1

    def replace(self, node: yaml.Node, value: Any, key: _Key | None) -> None:
        """A value on one line in place of another. A comment inside of that has no place any more, and is none to lose."""
        if isinstance(node, yaml.CollectionNode) and not node.flow_style:
            self.replace_block(node, value, key)
            return
        start, end = _span(node)
        if start == end:  # nothing is written there yet
            blank = len(self.text[:start].rstrip(" "))
            if not self.text[:blank].endswith((":", "-")):
                raise NoPlaceError
            self.cuts.append(_Cut(blank, blank, f" {flow(value)}"))
            return
        if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
            end = start + len(self.text[start:end].rstrip())
            commented = self.text[start : self.after_line(start)]
        else:
            commented = self.text[start:end] if isinstance(node, yaml.CollectionNode) else ""
        if "#" in commented:
            raise NoPlaceError
        self.cuts.append(_Cut(start, end, flow(value)))

    def replace_block(self, node: yaml.CollectionNode, value: Any, key: _Key | None) -> None:
        """A value on the line of its key in place of the lines below it."""
        if key is None:
            raise NoPlaceError
        colon = self.text.find(":", key.node.end_mark.index)
        first = self.text.rfind("\n", 0, node.start_mark.index) + 1
        last = self.after_line(_end(node))
        if self.text[key.node.end_mark.index : colon].strip(" ") or first <= colon or "#" in self.text[first:last]:
            raise NoPlaceError
        self.cuts += [_Cut(colon + 1, colon + 1, f" {flow(value)}"), _Cut(first, last, "")]


def whole(patch: Patch | Put) -> Any:
    """The value that a patch makes where nothing is yet. Errors: NoPlaceError for entries of a list."""
    if isinstance(patch, Put):
        return patch.value
    if any(isinstance(name, int) for name in patch):
        raise NoPlaceError
    return {str(name): whole(one) for name, one in patch.items()}


def _ends_a_line(parts: list[str]) -> bool:
    written = next((part for part in reversed(parts) if part), "\n")
    return written.endswith("\n")


def _span(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.index, node.end_mark.index


def _end(node: yaml.Node) -> int:
    """Where the last value within a node ends: the parser lets a block end where the next thing begins."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    start, end = _span(node)
    return max(start, end - 1) if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">") else end


def _block(key: str, value: Any, lead: str) -> Iterator[str]:
    """Lines for a key: a mapping of mappings in block form, everything else on one line."""
    name = flow([key])[1:-1]
    if isinstance(value, Mapping) and any(isinstance(one, Mapping) for one in value.values()):
        yield f"{lead}{name}:"
        for inner, one in value.items():
            yield from _block(str(inner), one, f"{lead}{_STEP}")
    else:
        yield f"{lead}{name}: {flow(value)}"
