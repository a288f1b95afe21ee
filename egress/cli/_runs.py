"""What the commands that call the engine share: preparing a run, walking its stacks, asking before anything is changed."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from egress.cli.context import Project
from egress.cli.output import ask, progress, say
from egress.delivery.plans import Plan
from egress.domain import EgressError
from egress.toolchain.runs import Run, Stack


def prepare(project: Project, stacks: Sequence[str]) -> Run:
    """A run over the named stacks, all when none is named; says what it works with."""
    run = Run.prepare(project.root, project.lab, project.domains(stacks))
    say(str(run))
    return run


def each_stack(run: Run) -> Iterator[Stack]:
    """Synthesises, then yields every stack initialised, in the order of their names."""
    with progress(f"synthesising {', '.join(domain.stack for domain in run.domains)}"):
        stacks, notes = run.synthesise()
    if notes:
        say(notes)
    for stack in stacks.values():
        if len(stacks) > 1:
            say(f"\n== {stack.name}")
        stack.initialise()
        yield stack


def show_words(plans: Sequence[Plan]) -> None:
    """One line per stack, after the engine's own words."""
    if len(plans) > 1:
        for plan in plans:
            say(f"{plan.stack.name}: {'changes' if plan.changes else 'no changes'}")


def confirm(question: str, *, yes: bool) -> bool:
    """True when the user agrees. Errors: EgressError where nobody can be asked and --yes was not given."""
    if yes:
        return True
    if not sys.stdin.isatty():
        raise EgressError("nobody to ask, nothing was changed: give --yes after reading the plan")
    return ask(question)
