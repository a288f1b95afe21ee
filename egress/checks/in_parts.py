"""Judging a fleet in parts that never come together: what each says of its domains alone, and once more about those that meet another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from typing import TypeAlias

from egress.checks.meeting import Marks, meeting
from egress.checks.registry import RULES
from egress.checks.report import About, Finding, Report, Undecided, outcomes_of, report, said
from egress.domain import Problem, WorkloadDomain

_Said: TypeAlias = tuple[int, Finding | Undecided]
"""What was said, and the number of the domain that it is about."""
_FILES = [rule for rule in RULES if not rule.live]


@dataclass(frozen=True)
class Part:
    """What rules say about each domain of a part alone, rule by rule; what a report has to know of them; what they could meet another by."""

    alone: tuple[tuple[_Said, ...], ...]
    about: tuple[About, ...]
    marks: tuple[Marks, ...]

    @classmethod
    def of(cls, domains: Iterable[WorkloadDomain]) -> Part:
        """Judges a part of a fleet, one domain after the other: none has to be kept."""
        alone: list[list[_Said]] = [[] for _ in _FILES]
        about, marks = [], []
        for number, domain in enumerate(domains):
            for found, rule in zip(alone, _FILES, strict=True):
                found += [(number, said(rule, domain, outcome)) for _, outcome in outcomes_of(rule, [domain])]
            about.append(About.of(domain))
            marks.append(Marks.of(domain))
        return cls(tuple(map(tuple, alone)), tuple(about), tuple(marks))


def together(
    parts: Sequence[Part],
    read: Callable[[Sequence[str]], Sequence[WorkloadDomain]],
    problems: Iterable[Problem] = (),
) -> Report:
    """The report of `check` over all domains, from their parts in order. read: reads the domains of some stacks, in their order; those that meet
    another. problems: as in `check`."""
    about = [one for part in parts for one in part.about]
    marks = [one for part in parts for one in part.marks]
    met = meeting(marks)
    numbers = {about[number].stack: number for number in met}
    again = read(list(numbers))
    first: dict[object, int] = {}
    places = [first.setdefault(one.gateway, number) for number, one in enumerate(marks)]
    """Rules over a gateway say what they say of it where its first domain stands."""

    def outcomes() -> Iterator[Finding | Undecided]:
        for index, rule in enumerate(_FILES):
            alone = _alone(parts, index)
            if rule.one:
                yield from (one for _, one in alone)
                continue
            of_several = (
                (numbers[domain.stack], said(rule, domain, outcome)) for domain, outcome in outcomes_of(rule, again)
            )
            others = (one for one in alone if about[one[0]].stack not in numbers)
            yield from (one for _, one in merge(others, of_several, key=lambda one: places[one[0]]))

    return report(outcomes(), about, _FILES, problems)


def _alone(parts: Sequence[Part], index: int) -> Iterator[_Said]:
    """What a rule said, with the numbers that domains have among all."""
    before = 0
    for part in parts:
        yield from ((before + number, one) for number, one in part.alone[index])
        before += len(part.about)
