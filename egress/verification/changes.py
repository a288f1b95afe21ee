"""What changed between two verifications of a stack: what came, what went, and what could or could not be seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from egress.escape import line
from egress.verification.finding import Finding
from egress.verification.text import finding_json, summary, told, verdict
from egress.verification.verify import Verification


class Event(StrEnum):
    """What happened."""

    FOUND = "found"
    GONE = "gone"
    NOT_SEEN = "not seen"
    SEEN_AGAIN = "seen again"
    CANNOT_READ = "cannot read"
    CAN_READ_AGAIN = "can read again"
    VERDICT = "verdict"


@dataclass(frozen=True)
class Change:
    """Something that changed. text: for people, without its time. data: more of it, for programs."""

    event: Event
    stack: str
    text: str
    data: dict[str, Any]

    def as_json(self, time: str) -> dict[str, Any]:
        """As one JSON value."""
        return {"time": time, "stack": self.stack, "event": self.event.value, **self.data}


@dataclass(frozen=True)
class Known:
    """What is known of a stack. last: its last verification, None before the first. failing: it could not be read the last time."""

    last: Verification | None = None
    failing: bool = False


def failed(stack: str, known: Known, why: str) -> tuple[Known, tuple[Change, ...]]:
    """After a look that failed: told when it begins."""
    change = Change(Event.CANNOT_READ, stack, line(f"{stack}: cannot read: {why}"), {"why": why})
    return Known(known.last, failing=True), () if known.failing else (change,)


def looked(known: Known, now: Verification) -> tuple[Known, tuple[Change, ...]]:
    """After a look that succeeded."""
    return Known(now), tuple(_changes(known, now))


def _changes(known: Known, now: Verification) -> Iterator[Change]:
    before, stack = known.last, now.stack
    if known.failing:
        yield Change(Event.CAN_READ_AGAIN, stack, f"{stack}: can read again", {})
    earlier = {_key(one): one for one in before.findings} if before else {}
    there = {_key(one): one for one in now.findings}
    for key, one in there.items():
        if key not in earlier:
            yield Change(Event.FOUND, stack, told(one, stack), {"finding": finding_json(one)})
    for key, one in earlier.items():
        if key not in there:
            yield Change(
                Event.GONE, stack, line(f"{stack}: gone: {one.what} [{one.id}]"), {"finding": finding_json(one)}
            )
    unseen = {one.what: str(one) for one in before.unseen} if before else {}
    seen_not = {one.what: str(one) for one in now.unseen}
    for what, words in seen_not.items():
        if what not in unseen:
            yield Change(Event.NOT_SEEN, stack, line(f"{stack}: not seen: {words}"), {"what": words})
    for what in unseen:
        if what not in seen_not:
            yield Change(Event.SEEN_AGAIN, stack, line(f"{stack}: seen again: {what}"), {"what": what})
    if before is None or verdict(before) != verdict(now):
        yield Change(Event.VERDICT, stack, summary(now), {"verdict": verdict(now), "well": now.well})


def _key(one: Finding) -> tuple[str, str, str, str]:
    return one.id, one.about, one.seen, one.said
