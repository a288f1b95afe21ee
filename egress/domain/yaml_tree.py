"""YAML text to a tree of values that know where they stand.

PyYAML's C parser gives events, and nothing else of PyYAML is used: no constructor, no resolver. Scalars follow YAML 1.2:
nothing but `true`/`false`, `null`/`~`/empty and decimal integers is anything but text; `no`, `0x10`, `1:20`, `1.5` and dates
are text.
"""

from __future__ import annotations

import re
import sys
from typing import Any

import yaml
from yaml.cyaml import CParser  # type: ignore[attr-defined]  # it is there, for the loaders that are made of it
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from egress import escape
from egress.domain.fields import hidden_character, quoted
from egress.domain.problems import DomainFileError, Place, Problem
from egress.domain.tree import NO_KEYS, Scalar, Tree, dotted

MAX_BYTES = 1 << 20
"""Larger files are refused before parsing: a domain is a page, not a database (limit of this project)."""
MAX_DEPTH = 32
"""Deeper nesting is refused before anything is built: a domain needs 6 levels (limit of this project)."""
MAX_VALUES = 20_000
"""More keys and values are refused: a domain with a thousand mappings has 7,000 (limit of this project)."""
MAX_TEXT = 4096
"""Longer values are refused, before any pattern looks at them (limit of this project; NSX takes 1,024 characters)."""

_WORDS: dict[str, Scalar] = {"": None, "~": None, "null": None, "true": True, "false": False}
"""Plain words that are no text."""
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_STANDARD_TAG = re.compile(r"tag:yaml\.org,2002:(str|int|float|bool|null|timestamp|map|seq|value|merge)")
_HINTS = {
    "found character that cannot start any token": "a tab, or a character such as @ or `, stands where a value begins: "
    "indent with blanks, put the value in quotes",
    "mapping values are not allowed in this context": "a ':' follows where none may: check the indentation, or put the "
    "value in quotes",
    "did not find expected key": "check the indentation of this line and the one before it",
}


def parse(raw: bytes, file: str) -> Tree:
    """Reads one YAML document; an empty one gives a tree whose value is None.

    Errors: DomainFileError with every finding: not UTF-8, larger than MAX_BYTES, hidden characters (in values,
    keys and comments, as such or by an escape), a syntax error (which ends the file), anchors, aliases, tags, duplicate keys, keys that are not text, several documents, more than MAX_DEPTH,
    MAX_VALUES or MAX_TEXT allow.
    """
    text = _decode(raw, file)
    builder = _Builder(file, text)
    try:
        tree = builder.document()
    except yaml.MarkedYAMLError as error:
        builder.problems.append(_syntax(error, file))
    except yaml.YAMLError as error:
        what = " ".join(str(error).split())
        builder.problems.append(Problem(Place(file, 1, 1), "", f"not valid YAML: {what}"))
    if builder.problems:
        raise DomainFileError(builder.problems)
    return tree


def _decode(raw: bytes, file: str) -> str:
    start = Place(file, 1, 1)
    if len(raw) > MAX_BYTES:
        what = f"larger than {MAX_BYTES} bytes, allowed is one page of YAML for each workload domain"
        raise DomainFileError([Problem(start, "", what)])
    try:
        text = raw.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        place = _place_in(raw[: error.start].decode("utf-8", "replace"), file)
        raise DomainFileError([Problem(place, "", f"not UTF-8 text (byte {error.start}), save it as UTF-8")]) from None
    text = text.replace("\r\n", "\n")  # places and values are the same with either
    hidden = escape.hidden(text, lines=True)
    if hidden:
        place = _place_in(text[: hidden.start()], file)
        what = f"{escape.name(hidden[0])}, allowed is text that shows: take it out (is this YAML, saved as UTF-8?)"
        raise DomainFileError([Problem(place, "", what)])
    return text


def _place_in(before: str, file: str) -> Place:
    """The place right after the text `before`."""
    lines = re.split(r"\r\n|\n|\r", before)
    return Place(file, len(lines), len(lines[-1]) + 1)


