"""YAML text to a tree of values that know where they stand.

PyYAML's C loader is used for reading only (`parse` for anchors and depth, `compose` for nodes). Scalars follow YAML 1.2:
nothing but `true`/`false`, `null`/`~`/empty and decimal integers is anything but text; `no`, `0x10`, `1:20`, `1.5` and dates
are text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import yaml

from egress.domain.fields import quoted
from egress.domain.problems import DomainFileError, Place, Problem

MAX_BYTES = 1 << 20
"""Larger files are refused before parsing: a domain is a page, not a database (limit of this project)."""
MAX_DEPTH = 32
"""Deeper nesting is refused before anything is built: a domain needs 6 levels (limit of this project)."""

Scalar: TypeAlias = str | int | bool | None
Plain: TypeAlias = "Scalar | tuple[Plain, ...] | dict[str, Plain]"

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_STANDARD_TAG = re.compile(r"tag:yaml\.org,2002:(str|int|float|bool|null|timestamp|map|seq|value|merge)")
_SIMPLE_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
_HINTS = {
    "found character that cannot start any token": "a tab, or a character such as @ or `, stands where a value begins: "
    "indent with blanks, put the value in quotes",
    "mapping values are not allowed in this context": "a ':' follows where none may: check the indentation, or put the "
    "value in quotes",
    "did not find expected key": "check the indentation of this line and the one before it",
}


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
    """Reads one YAML document; an empty one gives a tree whose value is None.

    Errors: DomainFileError with every finding: not UTF-8, larger than MAX_BYTES, control characters, a syntax error (which
    ends the file), anchors, aliases, tags, duplicate keys, keys that are not text, several documents, nesting below MAX_DEPTH.
    """
    text = _decode(raw, file)
    try:
        problems = _refused_events(text, file)
        if problems:
            raise DomainFileError(problems)
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        raise DomainFileError([_syntax(error, file)]) from None
    except yaml.YAMLError as error:
        what = " ".join(str(error).split())
        raise DomainFileError([Problem(Place(file, 1, 1), "", f"not valid YAML: {what}")]) from None
    if node is None:
        return Tree(None, Place(file, 1, 1), {})
    tree = _tree(node, file, "", problems)
    if problems:
        raise DomainFileError(problems)
    return tree


def _decode(raw: bytes, file: str) -> str:
    start = Place(file, 1, 1)
    if len(raw) > MAX_BYTES:
        what = f"larger than {MAX_BYTES} bytes, allowed is one page of YAML for each workload domain"
        raise DomainFileError([Problem(start, "", what)])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = _place_in(raw[: error.start].decode("utf-8", "replace"), file)
        raise DomainFileError([Problem(place, "", f"not UTF-8 text (byte {error.start}), save it as UTF-8")]) from None
    control = _CONTROL.search(text)
    if control:
        place = _place_in(text[: control.start()], file)
        what = f"control character U+{ord(control[0]):04X}, allowed is plain text: is this a YAML file, saved as UTF-8?"
        raise DomainFileError([Problem(place, "", what)])
    return text


def _place_in(before: str, file: str) -> Place:
    """The place right after the text `before`."""
    lines = re.split(r"\r\n|\n|\r", before)
    return Place(file, len(lines), len(lines[-1]) + 1)


def _refused_events(text: str, file: str) -> list[Problem]:
    """Anchors, aliases and bottomless nesting, found before anything is built: they hide where a value comes from, and
    can explode."""
    problems: list[Problem] = []
    for event, depth in _with_depth(text):
        if depth > MAX_DEPTH:
            what = f"nested deeper than {MAX_DEPTH} levels, a domain needs 6"
            return [*problems, Problem(_place(event.start_mark, file), "", what)]
        if getattr(event, "anchor", None):
            what = "anchors and aliases are not allowed, write the value out or put it in _defaults.yaml"
            problems.append(Problem(_place(event.start_mark, file), "", what))
    return problems


def _with_depth(text: str) -> Iterator[tuple[Any, int]]:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        yield event, depth


def _syntax(error: yaml.MarkedYAMLError, file: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    place = _place(mark, file) if mark else Place(file, 1, 1)
    what = " ".join(part for part in (error.context, error.problem) if part)
    if error.problem == "but found another document":
        return Problem(place, "", "a second document begins here, allowed is one domain a file: take the '---' out")
    hint = _HINTS.get(error.problem or "")
    return Problem(place, "", f"not valid YAML: {what}" + (f" ({hint})" if hint else ""))


def _place(mark: Any, file: str) -> Place:
    return Place(file, mark.line + 1, mark.column + 1)


def _tree(node: yaml.Node, file: str, key: str, problems: list[Problem]) -> Tree:
    place = _place(node.start_mark, file)
    if not _STANDARD_TAG.fullmatch(node.tag):
        problems.append(Problem(place, key, f"tag {quoted(node.tag)} is not allowed, write a plain value"))
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
            problems.append(Problem(place, key, "a key must be text, found a list or a mapping"))
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
    """The dotted path of `name` below `key`; a name that is no plain word is quoted and shortened."""
    shown = name if _SIMPLE_KEY.fullmatch(name) else quoted(name)
    return f"{key}.{shown}" if key else shown
