"""`egress seed`: what a lab must hold before the stacks are applied."""

from __future__ import annotations

import click

from egress.cli._names import stacks_argument
from egress.cli.context import Project
from egress.cli.output import print_json, say
from egress.policy.seed import left_out, seed


@click.command("seed")
@stacks_argument
@click.pass_obj
def command(project: Project, stacks: tuple[str, ...]) -> None:
    """Print the seed of a lab: Tier-0s, interfaces and Tier-1s, as Policy objects in JSON.

    Feed it to `nsx-lab serve`. The default route and the NAT rules are not in it: the stack makes them.
    """
    domains = project.domains(stacks)
    print_json(seed(domains))
    for sentence in left_out(domains):
        say(sentence)
