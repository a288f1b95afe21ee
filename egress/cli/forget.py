"""`egress forget`: a state lets go of what stood below a Tier-0 that is gone."""

from __future__ import annotations

import click

from egress.cli._names import stack_argument
from egress.cli._runs import agreement, asking, for_each, lock_timeout
from egress.cli.context import Project, deadline, timeout_option
from egress.cli.output import FAILED, OK, echo, say
from egress.delivery.planning import lost_gateway
from egress.delivery.planning.looks import Found
from egress.policy.paths import last
from egress.toolchain.stack.stacks import Stack


@click.command("forget")
@stack_argument
@agreement
@timeout_option
@lock_timeout
@click.pass_obj
def command(project: Project, stack: str, yes: bool, patience: int) -> int:
    """Let the state of STACK go of what stood below a Tier-0 that is gone.

    For a Tier-0 that was replaced by one with another id: write that into tier0.id first. What the state tracks below the old one keeps every plan
    from its end, as NSX refuses to be asked below a gateway that it does not have. This asks the manager, shows what is gone, asks you, and
    takes that out of the state; nothing is sent to the manager. egress apply then makes the objects on the new Tier-0.

    What the manager still has is not let go of: egress destroy takes that away.

    Exit codes: 0 let go, or nothing is lost; 1 refused, failed or declined.
    """
    limit = deadline()

    def act(work: Stack, _around: Found) -> int:
        from egress.manager import Manager  # httpx takes its time to load

        if not work.found.managed:
            say(f"{work.name}: its state ({work.state_place}) tracks nothing: nothing to let go of")
            return OK
        with Manager.of(work.domain, project.root, project.lab, limit) as manager:
            found = lost_gateway.lost(work, manager)
        if not found.objects:
            there = " and ".join(map(last, lost_gateway.gateways_of(work.found.managed)))
            say(f"{work.name}: {there} is there, and so may be what its state tracks: nothing to let go of")
            return OK
        echo(f"{work.name}: gone with their Tier-0: {found}")
        if not asking(yes=yes)(f"let the state of {work.name} go of them?"):
            say("declined, nothing was changed")
            return FAILED
        lost_gateway.forget(work, found)
        say(f"{work.name}: let go; egress apply {work.name} makes them on the Tier-0 that its file names")
        return OK

    (code,) = for_each(project, project.domains([stack]), act, patience=patience)
    assert code is not None
    return code
