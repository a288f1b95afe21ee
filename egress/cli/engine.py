"""`egress engine`: the engine itself, for what no other command does."""

from __future__ import annotations

import sys

import click

from egress.cli._names import stack_argument
from egress.cli._runs import for_each, lock_timeout
from egress.cli.context import Project
from egress.cli.output import say
from egress.delivery.planning.looks import Found
from egress.domain import EgressError
from egress.toolchain.stack.stacks import Stack
from egress.toolchain.store.state import State

_ELSEWHERE = {
    "apply": "egress apply does that, with its guards",
    "destroy": "egress destroy does that, with its guards",
    "force-unlock": "egress unlock says who holds the lock, and takes away that one and no other",
    "init": "egress initialises by itself; egress plan --upgrade-provider moves the provider lock",
    "workspace": "every stack has one state, and no workspaces",
    "login": "credentials come from the environment",
    "logout": "credentials come from the environment",
}
"""Commands that would go around a guard, or around the place of the state. The engines' own force-unlock asks an HTTP store to let go of whatever
lock there is, and says of PostgreSQL that it succeeded (measured)."""


@click.command("engine", context_settings={"allow_interspersed_args": False})
@lock_timeout
@stack_argument
@click.argument("arguments", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- ARGUMENT...")
@click.pass_obj
def command(project: Project, stack: str, arguments: tuple[str, ...], patience: int) -> int:
    """Run terraform or tofu on STACK: state list, output, import, console.

    It runs in the stack's folder, with its credentials and under its lock.

    What it did to the state is told afterwards. `apply`, `destroy` and `force-unlock` have commands
    of their own, which have guards.

    Exit code: that of the engine.
    """
    arguments = arguments[1:] if arguments[0] == "--" else arguments
    name = next((one for one in arguments if not one.startswith("-")), "")
    if name in _ELSEWHERE:
        raise EgressError(f"{name} is not for this door: {_ELSEWHERE[name]}")
    if any(one.startswith("-chdir") for one in arguments):
        raise EgressError("-chdir is not for this door: the stack's folder is the right one")

    def act(work: Stack, _around: Found) -> int:
        before = work.found
        sys.stdout.flush()
        code = work.engine(*arguments, ask=sys.stdin.isatty()).code
        say(f"{work.name}: {what_became(before, work.state())}")
        return code

    (code,) = for_each(project, project.domains([stack]), act, patience=patience, asks_manager=False)
    assert code is not None
    return code


def what_became(before: State, after: State) -> str:
    """What happened to a state, in words."""
    if (before.lineage, before.serial) == (after.lineage, after.serial):
        return "the state is as it was"
    gone, new = sorted(before.addresses - after.addresses), sorted(after.addresses - before.addresses)
    told = [f"no longer tracked: {', '.join(gone)}"] if gone else []
    told += [f"tracked now: {', '.join(new)}"] if new else []
    lineage = "" if before.lineage == after.lineage or not before.exists else ", and is another state (lineage)"
    return f"the state went from serial {before.serial} to {after.serial}{lineage}; {'; '.join(told) or 'it tracks the same'}"
