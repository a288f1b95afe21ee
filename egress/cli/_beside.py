"""Several stacks at once, told: each one's words whole and in the order of the names, how far each is, and a table at the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import click

from egress.cli.context import Project
from egress.cli.output import (
    at_a_terminal,
    columns,
    drawn_on,
    grid,
    how_far_to,
    kept_words,
    now_and_then,
    print_grid,
    say,
    styled,
)
from egress.domain import EgressError, LabTarget, PlanAgainError, WorkloadDomain
from egress.escape import line
from egress.limits import ALTOGETHER
from egress.toolchain.running.cores import cores
from egress.toolchain.running.worker import Came, Work
from egress.toolchain.running.workers import Job, can_fork, work_on

if TYPE_CHECKING:
    from rich.live import Live

Decorated = Callable[..., Any]
_WAITING = 4
"""Stacks of real managers at once, on however small a machine: their engines mostly wait (assumption: some 250 MB each are there)."""
_IN_A_ROW = 100
"""Characters of a reason in the table; the whole of it stands with the stack's words."""
_FRAME = "╷│╵ "
_ERROR = "Error: "
"""How engines begin an error, and the frame around it."""


class Luggage(Protocol):
    """What work collects besides what it returns, and brings from a worker's process into this one."""

    def packed(self) -> Any:
        """What was collected in this process since it was last asked: it works on one stack after the other."""

    def unpacked(self, packed: Any) -> None:
        """Adds what another process collected."""


def parallel_option(function: Decorated) -> Decorated:
    """The option --parallel."""
    return click.option(
        "--parallel",
        type=click.IntRange(min=1),
        metavar="N",
        help=f"Stacks that are worked on at once, {ALTOGETHER} of one manager at most. Default: as many as there are cores, on managers at least {_WAITING}.",
    )(function)


def at_once(parallel: int | None, project: Project) -> int:
    """How many stacks to work on at once: as many as was said, else as there are cores for this process; on managers, which are waited for
    rather than worked for, no fewer than four."""
    if parallel is not None:
        return parallel
    return max(cores(), _WAITING if project.lab is None else 1)


def jobs_of(lab: LabTarget | None, domains: Sequence[WorkloadDomain], *, in_order: bool) -> list[Job]:
    """Stacks as jobs. in_order: those of one Tier-0 in a chain; where a manager's Tier-0s are named by id here and by display
    name there, all of that manager, as one may be the other."""
    by_both = {
        host
        for host in {_host(lab, domain) for domain in domains}
        if len({domain.tier0.id is None for domain in domains if _host(lab, domain) == host}) > 1
    }
    jobs = []
    for domain in domains:
        host = _host(lab, domain)
        gateway = None if host in by_both else (domain.tier0.id, domain.tier0.display_name)
        jobs.append(Job(domain.stack, host, (host, gateway) if in_order else domain.stack))
    return jobs


def _host(lab: LabTarget | None, domain: WorkloadDomain) -> str:
    return lab.host if lab else domain.nsx.host


def beside_one_another(jobs: Sequence[Job], parallel: int) -> bool:
    """Whether work is shared out: not for one stack, nor where this process cannot be forked."""
    return parallel > 1 and len({job.chain for job in jobs}) > 1 and can_fork()


def work_beside(
    jobs: Sequence[Job],
    act: Callable[[int], Any],
    parallel: int,
    *,
    go_on: bool = True,
    luggage: Luggage | None = None,
) -> list[Came]:
    """Works on all jobs, and tells their words; what came of each that was begun, in the order of the jobs.

    act: works on the job of a number. go_on: after one that failed others are begun. Errors: KeyboardInterrupt, after everything ended.
    """

    def worker(number: int, tell: Callable[[str], None]) -> Any:
        how_far_to(tell, aloud=not at_terminal)
        return act(number)

    at_terminal = drawn_on() is not None
    work = Work(worker, luggage.packed if luggage else lambda: None, at_a_terminal(), columns())
    told = _Told([job.name for job in jobs])
    try:
        work_on(jobs, work, parallel, told, go_on=go_on)
    except KeyboardInterrupt:
        _bring(luggage, told.came)
        told.interrupted()
        raise
    except BaseException:
        _bring(luggage, told.came)
        raise
    _bring(luggage, told.came)
    told.rest()
    return told.came


