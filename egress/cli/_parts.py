"""An answer about very many domains, found by several processes. Each has a part of the domains; what they print and find is put together
again in the order of the domains, as if one process had done it.

Beside: egress/cli/_beside.py gives each stack a process, and tells how far it is and how it ended. That is for work of seconds. Here a domain
takes a few milliseconds, and a process for each would take longer.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeVar

from egress.cli.output import at_a_terminal, columns, kept_words
from egress.domain import DomainFileError, EgressError, PlanAgainError, Problem

if TYPE_CHECKING:
    from egress.toolchain.running.worker import Came

T = TypeVar("T")
_READ = "read"
"""What a part says when it has read."""
_WORTH = 100
"""Domains that are worth a process: to begin one takes as long as some ten of them, and each reads a shared Tier-0 for itself."""


def _nothing(_stacks: Sequence[str]) -> Sequence[Problem]:
    return ()


def in_parts(
    stacks: Sequence[str],
    answer: Callable[[Sequence[str]], T],
    read: Callable[[Sequence[str]], Sequence[Problem]] = _nothing,
) -> list[T]:
    """What `answer` gives for each part of the stacks, in their order, where there are many and several cores; else for all of them.

    What it prints is printed in that order, and what it gives has to be a value that can be sent. read: reads what `answer` needs of a part, and
    says what is wrong there; as long as anything is wrong in any part nothing is answered. What all parts need has to be read before, so that
    no process reads it again. Errors: DomainFileError for what `read` found; those of `answer` that are EgressErrors, after the words of what
    comes before; KeyboardInterrupt, after every process has ended.
    """
    count = parts_of(len(stacks))
    if count > 1:
        edges = [len(stacks) * number // count for number in range(count + 1)]
        return _beside([stacks[start:end] for start, end in pairwise(edges)], answer, read)
    problems = read(stacks)
    if problems:
        raise DomainFileError(problems)
    return [answer(stacks)]


def parts_of(domains: int) -> int:
    """How many parts `in_parts` makes of so many domains here and now."""
    if domains < 2 * _WORTH:
        return 1
    from egress.toolchain.running.cores import cores  # who asks about a few domains needs nothing of this
    from egress.toolchain.running.workers import can_fork

    count = min(domains // _WORTH, cores())
    return count if count > 1 and can_fork() else 1


@dataclass(frozen=True)
class _Unanswered:
    """What a part gives that did not begin to answer: what is wrong in it, if that is why."""

    problems: tuple[Problem, ...]


def _beside(
    parts: Sequence[Sequence[str]],
    answer: Callable[[Sequence[str]], T],
    read: Callable[[Sequence[str]], Sequence[Problem]],
) -> list[T]:
    """The same of several parts at once, each in a process of its own."""
    from egress.toolchain.running.worker import Work
    from egress.toolchain.running.workers import Job, work_on

    names = [f"{part[0]} to {part[-1]}" for part in parts]
    jobs = [Job(name, name, name, "ask again") for name in names]  # they ask no manager: none waits for another
    start = _Start(len(parts))
    in_order = _InOrder(names, start)

    def act(number: int, tell: Callable[[str], None]) -> T | _Unanswered:
        gc.disable()  # a part ends soon, and makes hardly any cycles
        problems = tuple(read(parts[number]))
        return answer(parts[number]) if start.waited_for(tell, well=not problems) else _Unanswered(problems)

    gc.freeze()  # what is there already is not looked through, and so stays shared
    try:
        work_on(jobs, Work(act, lambda: None, at_a_terminal(), columns()), len(jobs), in_order, go_on=True)
    finally:
        gc.unfreeze()
        start.close()
    came = [in_order.came[name] for name in names]
    problems = [problem for one in came if isinstance(one.value, _Unanswered) for problem in one.value.problems]
    if problems:
        raise DomainFileError(list(dict.fromkeys(problems)))
    return [_value(one) for one in came]


class _Start:
    """When parts begin to answer: after all of them have read what they need, and nothing was wrong anywhere; else never."""

    def __init__(self, parts: int) -> None:
        self._parts = self._missing = parts
        self._waiting, self._giving = os.pipe()
        self._open = True

    def waited_for(self, tell: Callable[[str], None], *, well: bool) -> bool:
        """In a part that has read, well or not: waits for the others. Whether to answer. tell: says something to the process that began it."""
        os.close(self._giving)  # else it would wait for itself
        if not well:
            return False
        tell(_READ)
        return bool(os.read(self._waiting, 1))

    def read(self) -> None:
        """A part has read, and all is well there."""
        self._missing -= 1
        if self._open and not self._missing:
            os.write(self._giving, b"." * self._parts)

    def ended(self) -> None:
        """A part has ended: where another has not read yet, or what it read was wrong, nobody begins."""
        if self._missing:
            self.close()

    def close(self) -> None:
        """Nobody begins any more; who waits ends."""
        if self._open:
            self._open = False
            os.close(self._giving)
            os.close(self._waiting)


def _value(came: Came) -> Any:
    """What came of a part. Errors: why nothing did."""
    if came.interrupted:
        raise KeyboardInterrupt
    if came.failed:
        raise (PlanAgainError if came.again else EgressError)(came.failed)
    return came.value


class _InOrder:
    """Prints the words of parts in their order, up to one that did not come to its end."""

    def __init__(self, names: Sequence[str], start: _Start) -> None:
        self._waiting = list(names)
        self._start = start
        self.came: dict[str, Came] = {}

    def begun(self, name: str) -> None:
        """Nobody is told: what each part prints tells how far it was."""

    def said(self, name: str, text: str) -> None:
        """Counts the parts that have read. What else one says tells nobody anything."""
        if text == _READ:
            self._start.read()

    def ended(self, came: Came) -> None:
        """Prints what can be printed now."""
        self.came[came.name] = came
        self._start.ended()
        while self._waiting and self._waiting[0] in self.came:
            told = self.came[self._waiting.pop(0)]
            kept_words(told.words)
            if not told.well:
                self._waiting.clear()

    def tick(self) -> None:
        """The same."""
