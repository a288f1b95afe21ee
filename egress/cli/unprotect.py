"""`egress unprotect`: the deliberate step before a default route may go."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass

import click

from egress.cli._names import StackName
from egress.cli._runs import agreement, asking
from egress.cli.context import Project
from egress.cli.output import FAILED, OK, echo, say
from egress.delivery.files.unprotect import unprotected
from egress.delivery.planning import memory
from egress.domain import EgressError, find_files
from egress.domain.files import read_tree, select
from egress.layout import Places
from egress.writing import write


@click.command("unprotect")
@click.argument("stack", type=StackName(remembered=True))
@agreement
@click.pass_obj
def command(project: Project, stack: str, yes: bool) -> int:
    """Let the default route of STACK be destroyed: a change of its domain file.

    Writes `default_route.protect: false` into it, after showing the change and asking.

    Where the domain file is gone, what this checkout remembers of the stack is changed. Nothing is sent to a manager. From
    then on a plan that takes the default route away can be applied; commit the change, so that a review sees it. To protect
    the route again, delete the line.

    Exit codes: 0 written, or it was there already; 1 declined, or the file cannot be edited safely.
    """
    text = _text(project, stack)
    before = text.read()
    after = unprotected(before, text.shown)
    if after == before:
        say(f"{text.shown}: the default route is not protected")
        return OK
    diff = difflib.unified_diff(before.splitlines(), after.splitlines(), text.shown, text.shown, lineterm="", n=1)
    echo("\n".join(diff))
    if not asking(yes=yes)(f"write this to {text.shown}?"):
        say("declined, nothing was changed")
        return FAILED
    if text.read() != before:
        raise EgressError(f"{text.shown} was changed meanwhile, nothing was written: look at it, and try again")
    text.write(after)
    say(f"the default route of {stack} may now be destroyed{': commit this change' if stack in project.stacks else ''}")
    return OK


@dataclass(frozen=True)
class _Text:
    """The text of a domain, wherever it is kept. `shown`: what people call it."""

    shown: str
    read: Callable[[], str]
    write: Callable[[str], None]


def _text(project: Project, stack: str) -> _Text:
    """The domain file of a stack; what is remembered where it is gone. Errors: EgressError."""
    if stack in project.stacks:
        (file,) = select(find_files(project.root), [stack])
        read_tree(file)  # tells a file that cannot be read, or is no text
        return _Text(file.shown, lambda: file.path.read_bytes().decode("utf-8"), lambda text: write(file.path, text))
    places = Places(project.root, project.lab is not None)
    return _Text(
        f"what is remembered of {stack}",
        lambda: memory.domain_text(places, stack),
        lambda text: memory.rewrite(places, stack, text),
    )
