"""What a plan does to packets, as values: the review of one plan, saved beside it as JSON and read again without believing it.

Format `egress-review`, version 1: the fields of `Review` as they stand here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from egress.answers.questions import Purpose
from egress.domain import EgressError
from egress.domain.adapters import adapter

Text = Annotated[str, Field(max_length=4_000)]
"""A sentence. Ours are shorter by far; a longer one is no review of ours (assumption)."""


class Fate(StrEnum):
    """What becomes of a flow, worst first where it is known."""

    FAILS = "fails"
    SOMETIMES = "sometimes"
    WORKS = "works"
    UNKNOWN = "cannot know"

    @property
    def rank(self) -> int:
        """The higher the better; what cannot be known has the rank of nothing."""
        return _RANKS.index(self)


_RANKS = (Fate.UNKNOWN, Fate.FAILS, Fate.SOMETIMES, Fate.WORKS)


class Turn(StrEnum):
    """What a plan does to a flow, the most dangerous first."""

    BREAKS = "breaks"
    UNKNOWN = "cannot be known"
    STAYS_BROKEN = "stays broken"
    MENDS = "mends"
    OTHER_SOURCE = "is seen with another address"
    WORKS = "works as before"


@dataclass(frozen=True)
class Side:
    """A flow at one time. `seen`: the source addresses that the other end sees. `why`: sentences, for what does not work or
    cannot be known; `to_do`: what would help, each tried by the walk."""

    fate: Fate
    seen: tuple[Text, ...] = ()
    why: tuple[Text, ...] = ()
    to_do: tuple[Text, ...] = ()


@dataclass(frozen=True)
class Consequence:
    """A question of the domain, before the plan and after it. `before`: None where the manager was not seen.

    who: who sends, in words; empty for a flow from outside. to, port: where to.
    """

    question: Text
    purpose: Purpose
    who: Text
    to: Text
    port: int
    before: Side | None
    after: Side

    @property
    def turn(self) -> Turn:
        """What the plan does to the flow."""
        before, after = self.before, self.after
        if after.fate is Fate.UNKNOWN:
            return Turn.UNKNOWN
        if after.fate is not Fate.WORKS:
            return Turn.BREAKS if before is None or before.fate.rank > after.fate.rank else Turn.STAYS_BROKEN
        if before is None or before.fate is not Fate.WORKS:
            return Turn.MENDS
        return Turn.WORKS if set(before.seen) == set(after.seen) or not self.who else Turn.OTHER_SOURCE

    @property
    def matters(self) -> bool:
        """Whether a reviewer has to read of it: everything but what works as before."""
        return self.turn is not Turn.WORKS

    def __str__(self) -> str:
        return f"{self._subject}: {self._course}"

    @property
    def now(self) -> str:
        """The flow as it is, where `after` is now."""
        works = self.after.fate is Fate.WORKS
        return f"{self._subject}: {_DO[self.after.fate]}{self._seen_as(self.after) if works else ''}"

    @property
    def _subject(self) -> str:
        if self.purpose is Purpose.PULL:
            return f"image pulls from {self.who}"
        if self.purpose is Purpose.LOOKUP:
            return f"DNS lookups from {self.who} at {self.to}"
        if self.purpose is Purpose.INGRESS:
            return f"clients of {self.to}:{self.port}"
        return self.question

    @property
    def _course(self) -> str:
        """`work -> will time out`."""
        after = _WILL[self.after.fate]
        if self.turn is Turn.WORKS:
            return f"work{self._seen_as(self.after)}"
        if self.before is None:
            return f"{after}{self._seen_as(self.after) if self.turn is Turn.MENDS else ''}"
        if self.turn is Turn.OTHER_SOURCE:
            return f"work{self._seen_as(self.before)} -> will work{self._seen_as(self.after)}"
        if self.turn is Turn.STAYS_BROKEN and self.before.fate is self.after.fate:
            return f"{_DO[self.before.fate]}, and still will"
        return f"{_DO[self.before.fate]} -> {after}{self._seen_as(self.after) if self.turn is Turn.MENDS else ''}"

    def _seen_as(self, side: Side) -> str:
        """What the other end sees, of a flow from inside: that is what firewalls out there have to know."""
        return f", seen as {' or '.join(side.seen)}" if self.who and side.seen else ""


_DO = {
    Fate.WORKS: "work",
    Fate.SOMETIMES: "time out now and then",
    Fate.FAILS: "time out",
    Fate.UNKNOWN: "not known now",
}
_WILL = {
    Fate.WORKS: "will work",
    Fate.SOMETIMES: "will time out now and then",
    Fate.FAILS: "will time out",
    Fate.UNKNOWN: "cannot be known",
}


@dataclass(frozen=True)
class OutageChange:
    """What becomes of a flow when something fails, before the plan and after it. `outage`: `edge edge02`."""

    outage: Text
    question: Text
    before: Fate
    after: Fate

    @property
    def worse(self) -> bool:
        """Whether the plan makes the network less resilient here."""
        return self.after.rank < self.before.rank

    def __str__(self) -> str:
        return f"without {self.outage}: {self.question}: {self.before} -> {self.after}"


@dataclass(frozen=True)
class Noticed:
    """Something that a rule over the manager found. `severity`: of egress.checks."""

    rule: Text
    severity: Literal["error", "warning", "note"]
    what: Text
    fix: Text


@dataclass(frozen=True)
class Review:
    """What one plan does to packets.

    source: what was walked, in words. not_seen: why the manager was not; then `before` is None in every consequence, and `after`
    is what the domain file says with the plan put in. differs: what the manager has otherwise than the file. assumed: what the verdicts after the
    plan take for granted. picture: Mermaid, of
    the domain after the plan; empty where it is too large.
    """

    stack: Text
    source: Text
    not_seen: Text
    consequences: tuple[Consequence, ...]
    outages: tuple[OutageChange, ...]
    noticed: tuple[Noticed, ...]
    differs: tuple[Text, ...]
    assumed: tuple[Text, ...] = ()
    picture: Annotated[str, Field(max_length=200_000)] = ""
    format: Literal["egress-review"] = "egress-review"
    version: Literal[1] = 1

    def of(self, turn: Turn) -> tuple[Consequence, ...]:
        """The consequences of one kind."""
        return tuple(one for one in self.consequences if one.turn is turn)


def as_json(review: Review) -> bytes:
    """The review as JSON."""
    return adapter(Review).dump_json(review, indent=1)


def parse(content: bytes, what: str) -> Review:
    """A review out of its JSON. `what` it is stands in the message. Errors: EgressError."""
    try:
        return adapter(Review).validate_json(content, strict=False)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        at = ".".join(map(str, first["loc"])) or "the whole"
        raise EgressError(f"{what} is no review of version 1 ({at}: {first['msg']}): plan again") from None
