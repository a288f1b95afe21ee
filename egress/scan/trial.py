"""A file that is being written, tried on the reader of domain files: what it refuses is not written as an entry, and it says why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from egress.domain import DomainFileError, Problem, WorkloadDomain
from egress.domain.reading import read
from egress.domain.yaml_tree import MAX_BYTES, parse
from egress.scan.lines import Row, rendered

M = TypeVar("M")
_TOO_MUCH = "more than"
"""How the reader begins to say that a file holds too many values: what follows there goes as a whole."""
_BYTES = MAX_BYTES // 2
"""Bytes of a file's lines, so that there is room for what is told at its end (limit of this project)."""


def settled(
    make: Callable[[Mapping[str, str]], M], rows: Callable[[M], Sequence[Row]], stack: str
) -> tuple[M, WorkloadDomain | None, Sequence[Problem]]:
    """What `make` makes once the reader takes every entry in its rows; what they say; and what the reader refuses all the same.

    make: is told the marks of the entries that were refused so far, each with the reason.
    """
    refused: dict[str, str] = {}
    while True:
        made = make(refused)
        domain, problems = _asked(rendered(rows(made), trial=True), stack)
        news = {mark: why for mark, why in _refusals(rows(made), problems).items() if mark not in refused}
        if not news:
            return made, domain, problems
        refused |= news


def _asked(text: str, name: str) -> tuple[WorkloadDomain | None, Sequence[Problem]]:
    """What the reader makes of a text: a domain, or findings."""
    try:
        return read(parse(text.encode("utf-8", "backslashreplace"), f"{name}.yaml"), name), ()
    except DomainFileError as error:
        return None, error.problems


def _entry(rows: Sequence[Row], problem: Problem) -> str:
    """The entry that a finding is about, empty where it is about none."""
    line = problem.place.line - 1
    return rows[line].entry if line < len(rows) else ""


def _refusals(rows: Sequence[Row], problems: Sequence[Problem]) -> dict[str, str]:
    """What the reader says of entries, by their marks."""
    found: dict[str, str] = {}
    for one in problems:
        mark = _entry(rows, one)
        if mark:
            key = one.key.rpartition(".")[2]
            found.setdefault(mark, f"no domain file may say this: {key}: {one.what}" if key else one.what)
        if one.what.startswith(_TOO_MUCH):
            found |= _beyond(rows[one.place.line - 1 :])
    size = 0
    for number, row in enumerate(rows):
        size += len(rendered([row]).encode()) if row.text else 0
        if size > _BYTES:
            return found | _beyond(rows[number:])
    return found


def _beyond(rows: Sequence[Row]) -> dict[str, str]:
    return {row.entry: "a file has no room for more: its size is limited" for row in rows if row.entry}
