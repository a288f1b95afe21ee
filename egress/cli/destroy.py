"""`egress destroy`: take the routes and rules of stacks away."""

from __future__ import annotations

import click

from egress.cli._runs import confirm, each_stack, prepare
from egress.cli.context import Project
from egress.cli.output import FAILED, OK, say
from egress.delivery import plans
from egress.domain import EgressError


@click.command("destroy")
@click.argument("stacks", nargs=-1, metavar="[STACK]...")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def command(project: Project, stacks: tuple[str, ...], yes: bool) -> int:
    """Plan the destruction of everything the stacks made, show it, ask, and do it.

    The default route is protected: as long as default_route.protect is true (the default), the engine refuses, since without
    the route nothing behind the Tier-0 is reachable. On a lab the protection is off.

    Exit codes: 0 destroyed, or nothing to do; 1 refused, failed or declined.
    """
    for stack in each_stack(prepare(project, stacks)):
        plan = plans.make(stack, "-destroy")
        if not plan.changes:
            say(f"{stack.name}: nothing to do")
            continue
        if not confirm(f"destroy this on {stack.run}?", yes=yes):
            say(f"{stack.name}: declined, nothing was changed")
            return FAILED
        if not plans.apply(plan):
            raise EgressError(f"{stack.name}: the destroy failed: read the engine's words above")
    return OK
