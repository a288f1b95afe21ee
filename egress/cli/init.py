"""`egress init`: a repository of one's own."""

from __future__ import annotations

import os
from pathlib import Path

import click

from egress.cli.output import NEEDS_YOU, OK, echo, say
from egress.domain import EgressError
from egress.domain.fields import quoted
from egress.domain.files import FOLDER
from egress.scan.edge_cluster import Filled, filled
from egress.template import Ci, update, write
from egress.template.repository import SCHEMA
from egress.toolchain.running.own_files import json_object, read_bytes
from egress.writing import write as write_file


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
@click.option(
    "--ci",
    type=click.Choice([one.value for one in Ci]),
    help=f"The CI system whose workflows are written: review, apply, drift. Default: {Ci.GITHUB.value}.",
)
@click.option(
    "--from-edge-cluster",
    "specification",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Also fill a first domain file from the JSON specification of a VCF edge cluster (VCF API, EdgeClusterCreationSpec).",
)
@click.option(
    "--update",
    "updates",
    is_flag=True,
    help="Merge into DIR what this version writes otherwise than the one that wrote it; what you changed stays.",
)
def command(folder: Path, ci: str | None, specification: Path | None, updates: bool) -> int:
    """Write a new repository: app, example domain, pinned version, workflows for CI.

    DIR may be a repository with files of its own, `.` for instance: what is not there yet is written, and what is there is left
    as it is and told.

    --update merges three ways, by git: what was written then (.egress-template.json), what you have, what is written now.

    --from-edge-cluster writes HA mode, uplinks and edges of the specification into domains/NAME.yaml, with a line QUESTION for what no specification says, and
    lists what it did not understand. Passwords in it go nowhere.

    Exit codes: 0 written, or all of it was there; 1 it cannot be written, and nothing was; 2 updated, with conflicts to be resolved, or written, with questions.
    """
    if updates:
        if ci or specification:
            raise EgressError(
                "--ci and --from-edge-cluster go with a new repository: --update keeps what it was written for"
            )
        return _updated(folder)
    first = _first(specification, folder) if specification else None
    done = write(folder, Ci(ci or Ci.GITHUB))
    for name in done.files:
        echo(name)
    if first:
        write_file(folder / FOLDER / f"{first.name}.yaml", first.text)
        echo(f"{FOLDER}/{first.name}.yaml")
    if done.left:
        say(f"there already and left as they are: {', '.join(done.left)}")
    if done.unignored:
        say(f"add to .gitignore: {' '.join(done.unignored)}")
    if first:
        return _asked(first)
    if not done.files:
        return OK
    say(
        f"next: cd {folder}; egress lab & to have something to act on, then EGRESS_LAB=.lab/lab.json egress apply wld01\n"
        "README.md goes on from there"
    )
    return OK


def _first(specification: Path, folder: Path) -> Filled:
    """A first domain file, before anything is written. Errors: EgressError, also where such a file is there already."""
    shown = f"the file {quoted(str(specification))}"
    expected = "give the JSON specification of an edge cluster (VCF API, EdgeClusterCreationSpec)"
    spec = json_object(read_bytes(specification, "the specification", expected), shown, expected)
    first = filled(spec, shown, f"../{SCHEMA}")
    file = folder / FOLDER / f"{first.name}.yaml"
    if os.path.lexists(file):
        raise EgressError(
            f"{file} is there already, and left as it is: take it away, or name another folder; nothing was written"
        )
    return first


def _asked(first: Filled) -> int:
    """Says what is to be answered in a first domain file."""
    for question in first.questions:
        say(f"question        {question}")
    for one in first.ignored:
        say(f"not understood  {one}")
    say(f"{FOLDER}/{first.name}.yaml does not load before its questions are answered: look for QUESTION in it")
    return NEEDS_YOU


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
