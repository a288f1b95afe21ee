"""Messages: what a pasted text consists of. Events of `kubectl describe`, `kubectl get events` or kubectl's JSON and YAML, else its lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

_SPAN = r"(?:\d{1,6}[smhdy]){1,4}"
_ROW = re.compile(r"(?<!\S)(?:Normal|Warning)\s+(?P<reason>[A-Z][A-Za-z]{2,60})\s")
_TIME = re.compile(rf"(?<!\S)(?:(?P<age>{_SPAN})|<(?:unknown|invalid)>)(?!\S)")
_OBJECT = re.compile(r"(?<!\S)[A-Za-z][A-Za-z.]{0,60}/[\w.-]{1,253}(?!\S)")
_NAME = re.compile(r"Name:\s{1,99}(?P<name>\S{1,253})")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "y": 31536000}
_BEGINNING = 400
"""Columns in which the type of an event stands, or its object."""
LONGEST = 16384
"""Characters of a message; of a longer one the middle is left out. A failed pull says less than a tenth of it (limit of this project)."""
_LONG = 60
"""Columns: what goes on from a shorter line was not broken by a terminal."""
_GOES_ON = re.compile(r"[a-z(](?:[^:=]{25}|[^:=]{0,24}$)")


@dataclass(frozen=True)
class Message:
    """One message, on one line. `reason`: of an event, None for a line of text. `of`: the object, as in pod/web, or its name. `age`: seconds since it was
    seen last, None where that is not told; `order`: its place in the text."""

    text: str
    reason: str | None = None
    of: str | None = None
    age: float | None = None
    order: int = 0

    def later_than(self, other: Message) -> bool:
        """Whether this was seen after the other. Ages tell it; without them, or where they are equal, the order does."""
        if self.age is None or other.age is None or self.age == other.age:
            return self.order > other.order
        return self.age < other.age


@dataclass
class _Event:
    """A row of an event table, and the lines that it was wrapped to. `before`, `after`: what stands beside its type and reason.
    `described`: the name above the table."""

    reason: str
    before: str
    after: str
    described: str | None
    lines: list[str]

    def message(self, order: int) -> Message:
        """In the table of `describe` the type comes first, in those of `get events` the time does."""
        times = list(_TIME.finditer(self.before)) if self.before else [_TIME.match(self.after)]
        of = _OBJECT.match(self.after) if self.before else None
        last = times[-1]
        age = _seconds(last["age"]) if last and last["age"] else None
        said = one_line("\n".join([self.after[of.end() :] if of else self.lines[0], *self.lines[1:]]))
        return Message(said, self.reason, of[0].lower() if of else self.described, age, order)


def messages(text: str) -> list[Message]:
    """The events of a text with the lines that a terminal wrapped them to; in a text without events, its lines."""
    lines = text.splitlines()
    events = [event.message(order) for order, event in enumerate(_events(lines))]
    return events or [Message(said, order=order) for order, said in enumerate(_joined(lines))]


def _events(lines: Iterable[str]) -> Iterator[_Event]:
    event: _Event | None = None
    described: str | None = None
    for line in lines:
        row, name = _row(line, described), _NAME.match(line)
        described = name["name"] if name else described
        if row or name or not line.strip():
            if event:
                yield event
            event = row
        elif event:
            event.lines.append(line)
    if event:
        yield event


def _row(line: str, described: str | None) -> _Event | None:
    found = _ROW.search(line, 0, _BEGINNING)
    if found is None:
        return None
    before = line[: found.start()].strip()
    if before and not _TIME.search(before):
        return None
    return _Event(found["reason"], before, line[found.end() :].strip(), described, [line])


def _seconds(age: str) -> float:
    return float(sum(int(number) * _SECONDS[unit] for number, unit in re.findall(r"(\d+)([smhdy])", age)))


def _joined(lines: Sequence[str]) -> Iterator[str]:
    """Lines, each with those that belong to it: indented ones (imgpkg, vendir), and what a terminal broke off."""
    margin = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    parts: list[str] = []
    for line in (one[margin:].rstrip() for one in lines):
        if not line:
            continue
        if parts and (line[0] in " \t" or _broken(parts[-1], line)):
            parts.append(line)
            continue
        if parts:
            yield one_line("\n".join(parts))
        parts = [line]
    if parts:
        yield one_line("\n".join(parts))


def _broken(before: str, line: str) -> bool:
    """Whether a line goes on where the one before it was broken off."""
    return before.endswith(":") or (len(before) >= _LONG and bool(_GOES_ON.match(line)))


def one_line(text: str) -> str:
    """Text with its blanks folded, and without the backslashes that logs and JSON put before quotes."""
    folded = " ".join(text.split())
    if len(folded) > LONGEST:
        folded = f"{folded[: LONGEST // 2]} ... {folded[-LONGEST // 2 :]}"
    return folded.replace('\\\\\\"', '"').replace('\\"', '"')