def _bring(luggage: Luggage | None, came: Sequence[Came]) -> None:
    for one in came:
        if luggage and one.along is not None:
            luggage.unpacked(one.along)


def refuse_failed(came: Sequence[Came]) -> None:
    """Errors: EgressError with everything that failed; PlanAgainError where that is all there is."""
    failed = [one for one in came if not one.well]
    if failed:
        words = "\n".join(one.failed or f"{one.name}: interrupted" for one in failed)
        raise (PlanAgainError if all(one.again for one in failed) else EgressError)(words)


def table_of(rows: Sequence[tuple[str, str, str]]) -> None:
    """One row a stack on standard error: its name, how it ended, and why or what of it. Nothing for a single stack."""
    if len(rows) < 2:
        return
    print_grid(
        ("stack", "result", ""), [(line(name), result, line(_short(why))) for name, result, why in rows], aside=True
    )


def _short(why: str) -> str:
    """The first line of a reason; where what was said stands below it, with the first line of that, or with the engine's own error."""
    first, _, below = why.partition("\n")
    if first.endswith(":"):
        said = [text for part in below.splitlines() if (text := part.strip(_FRAME))]
        words = next((one for one in said if one.startswith(_ERROR)), said[0] if said else "")
        first = " ".join((first, *words.removeprefix(_ERROR).split()))
    return first if len(first) <= _IN_A_ROW else f"{first[:_IN_A_ROW]}..."


class _Told:
    """Tells the words of workers in the order of their jobs, each as soon as it and all before it have ended."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._came: dict[str, Came] = {}
        self._told = 0
        self._at: dict[str, tuple[float, str]] = {}
        self._say = now_and_then(say)
        self._live = _live()

    def begun(self, name: str) -> None:
        self._at[name] = (time.monotonic(), "begun")
        self.tick()

    def said(self, name: str, text: str) -> None:
        since, _ = self._at.get(name, (time.monotonic(), ""))
        self._at[name] = (since, text)
        self.tick()

    def ended(self, came: Came) -> None:
        self._came[came.name] = came
        self._at.pop(came.name, None)
        before = self._told
        while self._told < len(self._names) and self._names[self._told] in self._came:
            self._told += 1
            self._tell(self._came[self._names[self._told - 1]])
        if self._told == before and self._live is None:
            self._say(f"{len(self._came)} of {len(self._names)} stacks have ended")
        self.tick()

    def tick(self) -> None:
        if self._live is not None:
            self._live.start()
            self._live.update(self._lines(), refresh=True)

    def interrupted(self) -> None:
        """What was cut off, and what was never begun."""
        cut = [name for name in self._names if name in self._came and self._came[name].interrupted]
        left = [name for name in self._names if name not in self._came]
        self.rest()
        for words, names in (("interrupted", cut), ("not begun", left)):
            if names:
                say(f"{words}: {', '.join(names)}")

    @property
    def came(self) -> list[Came]:
        """All that came, in the order of the jobs."""
        return [self._came[name] for name in self._names if name in self._came]

    def rest(self) -> None:
        """Tells those that ended before one that never did."""
        for name in self._names[self._told :]:
            if name in self._came:
                self._tell(self._came[name])
        self._told = len(self._names)
        if self._live is not None:
            self._live.stop()

    def _tell(self, came: Came) -> None:
        if self._live is not None:
            self._live.stop()
        kept_words(came.words)

    def _lines(self) -> Any:
        lines = grid("", "", "")
        lines.show_header = False
        now = time.monotonic()
        for name, (since, text) in self._at.items():
            lines.add_row(styled((line(name), "bold")), f"{now - since:.0f} s", line(text))
        lines.add_row("", "", f"{len(self._came)} of {len(self._names)} stacks have ended")
        return lines


def _live() -> Live | None:
    """Lines at a terminal that are drawn over; None where there is no terminal."""
    err = drawn_on()
    if err is None:
        return None
    from rich.live import Live

    return Live(console=err, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False)
