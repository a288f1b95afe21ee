"""`egress unprotect`: the deliberate step before a default route may go."""

from __future__ import annotations

import difflib

import click

from egress.cli._runs import agreement, asking
from egress.cli.context import Project
from egress.cli.output import FAILED, OK, echo, say
from egress.delivery.unprotect import unprotected
from egress.domain import EgressError, find_files
from egress.domain.files import read_tree, select
from egress.writing import write


@click.command("unprotect")
@click.argument("stack")
@agreement
@click.pass_obj
def command(project: Project, stack: str, yes: bool) -> int:
    """Write `default_route.protect: false` into the domain file of STACK, after showing the change and asking.

    Nothing is sent to a manager. From then on a plan that takes the default route away can be applied; commit the change, so
    that a review sees it. To protect the route again, delete the line.

    Exit codes: 0 written, or it was there already; 1 declined, or the file cannot be edited safely.
    """
    (file,) = select(find_files(project.root), [stack])
    read_tree(file)  # tells a file that cannot be read, or is no text
    raw = file.path.read_bytes()
    before = raw.decode("utf-8")
    after = unprotected(before, file.shown)
    if after == before:
        say(f"{file.shown}: the default route is not protected")
        return OK
    diff = difflib.unified_diff(before.splitlines(), after.splitlines(), file.shown, file.shown, lineterm="", n=1)
    echo("\n".join(diff))
    if not asking(yes=yes)(f"write this to {file.shown}?"):
        say("declined, nothing was changed")
        return FAILED
    if file.path.read_bytes() != raw:
        raise EgressError(f"{file.shown} was changed meanwhile, nothing was written: look at it, and try again")
    write(file.path, after)
    say(f"the default route of {stack} may now be destroyed: commit this change")
    return OK
