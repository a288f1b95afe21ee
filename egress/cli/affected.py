"""`egress affected`: the stacks that a change affects."""

from __future__ import annotations

from pathlib import Path

import click

from egress.cli.context import Project
from egress.cli.output import echo, print_json, progress, say
from egress.delivery import summary
from egress.delivery.affected import Why, affected
from egress.writing import append


@click.command("affected")
@click.option(
    "--base", required=True, metavar="DIR|REF", help="A folder with the project as it was, or a git reference."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON value on standard output.")
@click.option(
    "--summary",
    "summary_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Append the answer to this file as Markdown, for instance to $GITHUB_STEP_SUMMARY.",
)
@click.pass_obj
def command(project: Project, base: str, as_json: bool, summary_file: Path | None) -> None:
    """Print the stacks whose synthesised Terraform differs from the base's, one a line.

    Both are synthesised with the installed version, and their bytes compared; a comment or the order of keys affects nothing. A
    stack whose file is gone is not printed, as it cannot be planned, but told on standard error. When the pinned
    requirements or a provider lock differ, every stack is affected.

    Exit codes: 0 answered; 1 the project does not synthesise, or git does not know the base.
    """
    with progress(f"synthesising here and {base}"):
        found = affected(project.root, Path(base).resolve() if base and Path(base).is_dir() else base)
    if summary_file:
        append(summary_file, summary.of_affected(found, base))
    for one in found:
        if one.detail:
            say(f"{one.stack}: {one.why}: {one.detail}")
    if as_json:
        print_json([{"stack": one.stack, "why": one.why.value, "detail": one.detail} for one in found])
    else:
        for one in found:
            if one.why is not Why.REMOVED:
                echo(one.stack)
