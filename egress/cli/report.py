"""`egress report`: everything about a domain on one page."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from egress.answers.answer import answers
from egress.answers.asking import Ask
from egress.answers.returns import missing_routes
from egress.answers.what_if import what_if
from egress.checks import check
from egress.cli._names import stack_argument
from egress.cli._views import source_options, views
from egress.cli.context import Project
from egress.cli.output import NEEDS_YOU, OK, say
from egress.pictures.drawing import svg
from egress.pictures.page import Content, page
from egress.pictures.picture import draw
from egress.writing import write


@click.command("report")
@stack_argument
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File. Default: report-STACK.html in the current folder.",
)
@source_options
@click.pass_obj
def command(
    project: Project, stack: str, output: Path | None, plan: Path | None, live: bool, lost: tuple[str, ...]
) -> int:
    """Write one self-contained HTML page: picture, checks, flows, missing routes. It can be mailed.

    Exit code 2: the page is written, and it shows a flow that fails or a check that is broken.
    """
    (view,) = views(project, [stack], plan, live, lost)
    found = answers(view, Ask())
    judged = check(project.everyone).about(stack)
    routes = missing_routes(view, [answer.finding for answer in found])
    made = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    target = output or Path(f"report-{stack}.html")
    picture = draw(view, found)
    write(
        target,
        page(
            Content(
                view,
                svg(picture),
                svg(picture, down=True),
                judged,
                found,
                routes,
                made,
                () if view.doubtful else what_if(view),
            )
        ),
    )
    say(f"wrote {target}")
    well = all(answer.works for answer in found) and not view.doubtful
    return OK if well and not judged.failed else NEEDS_YOU
