"""The what-if matrix: of every single failure around a gateway, what still works."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from egress.answers.questions import questions
from egress.reachability.flow import Result
from egress.reachability.outage import Outage, single_outages, without
from egress.reachability.view import View


@dataclass(frozen=True)
class Loss:
    """A failure and what becomes of the domain's questions, by their titles, in their order. `before`: the same without it."""

    outage: Outage
    results: tuple[tuple[str, Result], ...]
    before: tuple[Result, ...]

    def of(self, result: Result) -> tuple[str, ...]:
        """The questions with that result."""
        return tuple(title for title, found in self.results if found is result)

    @property
    def harmless(self) -> bool:
        """Nothing is worse than before."""
        pairs = zip(self.before, (found for _, found in self.results), strict=True)
        return all(_RANK[found] >= _RANK[before] for before, found in pairs)

    def in_words(self) -> str:
        """`without edge edge02: 3 of 5 flows work; fails: TKG pod -> registry, ...`."""
        works = f"{len(self.of(Result.ALL))} of {len(self.results)} flows work"
        parts = [f"{word}: {few(self.of(kind))}" for kind, word in _WORDS.items() if self.of(kind)]
        return f"without {self.outage}: {'; '.join([works, *parts])}"

    def as_json(self) -> dict[str, Any]:
        """The failure as plain values."""
        return {
            "without": {"kind": self.outage.kind.value, "name": self.outage.name},
            "results": {title: result.value for title, result in self.results},
            "harmless": self.harmless,
        }


_RANK = {Result.NONE: 0, Result.SOME: 1, Result.ALL: 2}
_WORDS = {Result.SOME: "sometimes", Result.NONE: "fails"}
_NAMED = 4
"""More flows than this are counted."""


def few(titles: tuple[str, ...]) -> str:
    """Titles in a line, the last of many only counted."""
    named = ", ".join(titles[:_NAMED])
    return named if len(titles) <= _NAMED else f"{named} and {len(titles) - _NAMED} more"


def what_if(view: View) -> tuple[Loss, ...]:
    """Every single failure of a view."""
    asked = questions(view)
    before = tuple(view.walker.walk(question.flow).result for question in asked)
    return tuple(_loss(view, outage, before) for outage in single_outages(view))


def _loss(view: View, outage: Outage, before: tuple[Result, ...]) -> Loss:
    walker = without(view, outage).walker
    results = tuple((question.title, walker.walk(question.flow).result) for question in questions(view))
    return Loss(outage, results, before)
