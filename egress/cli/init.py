"""`egress init`: a repository of one's own."""

from __future__ import annotations

from pathlib import Path

import click

from egress.cli.output import echo, say
from egress.template import Ci, write


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
@click.option(
    "--ci",
    type=click.Choice([one.value for one in Ci]),
    default=Ci.GITHUB.value,
    show_default=True,
    help="The CI system whose workflows are written: review, apply, drift.",
)
def command(folder: Path, ci: str) -> None:
    """Write a new repository: app, example domain, pinned version, workflows that plan, review, apply and look for drift.

    DIR may be a repository with files of its own, `.` for instance: what is not there yet is written, and what is there is left
    as it is and told.

    Exit codes: 0 written, or all of it was there; 1 it cannot be written, and nothing was.
    """
    done = write(folder, Ci(ci))
    for name in done.files:
        echo(name)
    if done.left:
        say(f"there already and left as they are: {', '.join(done.left)}")
    if done.unignored:
        say(f"add to .gitignore: {' '.join(done.unignored)}")
    if not done.files:
        return
    say(
        f"next: cd {folder}; egress lab & to have something to act on, then EGRESS_LAB=.lab/lab.json egress apply wld01\n"
        "README.md goes on from there"
    )
