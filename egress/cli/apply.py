"""`egress apply`: change the manager as planned."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import click

from egress.cli._names import stacks_argument
from egress.cli._runs import agreement, asking, for_each, lock_timeout, planned, prepare, settle, show, tell
from egress.cli.context import Project
from egress.cli.output import OK, echo, say
from egress.delivery import plans, saved
from egress.delivery.imports import import_blocks
from egress.delivery.looks import Found
from egress.domain import EgressError
from egress.toolchain.stacks import Stack


@click.command("apply")
@stacks_argument
@agreement
@click.option(
    "--saved",
    "directory",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Apply the plans that egress plan --out saved in this folder, exactly as they are.",
)
@click.option(
    "--import-existing",
    is_flag=True,
    help="After a lost state: take the stacks' own objects, which are already on the manager, into the state.",
)
@lock_timeout
@click.pass_obj
def command(
    project: Project, stacks: tuple[str, ...], yes: bool, directory: Path | None, import_existing: bool, patience: int
) -> int:
    """Plan, show the plan, ask, and apply that very plan.

    The plan is shown in network words first, then in full, in the engine's.

    The first stack that fails or is declined ends the run; later ones are left as they were. A saved plan is refused where its
    domain file, its target or the objects that it is about have changed since.

    Exit codes: 0 applied, or nothing to do; 1 an apply failed, or was declined.
    """
    if directory and import_existing:
        raise EgressError("--import-existing goes with a plan of its own, not with --saved")
    named = _saved(directory, stacks) if directory else stacks
    agreed = asking(yes=yes)

    def act(stack: Stack, around: Found) -> None:
        with ExitStack() as imports:
            if directory:
                plan = saved.restore(stack, saved.read(directory, stack.name))
            else:
                if import_existing:
                    imports.enter_context(import_blocks(stack, around.there))
                plan = planned(stack)
            show(plan, full=True)
            tell(around, stack)
            settle(stack, plans.apply(plan, around, agreed, say))

    for_each(project, prepare(project, named, patience), act, may_be_new=True, head=echo)
    return OK


def _saved(directory: Path, stacks: tuple[str, ...]) -> tuple[str, ...]:
    """The stacks to take from a folder of saved plans, each of them looked at once before anything is started."""
    there = saved.saved_stacks(directory)
    missing = [stack for stack in stacks if stack not in there]
    if missing:
        raise EgressError(f"no saved plan for {missing[0]!r} in {str(directory)!r}, there are: {', '.join(there)}")
    for stack in stacks or there:
        saved.read(directory, stack)
    return stacks or there