def _syntax(error: yaml.MarkedYAMLError, file: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    place = _place(mark, file) if mark else Place(file, 1, 1)
    what = " ".join(part for part in (error.context, error.problem) if part)
    hint = _HINTS.get(error.problem or "")
    return Problem(place, "", f"not valid YAML: {what}" + (f" ({hint})" if hint else ""))


_made = tuple.__new__
"""Makes a Place or a Tree of its values as Place(...) does, in half of the time: there is one for each key and each value of a fleet."""


def _place(mark: Any, file: str) -> Place:
    return _made(Place, (file, mark.line + 1, mark.column + 1))


class _EndlessError(Exception):
    """Ends the reading of a file that nests without end, or goes on without end."""


class _Builder:
    """Events to a tree. Findings are collected in `problems`; only a syntax error and what has no end end the file."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.next_event = CParser(text).get_event
        self.problems: list[Problem] = []
        self.values = 0
        self.path: list[str | int] = []
        """Where the value that is read stands."""

    def document(self) -> Tree:
        """The one document of the stream; the value is None when there is none."""
        tree = Tree(None, Place(self.file, 1, 1), NO_KEYS)
        documents = 0
        try:
            while (event := self.next_event()) is not None:
                if isinstance(event, DocumentStartEvent):
                    documents += 1
                    if documents == 2:
                        what = "a second document begins here, allowed is one domain a file: take the '---' out"
                        self.problems.append(Problem(_place(event.start_mark, self.file), "", what))
                elif isinstance(event, NodeEvent):
                    read = self.node(event, 1)
                    tree = tree if documents > 1 else read
        except _EndlessError:
            pass
        return tree

    def refuse(self, place: Place, what: str) -> None:
        """A finding about the value that is read."""
        self.problems.append(Problem(place, dotted(self.path), what))

    def node(self, event: Any, depth: int) -> Tree:
        """The tree that begins with `event`."""
        place = self.entered(event, depth)
        kind = type(event)
        if kind is ScalarEvent:
            self.refuse_text(event, place)
            return _made(Tree, (_scalar(event), place, NO_KEYS))
        if kind is MappingStartEvent:
            return self.mapping(place, depth)
        if kind is SequenceStartEvent:
            return self.sequence(place, depth)
        return Tree(None, place, NO_KEYS)  # an alias, which is refused

    def entered(self, event: Any, depth: int) -> Place:
        """Where a key or a value begins; a finding for what none may be."""
        place = _place(event.start_mark, self.file)
        self.values += 1
        if depth > MAX_DEPTH or self.values > MAX_VALUES:
            deep = f"nested deeper than {MAX_DEPTH} levels, a domain needs 6"
            what = (
                deep if depth > MAX_DEPTH else f"more than {MAX_VALUES} keys and values, allowed is one domain a file"
            )
            self.problems.append(Problem(place, "", what))
            raise _EndlessError
        if event.anchor:
            self.refuse(place, "anchors and aliases are not allowed, write the value out or put it in _defaults.yaml")
            if type(event) is AliasEvent:
                return place
        if event.tag and not _STANDARD_TAG.fullmatch(event.tag):
            self.refuse(place, f"tag {quoted(event.tag)} is not allowed, write a plain value")
        return place

    def refuse_text(self, event: ScalarEvent, place: Place) -> None:
        """A finding for a text that is too long, or holds a hidden character: the file as such holds none, but an escape such as
        "\\u202e" makes one, and there are escapes between double quotes only."""
        if len(event.value) > MAX_TEXT:
            what = f"{len(event.value)} characters, allowed are at most {MAX_TEXT} in one key or value"
            self.refuse(place, what)
        elif event.style == '"' and (refused := hidden_character(event.value, lines=True)):
            self.refuse(place, refused)

    def sequence(self, place: Place, depth: int) -> Tree:
        items: list[Tree] = []
        while type(event := self.next_event()) is not SequenceEndEvent:
            self.path.append(len(items))
            items.append(self.node(event, depth + 1))
            self.path.pop()
        return Tree(tuple(items), place, NO_KEYS)

    def mapping(self, place: Place, depth: int) -> Tree:
        values: dict[str, Tree] = {}
        keys: dict[str, Place] = {}
        while type(event := self.next_event()) is not MappingEndEvent:
            at, name = self.key(event, depth)
            if name is None:
                self.node(self.next_event(), depth + 1)
                continue
            self.path.append(name)
            value = self.node(self.next_event(), depth + 1)
            if name in keys:
                self.refuse(at, f"key given twice, first in line {keys[name].line}")
            else:
                keys[name] = at
                values[name] = value
            self.path.pop()
        return Tree(values, place, keys)

    def key(self, event: Any, depth: int) -> tuple[Place, str | None]:
        """Where a key stands, and the name that it gives; None, and a finding, for a key that is no text."""
        if type(event) is ScalarEvent:
            at = self.entered(event, depth + 1)
            self.refuse_text(event, at)
            return at, sys.intern(event.value)  # a fleet has the same few a million times
        at = self.node(event, depth + 1).place
        if type(event) is not AliasEvent:
            self.refuse(at, "a key must be text, found a list or a mapping")
        return at, None


def _scalar(event: ScalarEvent) -> Scalar:
    text: str = event.value
    if event.style:
        return text
    if text in _WORDS:
        return _WORDS[text]
    return int(text) if len(text) < 20 and _INTEGER.fullmatch(text) else text


def plain_of(text: str, shown: str) -> object:
    """What a text that was edited by a program says; None where that is no YAML any more."""
    try:
        return parse(text.encode(), shown).plain()
    except DomainFileError:
        return None
