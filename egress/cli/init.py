"""`egress init`: a repository of one's own."""

from __future__ import annotations

from pathlib import Path

import click

from egress.cli.output import NEEDS_YOU, OK, echo, say
from egress.domain import EgressError
from egress.template import Ci, update, write


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
@click.option(
    "--ci",
    type=click.Choice([one.value for one in Ci]),
    help=f"The CI system whose workflows are written: review, apply, drift. Default: {Ci.GITHUB.value}.",
)
@click.option(
    "--update",
    "updates",
    is_flag=True,
    help="Merge into DIR what this version writes otherwise than the one that wrote it; what you changed stays.",
)
def command(folder: Path, ci: str | None, updates: bool) -> int:
    """Write a new repository: app, example domain, pinned version, workflows for CI.

    DIR may be a repository with files of its own, `.` for instance: what is not there yet is written, and what is there is left
    as it is and told.

    --update merges three ways, by git: what was written then (.egress-template.json), what you have, what is written now.

    Exit codes: 0 written, or all of it was there; 1 it cannot be written, and nothing was; 2 updated, with conflicts to be resolved.
    """
    if updates:
        if ci:
            raise EgressError("--ci goes with a new repository: --update keeps the one that it was written for")
        return _updated(folder)
    done = write(folder, Ci(ci or Ci.GITHUB))
    for name in done.files:
        echo(name)
    if done.left:
        say(f"there already and left as they are: {', '.join(done.left)}")
    if done.unignored:
        say(f"add to .gitignore: {' '.join(done.unignored)}")
    if not done.files:
        return OK
    say(
        f"next: cd {folder}; egress lab & to have something to act on, then EGRESS_LAB=.lab/lab.json egress apply wld01\n"
        "README.md goes on from there"
    )
    return OK


def _updated(folder: Path) -> int:
    done = update(folder)
    for name in done.files:
        echo(name)
    if not done.files:
        say(f"nothing to update: it is as this version writes it (last written by {done.written_by})")
    if done.left:
        say(f"gone here, and left so: {', '.join(done.left)}")
    if done.dropped:
        say(f"written by {done.written_by}, and by this version no more: {', '.join(done.dropped)}")
    if done.conflicts:
        say(f"you and the template changed the same lines, look for <<<<<<<: {', '.join(done.conflicts)}")
        return NEEDS_YOU
    if done.files:
        say("read it with git diff, install, and open a pull request")
    return OK
