"""`egress apply`: change the manager as planned."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import click

from egress.cli._runs import confirm, each_stack, prepare
from egress.cli.context import Project
from egress.cli.output import FAILED, OK, say
from egress.delivery import plans
from egress.delivery.guard import refuse_losing_a_route
from egress.delivery.imports import import_blocks
from egress.delivery.plans import Plan
from egress.domain import EgressError
from egress.layout import output_folder


@click.command("apply")
@click.argument("stacks", nargs=-1, metavar="[STACK]...")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--saved",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Apply the plans that egress plan --out saved in this folder, exactly as they are.",
)
@click.option(
    "--import-existing",
    is_flag=True,
    help="After a lost state: take the stacks' own objects, which are already on the manager, into the state.",
)
@click.pass_obj
def command(project: Project, stacks: tuple[str, ...], yes: bool, saved: Path | None, import_existing: bool) -> int:
    """Plan, show the plan, ask, and apply that very plan.

    The first stack that fails ends the run; later ones are left as they were.

    Exit codes: 0 applied, or nothing to do; 1 an apply failed, or was declined.
    """
    if saved and import_existing:
        raise EgressError("--import-existing goes with a plan of its own, not with --saved")
    for plan in _saved(project, stacks, saved) if saved else _made(project, stacks, import_existing):
        name = plan.stack.name
        if not plan.changes:
            say(f"{name}: nothing to do")
            continue
        if plan.stack.run.lab is None:
            refuse_losing_a_route(plan.stack.domain, plan.as_data())
        if not confirm(f"apply this to {plan.stack.run}?", yes=yes):
            say(f"{name}: declined, nothing was changed")
            return FAILED
        if not plans.apply(plan):
            raise EgressError(f"{name}: the apply failed: read the engine's words above, mend, and plan again")
    return OK


def _made(project: Project, stacks: tuple[str, ...], import_existing: bool) -> Iterator[Plan]:
    for stack in each_stack(prepare(project, stacks)):
        with import_blocks(stack) if import_existing else contextlib.nullcontext():
            yield plans.make(stack)


def _saved(project: Project, stacks: tuple[str, ...], directory: Path) -> Iterator[Plan]:
    names = plans.saved_stacks(directory)
    missing = [stack for stack in stacks if stack not in names]
    if missing:
        raise EgressError(f"no saved plan for {missing[0]!r} in {str(directory)!r}, there are: {', '.join(names)}")
    run = prepare(project, stacks or names)
    output = output_folder(run.root, lab=run.lab is not None)
    for domain in run.domains:
        plan = plans.restore(run, domain, directory, output)
        if not plans.show(plan):
            raise EgressError(f"{domain.stack}: the saved plan cannot be shown: plan again")
        yield plan
