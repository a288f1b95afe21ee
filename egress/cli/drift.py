"""`egress drift`: what somebody changed behind the engine's back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import click

from egress.cli._names import stacks_argument
from egress.cli._runs import for_each, lock_timeout, planned, prepare, tell
from egress.cli.context import Project
from egress.cli.output import FAILED, NEEDS_YOU, OK, echo, entry, print_json, say
from egress.delivery import drift
from egress.delivery.drift import Drift
from egress.delivery.looks import Found
from egress.delivery.network_words import short_name, value
from egress.delivery.plans import Verb
from egress.escape import line
from egress.toolchain.stacks import Stack


@click.command("drift")
@stacks_argument
@click.option("--json", "as_json", is_flag=True, help="One JSON value on standard output.")
@lock_timeout
@click.pass_obj
def command(project: Project, stacks: tuple[str, ...], as_json: bool, patience: int) -> int:
    """Compare the manager with the state, attribute by attribute; nothing is written.

    Also looked for is what no engine sees: a state that tracks nothing, a second default route, rules of others that match
    before ours, another HA mode or uplink address than declared. An object that was only saved again (its revision moved, no
    value did) is mentioned and is no drift. A network list that the manager leaves out of its answer is not seen by the
    provider, so not here either.

    Exit codes: 0 no drift; 1 could not compare, or could not see everything; 2 drift, or nothing is tracked.
    """

    def act(stack: Stack, around: Found) -> Compared:
        return Compared(stack, drift.read(planned(stack, Verb.REFRESH).content), around)

    done = for_each(project, prepare(project, stacks, patience), act, go_on=True)
    whole = [one for one in done if one is not None]
    if as_json:
        print_json([one.as_data() for one in whole])
    for one in whole:
        tell(one.around, one.stack)
        if not as_json:
            _show(one)
    if any(one.matters for one in whole):
        return NEEDS_YOU
    return FAILED if len(whole) < len(done) or any(one.around.failed for one in whole) else OK


@dataclass(frozen=True)
class Compared:
    """A stack, what of it is not as its state says, and what is around it."""

    stack: Stack
    drift: tuple[Drift, ...]
    around: Found

    @property
    def matters(self) -> bool:
        """Whether somebody has to look."""
        return any(one.matters for one in self.drift) or self.around.matters

    def as_data(self) -> dict[str, Any]:
        """For programs."""
        return {"stack": self.stack.name, "drift": [one.as_data() for one in self.drift]} | self.around.as_data()


def _show(compared: Compared) -> None:
    name, found = compared.stack.name, compared.drift
    for one in found:
        if not one.matters:
            say(f"{name}: {line(short_name(one.path))} was saved again, its revision moved and nothing else")
    real = [one for one in found if one.matters]
    if not real:
        if not compared.matters and not compared.around.failed:
            say(f"{name}: no drift")
        return
    echo(f"{name}: drift, in the state -> on the manager")
    for one in real:
        if one.deleted:
            entry(f"{short_name(one.path)}: deleted")
        for change in one.values:
            words = value(change.attribute, change.state, change.manager)
            entry(f"{short_name(one.path)}: {words.attribute}: {words.before} -> {words.after}")
    say(f"to put it back: egress apply {name}; to keep it: change the domain file")
