"""`egress report`: everything about a domain on one page."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from egress.checks import check
from egress.cli._drawing import svg
from egress.cli._page import Content, page
from egress.cli._views import source_options, views
from egress.cli.context import Project
from egress.cli.explain import answers
from egress.cli.output import NEEDS_YOU, OK, say
from egress.cli.topology import picture
from egress.reachability.asking import Ask
from egress.reachability.returns import missing_routes
from egress.writing import write


@click.command("report")
@click.argument("stack")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File. Default: report-STACK.html in the current folder.",
)
@source_options
@click.pass_obj
def command(
    project: Project, stack: str, output: Path | None, plan: Path | None, live: bool, edges: tuple[str, ...]
) -> int:
    """Write one self-contained HTML page: picture, checks, flows, missing routes. It can be mailed.

    Exit code 2: the page is written, and it shows a flow that fails or a check that is broken.
    """
    (view,) = views(project, [stack], plan, live, edges)
    found = answers(view, Ask())
    judged = check([view.domain])
    routes = missing_routes(view, [answer.finding for answer in found])
    made = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    target = output or Path(f"report-{stack}.html")
    write(target, page(Content(view, svg(picture(view)), judged, found, routes, made)))
    say(f"wrote {target}")
    return OK if all(answer.works for answer in found) and not judged.failed else NEEDS_YOU
