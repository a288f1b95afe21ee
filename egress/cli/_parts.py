"""An answer about very many domains, found by several processes. Each has a part of the domains; what they print and find is put together
again in the order of the domains, as if one process had done it.

Beside: egress/cli/_beside.py gives each stack a process, and tells how far it is and how it ended. That is for work of seconds. Here a domain
takes a few milliseconds, and a process for each would take longer.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeVar

from egress.cli.output import at_a_terminal, columns, kept_words
from egress.domain import EgressError, PlanAgainError

if TYPE_CHECKING:
    from egress.toolchain.running.worker import Came

T = TypeVar("T")
_WORTH = 100
"""Domains that are worth a process: to begin one takes as long as some ten of them, and each reads a shared Tier-0 for itself."""


def in_parts(stacks: Sequence[str], answer: Callable[[Sequence[str]], T]) -> list[T]:
    """What `answer` gives for each part of the stacks, in their order, where there are many and several cores; else for all of them.

    What it prints is printed in that order. What it gives has to be a value that can be sent, and what it needs has to be read before, so that no
    process reads it again. Errors: those of `answer` that are EgressErrors, after the words of what comes before; KeyboardInterrupt, after
    every process has ended.
    """
    count = len(stacks) // _WORTH
    if count < 2:
        return [answer(stacks)]
    from egress.cli._beside import cores  # who asks about a few domains needs nothing of this
    from egress.toolchain.running.workers import can_fork

    count = min(count, cores())
    if count < 2 or not can_fork():
        return [answer(stacks)]
    edges = [len(stacks) * number // count for number in range(count + 1)]
    return _beside([stacks[start:end] for start, end in pairwise(edges)], answer)


def _beside(parts: Sequence[Sequence[str]], answer: Callable[[Sequence[str]], T]) -> list[T]:
    """The same of several parts at once, each in a process of its own."""
    from egress.toolchain.running.worker import Work
    from egress.toolchain.running.workers import Job, work_on

    names = [f"{part[0]} to {part[-1]}" for part in parts]
    jobs = [Job(name, name, name, "ask again") for name in names]  # they ask no manager: none waits for another
    in_order = _InOrder(names)
    gc.freeze()  # what is there already is not looked through, and so stays shared
    try:
        work = Work(lambda number, _: answer(parts[number]), lambda: None, at_a_terminal(), columns())
        work_on(jobs, work, len(jobs), in_order, go_on=True)
    finally:
        gc.unfreeze()
    return [_value(in_order.came[name]) for name in names]


def _value(came: Came) -> Any:
    """What came of a part. Errors: why nothing did."""
    if came.interrupted:
        raise KeyboardInterrupt
    if came.failed:
        raise (PlanAgainError if came.again else EgressError)(came.failed)
    return came.value


class _InOrder:
    """Prints the words of parts in their order, up to one that did not come to its end."""

    def __init__(self, names: Sequence[str]) -> None:
        self._waiting = list(names)
        self.came: dict[str, Came] = {}

    def begun(self, name: str) -> None:
        """Nobody is told: what each part prints tells how far it was."""

    def said(self, name: str, text: str) -> None:
        """The same."""

    def ended(self, came: Came) -> None:
        """Prints what can be printed now."""
        self.came[came.name] = came
        while self._waiting and self._waiting[0] in self.came:
            told = self.came[self._waiting.pop(0)]
            kept_words(told.words)
            if not told.well:
                self._waiting.clear()

    def tick(self) -> None:
        """The same."""
