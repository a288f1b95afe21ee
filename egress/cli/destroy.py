"""`egress destroy`: take the routes and rules of stacks away."""

from __future__ import annotations

import click

from egress.cli._gone import refuse_renamed
from egress.cli._names import StackName
from egress.cli._runs import (
    agreement,
    asking,
    for_each,
    for_forgotten,
    lock_timeout,
    planned,
    settle,
    show,
    tell,
)
from egress.cli.context import Project
from egress.cli.output import NEEDS_YOU, OK, echo, say
from egress.delivery.outcome.applied import carry_out
from egress.delivery.outcome.record import Record
from egress.delivery.planning import memory
from egress.delivery.planning.looks import Found
from egress.delivery.planning.memory import Remembered
from egress.delivery.planning.plans import Verb
from egress.layout import Places
from egress.toolchain.stack.stacks import Stack


@click.command("destroy")
@click.argument("stacks", nargs=-1, metavar="[STACK]...", type=StackName(remembered=True))
@agreement
@click.option(
    "--from",
    "reference",
    metavar="REF",
    help="For stacks whose domain file is gone: take it from this git reference, where it still was.",
)
@lock_timeout
@click.pass_obj
def command(project: Project, stacks: tuple[str, ...], yes: bool, reference: str | None, patience: int) -> int:
    """Plan the destruction of everything the stacks made, show it, ask, and do it.

    The default route is protected: as long as default_route.protect is true (the default), this refuses, since without the
    route nothing behind the Tier-0 is reachable. On a lab the protection is off.

    Exit codes: 0 destroyed; 1 refused, failed or declined; 2 nothing of a stack is tracked in its state.
    """
    agreed = asking(yes=yes)

    def act(stack: Stack, around: Found) -> bool:
        plan = planned(stack, Verb.DESTROY)
        show(plan, full=True)
        tell(around, stack.name)
        settle(stack, carry_out(plan, around, agreed, say, Record(()), verify=False).outcome)
        return bool(stack.found.managed)

    gone = [name for name in stacks if name not in project.stacks]
    known = [name for name in stacks if name in project.stacks]
    done: list[bool | None] = []
    if known or not gone:
        done += for_each(project, project.domains(known), act, patience=patience, head=echo)
    if gone:
        forgotten = [_recall(project, name, reference) for name in gone]
        done += for_forgotten(project, forgotten, act, patience)
    return OK if all(done) else NEEDS_YOU


def _recall(project: Project, stack: str, reference: str | None) -> Remembered:
    """A stack whose domain file is gone. Errors: EgressError when it lives on under another name, or nothing is known of it."""
    refuse_renamed(project, stack)
    places = Places(project.root, project.lab is not None)
    if reference is not None:
        return memory.remember_from_git(project.root, places, stack, reference)
    return memory.remembered(places, stack)
