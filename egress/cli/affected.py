"""`egress affected`: the stacks that a change affects."""

from __future__ import annotations

import json
from pathlib import Path

import click

from egress.cli._base import base_option
from egress.cli.context import Project
from egress.cli.output import echo, print_json, progress, say
from egress.delivery.change import matrix, summary
from egress.delivery.change.affected import Change, affected
from egress.delivery.change.matrix import System
from egress.writing import append


@click.command("affected")
@base_option("A folder with the project as it was, or a git reference.", required=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON value on standard output.")
@click.option(
    "--matrix",
    "system",
    is_flag=False,
    flag_value=System.GITHUB.value,
    type=click.Choice([one.value for one in System]),
    help="One line of JSON: the fan-out over the stacks, removed ones included. github: a job matrix; gitlab: a child pipeline.",
)
@click.option(
    "--chunks",
    type=click.IntRange(min=1),
    metavar="N",
    help="With --matrix: N jobs at most, the stacks of one Tier-0 in one of them.",
)
@click.option(
    "--summary",
    "summary_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Append the answer to this file as Markdown, for instance to $GITHUB_STEP_SUMMARY.",
)
@click.pass_obj
def command(
    project: Project, base: Path | str, as_json: bool, system: str | None, chunks: int | None, summary_file: Path | None
) -> None:
    """Print the stacks whose synthesised Terraform differs from the base's, one a line.

    Both are synthesised with the installed version, and their bytes compared; a comment or the order of keys affects nothing. A
    stack whose file is gone is not printed, but told on standard error: egress plan --base plans its destruction. A renamed one is
    told as such, with the command that keeps its objects. Where pinned requirements or a provider lock moved, which is told, every
    stack is affected.

    Exit codes: 0 answered; 1 the project does not synthesise, or git does not know the base.
    """
    if as_json and system:
        raise click.UsageError("--json and --matrix are two answers: give one of them")
    if chunks and not system:
        raise click.UsageError("--chunks goes with --matrix")
    with progress(f"synthesising here and {base}"):
        found = affected(project.root, base)
    for note in _notes(found, str(base)):
        say(note)
    if system:
        jobs = matrix.entries(found, chunks, System(system).most)
        echo(json.dumps(matrix.value(jobs, System(system))))
    elif as_json:
        print_json([{"stack": one.stack, "why": one.why.value, "detail": one.detail} for one in found.stacks])
    else:
        for one in found.plannable:
            echo(one.stack)
    if summary_file:
        append(summary_file, summary.of_affected(found.stacks, str(base)))


def _notes(found: Change, base: str) -> list[str]:
    """What a program that reads the names does not see. No name at all has a reason, too."""
    if found.only_pins:
        moved = "\n".join(f"  {one}" for one in found.pins)
        return [f"nothing but pins moved, all {len(found.stacks)} stacks are to be planned:\n{moved}"]
    if not found.stacks:
        return [
            f"no stack differs from {base}" if found.total else f"there is no domain file, neither here nor in {base}"
        ]
    return [f"{one.stack}: {one.why}: {one.detail}" for one in found.stacks if one.detail]
