"""`egress routes`: routes that are missing outside NSX, ready to be entered."""

from __future__ import annotations

from pathlib import Path

import click

from egress.answers.returns import OutsideRoute, assumed_routes, missing_routes
from egress.answers.route_text import FORMATS, INTERFACE, render
from egress.cli._names import stacks_argument
from egress.cli._views import seen_otherwise, source_options, views
from egress.cli.context import Project
from egress.cli.output import NEEDS_YOU, OK, console, echo, grid, print_json, print_table, say
from egress.escape import line
from egress.reachability.view import View


@click.command("routes")
@stacks_argument
@click.option(
    "--format",
    "wanted",
    type=click.Choice(["table", *FORMATS]),
    default="table",
    show_default=True,
    help="Whose commands to print.",
)
@click.option("--all", "everything", is_flag=True, help="Also routes that are taken for granted.")
@source_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON value.")
@click.pass_obj
def command(
    project: Project,
    stacks: tuple[str, ...],
    wanted: str,
    everything: bool,
    plan: Path | None,
    live: bool,
    lost: tuple[str, ...],
    as_json: bool,
) -> int:
    """Print the routes that DNS servers and the upstream router lack.

    A host that sees egress addresses un-translated needs a way back to them. Nothing is changed anywhere. Once a route is
    there, say so in the domain file (return_routes), and explain counts on it. Exit code 2: something is missing.
    """
    found = [(view, missing_routes(view)) for view in views(project, stacks, plan, live, lost)]
    if as_json:
        print_json([_as_json(view, missing) for view, missing in found])
    else:
        for view, missing in found:
            _show(view, missing, wanted, everything)
    return NEEDS_YOU if any(missing or view.doubtful for view, missing in found) else OK


def _show(view: View, missing: tuple[OutsideRoute, ...], wanted: str, everything: bool) -> None:
    granted = assumed_routes(view) if everything else ()
    for sentence in seen_otherwise(view):
        say(line(sentence))
    if wanted == "table":
        _show_table(view, missing, granted)
        return
    echo(render(wanted, [*missing, *granted]), nl=False)
    if not missing:
        say(_nothing(view))
    if wanted == "netplan" and (missing or granted):
        say(f"{INTERFACE} stands for the interface towards the Tier-0: put its name there")


def _nothing(view: View) -> str:
    if view.doubtful:
        return f"{view.domain.stack}: cannot know whether a route is missing outside NSX: not everything was seen"
    return f"{view.domain.stack}: no route is missing outside NSX"


def _show_table(view: View, missing: tuple[OutsideRoute, ...], granted: tuple[OutsideRoute, ...]) -> None:
    out = console()
    if not missing:
        out.print(line(_nothing(view)))
    if missing or granted:
        rows = grid("stack", "on", "to", "via", "why", fold=True)
        for route in (*missing, *granted):
            via = ", ".join(str(one) for one in route.via)
            rows.add_row(view.domain.stack, line(route.on), str(route.to), via, line(route.why))
        print_table(rows)


def _as_json(view: View, missing: tuple[OutsideRoute, ...]) -> dict[str, object]:
    return {
        "stack": view.domain.stack,
        "source": str(view.source),
        "differs": list(view.differs),
        "not_seen": [str(one) for one in view.unseen],
        "missing": [_route(route) for route in missing],
        "assumed": [_route(route) for route in assumed_routes(view)],
    }


def _route(route: OutsideRoute) -> dict[str, object]:
    return {"on": route.on, "to": str(route.to), "via": [str(one) for one in route.via], "why": route.why}
