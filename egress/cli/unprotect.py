"""`egress unprotect`: the deliberate step before a default route may go."""

from __future__ import annotations

import difflib

import click

from egress.cli._runs import confirm
from egress.cli.context import Project
from egress.cli.output import FAILED, OK, echo, say
from egress.delivery.unprotect import unprotected
from egress.domain import find_files
from egress.domain.files import select


@click.command("unprotect")
@click.argument("stack")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def command(project: Project, stack: str, yes: bool) -> int:
    """Write `default_route.protect: false` into the domain file of STACK, after showing the change and asking.

    Nothing is sent to a manager. From then on a plan that takes the default route away can be applied; commit the change, so
    that a review sees it. To protect the route again, delete the line.

    Exit codes: 0 written, or it was there already; 1 declined, or the file cannot be edited safely.
    """
    (file,) = select(find_files(project.root), [stack])
    before = file.path.read_text(encoding="utf-8")
    after = unprotected(before, file.shown)
    if after == before:
        say(f"{file.shown}: the default route is not protected")
        return OK
    diff = difflib.unified_diff(before.splitlines(), after.splitlines(), file.shown, file.shown, lineterm="", n=1)
    echo("\n".join(diff))
    if not confirm(f"write this to {file.shown}?", yes=yes):
        say("declined, nothing was changed")
        return FAILED
    file.path.write_text(after, encoding="utf-8")
    say(f"the default route of {stack} may now be destroyed: commit this change")
    return OK
