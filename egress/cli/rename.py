"""`egress rename`: a renamed domain file keeps its objects."""

from __future__ import annotations

import difflib

import click

from egress.cli._names import StackName
from egress.cli._runs import agreement, asking, for_each, lock_timeout
from egress.cli.context import Project
from egress.cli.output import FAILED, OK, echo, say
from egress.delivery.files.rename import move_state, moves, renamed
from egress.delivery.planning import memory
from egress.delivery.planning.looks import Found
from egress.domain import EgressError, find_files
from egress.domain.fields import quoted
from egress.domain.files import select
from egress.toolchain.stack.stacks import Stack
from egress.writing import write


@click.command("rename")
@click.argument("old", type=StackName(remembered=True))
@click.argument("new", type=StackName())
@agreement
@lock_timeout
@click.pass_obj
def command(project: Project, old: str, new: str, yes: bool, patience: int) -> int:
    """Let the stack of a renamed domain file keep its state and its objects.

    NEW takes over the state and the objects of OLD, whose domain file was renamed.

    First rename the file (git mv domains/old.yaml domains/new.yaml) and the name in it. This moves the state, and writes
    `formerly: OLD` into the file: the objects keep their ids, so that the next plan changes nothing. Nothing is sent to the
    manager. Commit the file.

    Exit codes: 0 renamed, or it was already; 1 refused, failed or declined.
    """
    if old in project.stacks:
        raise EgressError(
            f"domain file of {quoted(old)} is still there: rename the file first, then egress rename {old} {new}"
        )
    (file,) = select(find_files(project.root), [new])
    with file.path.open(encoding="utf-8", newline="") as stream:
        before = stream.read()
    after = renamed(before, file.shown, old)

    def act(stack: Stack, _around: Found) -> bool:
        if stack.domain.made_as not in (old, new) and after == before:
            say(
                f"{file.shown} says formerly: {stack.domain.made_as}, which stays: the objects were made under that name"
            )
        to_move = moves(stack, old)
        if not to_move and after == before:
            say(f"{new}: nothing to do, its objects are those of {old} already")
            return True
        diff = difflib.unified_diff(before.splitlines(), after.splitlines(), file.shown, file.shown, lineterm="", n=1)
        echo("\n".join(diff))
        where = f"move its state to {stack.state_place}" if to_move else "leave its state where it is"
        if not asking(yes=yes)(f"rename {old} to {new}: {where}, write {file.shown}?"):
            say("declined, nothing was changed")
            return False
        if to_move:
            say(f"{new}: the state with {move_state(stack, old)} objects is in {stack.state_place}")
        if file.path.read_bytes() != before.encode():
            raise EgressError(f"{file.shown} was changed meanwhile: write formerly: {old} by hand, below its name")
        write(file.path, after)
        memory.remember(stack, stack.domain.model_copy(update={"formerly": stack.domain.formerly or old}))
        memory.forget(stack, old)
        say(f"egress plan {new} is to show no changes; then commit {file.shown}")
        return True

    return OK if all(for_each(project, project.domains([new]), act, patience=patience, asks_manager=False)) else FAILED
