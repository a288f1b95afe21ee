"""`egress plan`: what an apply would do."""

from __future__ import annotations

from pathlib import Path

import click

from egress.cli._runs import each_stack, prepare, show_words
from egress.cli.context import Project
from egress.cli.output import NEEDS_YOU, OK, echo, print_json, say
from egress.delivery import plans, summary


@click.command("plan")
@click.argument("stacks", nargs=-1, metavar="[STACK]...")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Save the plans in this folder for apply --saved."
)
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON value on standard output instead of the engine's words."
)
@click.option(
    "--summary",
    "summary_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Append the plans to this file as Markdown, for instance to $GITHUB_STEP_SUMMARY.",
)
@click.pass_obj
def command(
    project: Project, stacks: tuple[str, ...], out: Path | None, as_json: bool, summary_file: Path | None
) -> int:
    """Synthesise and plan; nothing is written to the manager.

    Exit codes: 0 no changes; 1 a plan failed; 2 there are changes.
    """
    made = []
    for stack in each_stack(prepare(project, stacks)):
        plan = plans.make(stack, capture=as_json or summary_file is not None)
        made.append(plan)
        if summary_file:
            summary.append(summary_file, summary.of_plan(plan))
            if not as_json:
                echo(plan.words)
        if out:
            plans.save(plan, out)
    if out:
        say(f"saved in {out}: egress apply --saved {out}")
    if as_json:
        print_json([{"stack": plan.stack.name, **plans.summary(plan.as_data())} for plan in made])
    else:
        show_words(made)
    return NEEDS_YOU if any(plan.changes for plan in made) else OK
