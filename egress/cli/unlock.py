"""`egress unlock`: a lock of a state whose holder is dead."""

from __future__ import annotations

from typing import Any

import click

from egress.cli._names import stack_argument
from egress.cli._runs import agreement, asking, for_each
from egress.cli.context import Project
from egress.cli.output import FAILED, NEEDS_YOU, OK, echo, print_json, say
from egress.delivery.planning.looks import Found
from egress.domain import EgressError
from egress.layout import Places
from egress.toolchain.stack import stack_lock, state_lock
from egress.toolchain.stack.stacks import Stack
from egress.toolchain.stack.state_lock import StateLock


@click.command("unlock")
@stack_argument
@agreement
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="One JSON value on standard output; asks nothing, and unlocks with --yes only.",
)
@click.pass_obj
def command(project: Project, stack: str, yes: bool, as_json: bool) -> int:
    """Say who holds the lock of STACK's state and since when, ask, and take it away.

    Where egress was killed in this checkout and its engine goes on, which keeps the stack from everybody, it asks whether to end that engine.

    A run that was killed leaves its lock in a store of kind s3 or http. PostgreSQL lets a lock go when the connection ends; there
    the connection is ended, if it still stands. A command of this checkout that works on the stack, and a run that is known
    to be alive, are refused.

    To see who holds the lock it is asked for and given back at once. Ask the holder before you take it away: two runs that write
    one state lose what one of them did.

    Exit codes: 0 unlocked, or nobody holds it; 1 refused, declined, or it cannot be known; 2 locked (--json without --yes).
    """

    def act(work: Stack, _around: Found) -> int:
        lock = state_lock.holder(work)
        if not as_json:
            return _unlocked(work, lock, yes)
        code = OK if lock is None else NEEDS_YOU
        if lock is not None and yes:
            _take_away(work, lock)
            code = OK
        print_json(_as_data(work, lock, unlocked=lock is not None and yes))
        return code

    if not _engine_ended(project, stack, yes, as_json):
        say("declined, nothing was changed")
        return FAILED
    (code,) = for_each(project, project.domains([stack]), act, may_be_new=True, asks_manager=False)
    assert code is not None
    return code


def _engine_ended(project: Project, stack: str, yes: bool, as_json: bool) -> bool:
    """Ends the engine that a killed egress left at work on a stack, if there is one; False where that was declined. Errors: EgressError."""
    runs = Places(project.root, project.lab is not None).runs
    left = stack_lock.orphan(runs, stack)
    if left is None or (as_json and not yes):
        return True
    say(f"{stack}: {left} was killed, and its engine (process {left.engine}) goes on and keeps the stack locked")
    if not asking(yes=yes)(f"end the engine that works on {stack}? it is asked first, and saves its state if it can"):
        return False
    stack_lock.end_engine(runs, stack)
    say(f"{stack}: ended; what it did last may not be in the state: egress plan {stack} shows what is left")
    return True


def _unlocked(work: Stack, lock: StateLock | None, yes: bool) -> int:
    if lock is None:
        say(f"{work.name}: nobody holds the lock of its state ({work.state_place})")
        return OK
    echo(f"{work.name}: its state ({work.state_place}) is locked by {lock}")
    if not asking(yes=yes)(f"is that run dead, and shall its lock on {work.name} be taken away?"):
        say("declined, nothing was changed")
        return FAILED
    _take_away(work, lock)
    say(
        f"{work.name}: unlocked. What that run did last may not be in the state: egress plan {work.name} shows what is left"
    )
    return OK


def _take_away(work: Stack, lock: StateLock) -> None:
    """Takes the lock away, and looks that it is gone. Errors: EgressError."""
    if state_lock.alive(lock):
        raise EgressError(f"{work.name}: {lock.who} is alive: wait until it has ended, or end it")
    state_lock.release(work, lock)
    left = state_lock.holder(work)
    if left is not None:
        raise EgressError(
            f"{work.name}: its state is locked by {left}: somebody took the lock meanwhile, or the store did not let it go"
        )


def _as_data(work: Stack, lock: StateLock | None, *, unlocked: bool) -> dict[str, Any]:
    return {
        "stack": work.name,
        "state": work.state_place,
        "backend": work.backend,
        "lock": None if lock is None else lock.as_data(),
        "unlocked": unlocked,
    }
