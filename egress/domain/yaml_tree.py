"""YAML text to a tree of values that know where they stand.

PyYAML's C loader is used for reading only (`parse` for anchors, `compose` for nodes). Scalars follow YAML 1.2: nothing
but `true`/`false`, `null`/`~`/empty and decimal integers is anything but text; `no`, `0x10`, `1:20` and dates are text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, TypeAlias

import yaml

from egress.domain.problems import DomainFileError, Place, Problem

MAX_BYTES = 1 << 20
"""Larger files are refused before parsing: a domain is a page, not a database (limit of this project)."""

Scalar: TypeAlias = str | int | bool | None
Plain: TypeAlias = "Scalar | tuple[Plain, ...] | dict[str, Plain]"

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_STANDARD_TAG = re.compile(r"tag:yaml\.org,2002:(str|int|float|bool|null|timestamp|map|seq|value|merge)")


@dataclass(frozen=True)
class Tree:
    """A value and where it came from. `keys` gives the place of each key of a mapping."""

    value: Scalar | tuple[Tree, ...] | dict[str, Tree]
    place: Place
    keys: dict[str, Place]

    def plain(self) -> Plain:
        """The value without places: dicts, tuples, text, integers, booleans, None."""
        if isinstance(self.value, dict):
            return {key: tree.plain() for key, tree in self.value.items()}
        if isinstance(self.value, tuple):
            return tuple(tree.plain() for tree in self.value)
        return self.value


def parse(raw: bytes, file: str) -> Tree:
    """Reads one YAML document.

    Errors: DomainFileError with every finding: not UTF-8, larger than MAX_BYTES, a syntax error (which ends the file),
    anchors, aliases, tags, duplicate keys, keys that are not text, several documents, an empty file.
    """
    start = Place(file, 1, 1)
    if len(raw) > MAX_BYTES:
        raise DomainFileError([Problem(start, "", f"{len(raw)} bytes, allowed are at most {MAX_BYTES}")])
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DomainFileError([Problem(start, "", f"not UTF-8 text (byte {error.start}), save it as UTF-8")]) from None
    try:
        problems = _anchors(text, file)
        if problems:
            raise DomainFileError(problems)
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        raise DomainFileError([_syntax(error, file)]) from None
    except (yaml.YAMLError, RecursionError) as error:
        raise DomainFileError([Problem(start, "", f"not readable as YAML: {error}")]) from None
    if node is None:
        raise DomainFileError(
            [Problem(start, "", "the file is empty, a domain needs at least version, name, nsx, tier0")]
        )
    tree = _tree(node, file, "", problems)
    if problems:
        raise DomainFileError(problems)
    return tree


def _anchors(text: str, file: str) -> list[Problem]:
    """Anchors and aliases are refused before anything is built: they hide where a value comes from, and can explode."""
    return [
        Problem(
            _place(event.start_mark, file),
            "",
            "anchors and aliases are not allowed, write the value out or put it in _defaults.yaml",
        )
        for event in yaml.parse(text, Loader=yaml.CSafeLoader)
        if getattr(event, "anchor", None)
    ]


def _syntax(error: yaml.MarkedYAMLError, file: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    place = _place(mark, file) if mark else Place(file, 1, 1)
    what = " ".join(part for part in (error.context, error.problem) if part)
    return Problem(place, "", f"not valid YAML: {what}")


def _place(mark: Any, file: str) -> Place:
    return Place(file, mark.line + 1, mark.column + 1)


def _tree(node: yaml.Node, file: str, key: str, problems: list[Problem]) -> Tree:
    place = _place(node.start_mark, file)
    if not _STANDARD_TAG.fullmatch(node.tag):
        problems.append(Problem(place, key, f"tag {node.tag} is not allowed, write a plain value"))
        return Tree(None, place, {})
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, file, key, problems)
    if isinstance(node, yaml.SequenceNode):
        items = tuple(_tree(item, file, f"{key}[{index}]", problems) for index, item in enumerate(node.value))
        return Tree(items, place, {})
    return Tree(_scalar(node), place, {})


def _mapping(node: yaml.MappingNode, file: str, key: str, problems: list[Problem]) -> Tree:
    values: dict[str, Tree] = {}
    keys: dict[str, Place] = {}
    for key_node, value_node in node.value:
        place = _place(key_node.start_mark, file)
        if not isinstance(key_node, yaml.ScalarNode):
            problems.append(Problem(place, key, "a key must be text"))
            continue
        name = str(key_node.value)
        if name in keys:
            problems.append(Problem(place, join(key, name), f"key given twice, first in line {keys[name].line}"))
            continue
        keys[name] = place
        values[name] = _tree(value_node, file, join(key, name), problems)
    return Tree(values, _place(node.start_mark, file), keys)


def _scalar(node: Any) -> Scalar:
    text = str(node.value)
    if node.style in ("'", '"', "|", ">"):
        return text
    if text in ("", "~", "null"):
        return None
    if text in ("true", "false"):
        return text == "true"
    if _INTEGER.fullmatch(text) and len(text) < 20:
        return int(text)
    return text


def join(key: str, name: str) -> str:
    """The dotted path of `name` below `key`."""
    return f"{key}.{name}" if key else name
