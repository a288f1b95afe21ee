"""What the commands that call the engine share: their options, preparing a run, walking its stacks, asking before an act."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any, TypeVar

import click

from egress.cli.context import Project
from egress.cli.output import FAILED, ask, progress, say
from egress.delivery.plans import Outcome
from egress.domain import EgressError
from egress.toolchain.runs import Run
from egress.toolchain.stacks import Stack, opened
from egress.toolchain.synthesis import synthesised

Decorated = Callable[..., Any]
T = TypeVar("T")
_UNITS = {"s": 1, "m": 60, "h": 3600}


class Duration(click.ParamType[int]):
    """Whole seconds, from text such as 30, 30s, 5m or 1h."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Seconds. Errors: click's, with what is allowed."""
        if isinstance(value, int):
            return value
        found = re.fullmatch(r"([0-9]{1,6})([smh]?)", value)
        if not found:
            self.fail(f"{value!r} is no duration, allowed is a number of seconds, or as in 30s, 5m, 1h", param, ctx)
        return int(found[1]) * _UNITS[found[2] or "s"]


def lock_timeout(function: Decorated) -> Decorated:
    """The option --lock-timeout."""
    return click.option(
        "--lock-timeout",
        "patience",
        type=Duration(),
        default=0,
        metavar="DURATION",
        help="Wait this long where somebody else holds the stack or its state, as in 5m. Default: not at all.",
    )(function)


def agreement(function: Decorated) -> Decorated:
    """The option --yes, under every name that fingers know."""
    return click.option("--yes", "-y", "--auto-approve", "yes", is_flag=True, help="Do not ask.")(function)


def prepare(project: Project, stacks: Sequence[str], patience: int = 0) -> Run:
    """A run over the named stacks, all when none is named; says what it works with."""
    command = click.get_current_context().command_path
    run = Run.prepare(project.root, project.lab, project.domains(stacks), command, patience)
    say(str(run))
    return run


def for_each(
    run: Run, act: Callable[[Stack], T], *, go_on: bool = False, upgrade_provider: bool = False
) -> list[T | None]:
    """Synthesises, then acts on every stack, locked and initialised, in the order of their names; what `act` returned.

    go_on: a stack that fails is told, gives None, and hides no other. upgrade_provider: moves the provider lock.
    Errors: EgressError.
    """
    names = [domain.stack for domain in run.domains]
    results: list[T | None] = []
    with ExitStack() as synthesis:
        with progress(f"synthesising {', '.join(names)}"):
            made = synthesis.enter_context(synthesised(run.root, names, lab=run.lab is not None))
        if made.notes:
            say(made.notes)
        for domain in run.domains:
            if len(names) > 1:
                say(f"\n== {domain.stack}")
            try:
                with opened(run, domain, made.folders[domain.stack]) as stack:
                    for note in stack.notes:
                        say(note)
                    _initialise(stack, upgrade=upgrade_provider)
                    results.append(act(stack))
            except EgressError as error:
                if not go_on or len(names) == 1:
                    raise
                say(f"egress: {error}")
                results.append(None)
    return results


def _initialise(stack: Stack, *, upgrade: bool) -> None:
    lock = stack.run.lock_file
    before = lock.read_bytes() if lock.is_file() else None
    stack.initialise(upgrade=upgrade)
    if upgrade and lock.read_bytes() != before:
        say(f"{lock.relative_to(stack.run.root)} has moved: read the difference, and commit it")


def asking(*, yes: bool) -> Callable[[str], bool]:
    """Asks a person, on standard error. Errors: EgressError where nobody can be asked and --yes was not given."""

    def agreed(question: str) -> bool:
        if yes:
            return True
        if not sys.stdin.isatty():
            raise EgressError("nobody to ask, nothing was changed: give --yes after reading the plan")
        return ask(question)

    return agreed


def settle(stack: Stack, outcome: Outcome) -> None:
    """Tells how an apply went. A declined one ends the command."""
    if outcome is not Outcome.APPLIED:
        say(f"{stack.name}: {outcome}")
    if outcome is Outcome.DECLINED:
        raise click.exceptions.Exit(FAILED)
