"""`egress drift`: what somebody changed behind the engine's back."""

from __future__ import annotations

import json
from typing import Any

import click

from egress.cli._runs import for_each, lock_timeout, prepare
from egress.cli.context import Project
from egress.cli.output import FAILED, NEEDS_YOU, OK, console, print_json, say, table
from egress.delivery import drift, plans
from egress.delivery.drift import Drift
from egress.delivery.plans import Verb
from egress.escape import line
from egress.toolchain.stacks import Stack


@click.command("drift")
@click.argument("stacks", nargs=-1, metavar="[STACK]...")
@click.option("--json", "as_json", is_flag=True, help="One JSON value on standard output.")
@lock_timeout
@click.pass_obj
def command(project: Project, stacks: tuple[str, ...], as_json: bool, patience: int) -> int:
    """Compare the manager with the state, attribute by attribute; nothing is written to either.

    An object that was only saved again (its revision moved, no value did) is mentioned and is no drift. A network list that
    the manager leaves out of its answer is not seen by the provider, so not here either.

    Exit codes: 0 no drift; 1 could not compare; 2 drift.
    """

    def act(stack: Stack) -> tuple[str, tuple[Drift, ...]]:
        return stack.name, drift.read(plans.make(stack, Verb.REFRESH, capture=True).content)

    done = for_each(prepare(project, stacks, patience), act, go_on=True)
    found = dict(one for one in done if one is not None)
    if as_json:
        print_json([{"stack": name, "drift": [one.as_data() for one in all_]} for name, all_ in found.items()])
    else:
        for name, all_ in found.items():
            _show(name, all_)
    if len(found) < len(done):
        return FAILED
    return NEEDS_YOU if any(one.matters for all_ in found.values() for one in all_) else OK


def _show(name: str, found: tuple[Drift, ...]) -> None:
    for one in found:
        if not one.matters:
            say(f"{name}: {line(one.path)} was saved again, its revision moved and nothing else")
    real = [one for one in found if one.matters]
    if not real:
        say(f"{name}: no drift")
        return
    rows = table("object", "attribute", "in the state", "on the manager", title=f"{name}: drift")
    for one in real:
        if one.deleted:
            rows.add_row(line(one.path), "", "present", "deleted")
        for change in one.values:
            rows.add_row(line(one.path), line(change.attribute), _short(change.state), _short(change.manager))
    console().print(rows)
    say(f"to put it back: egress apply {name}; to keep it: change the domain file")


def _short(value: Any) -> str:
    return line(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
