"""`egress destroy`: take the routes and rules of stacks away."""

from __future__ import annotations

import click

from egress.cli._runs import agreement, asking, for_each, lock_timeout, prepare, settle
from egress.cli.context import Project
from egress.cli.output import OK, say
from egress.delivery import plans
from egress.delivery.plans import Verb
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

    Exit codes: 0 destroyed, or nothing to do; 1 refused, failed or declined.
    """
    agreed = asking(yes=yes)

    def act(stack: Stack) -> None:
        settle(stack, plans.apply(plans.make(stack, Verb.DESTROY), agreed, say))

    for_each(prepare(project, stacks, patience), act)
    return OK
