"""`egress init`: a repository of one's own."""

from __future__ import annotations

from pathlib import Path

import click

from egress.cli.output import echo, say
from egress.template import write


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
def command(folder: Path) -> None:
    """Write a new repository into DIR: the app, an example domain, the pinned version, a GitHub workflow that plans.

    A file that is there already is never overwritten.

    Exit codes: 0 written; 1 something is in the way, nothing was written.
    """
    for name in write(folder):
        echo(name)
    say(
        f"next: cd {folder}; egress lab & to have something to act on, then EGRESS_LAB=.lab/lab.json egress apply wld01\n"
        "README.md goes on from there"
    )
