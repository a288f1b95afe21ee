"""`egress destroy`: take the routes and rules of stacks away."""

from __future__ import annotations

import click

from egress.cli._runs import agreement, asking, for_each, lock_timeout, prepare, settle, tell
from egress.cli.context import Project
from egress.cli.output import NEEDS_YOU, OK, say
from egress.delivery import plans
from egress.delivery.plans import Verb
from egress.delivery.surroundings import Found
from egress.toolchain.stacks import Stack


@click.command("destroy")
@click.argument("stacks", nargs=-1, metavar="[STACK]...")
@agreement
@lock_timeout
@click.pass_obj
def command(project: Project, stacks: tuple[str, ...], yes: bool, patience: int) -> int:
    """Plan the destruction of everything the stacks made, show it, ask, and do it.

    The default route is protected: as long as default_route.protect is true (the default), this refuses, since without the
    route nothing behind the Tier-0 is reachable. On a lab the protection is off.

    Exit codes: 0 destroyed; 1 refused, failed or declined; 2 nothing of a stack is tracked in its state.
    """
    agreed = asking(yes=yes)

    def act(stack: Stack, around: Found) -> bool:
        plan = plans.make(stack, Verb.DESTROY)
        tell(around, stack)
        settle(stack, plans.apply(plan, around, agreed, say))
        return bool(stack.found.managed)

    return OK if all(for_each(project, prepare(project, stacks, patience), act)) else NEEDS_YOU
