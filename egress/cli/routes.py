"""`egress routes`: routes that are missing outside NSX, ready to be entered."""

from __future__ import annotations

from dataclasses import dataclass
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
    found = [_Found.of(view) for view in views(project, stacks, plan, live, lost)]
    if as_json:
        print_json([one.as_json() for one in found])
    else:
        for one in found:
            _show(one, wanted, everything)
    return NEEDS_YOU if any(one.missing or one.doubtful for one in found) else OK


@dataclass(frozen=True)
class _Found:
    """What is told of one domain. Its view is as large as all that stands on its Tier-0, and is not kept."""

    stack: str
    source: str
    differs: tuple[str, ...]
    not_seen: tuple[str, ...]
    told: tuple[str, ...]
    doubtful: bool
    missing: tuple[OutsideRoute, ...]
    granted: tuple[OutsideRoute, ...]

    @classmethod
    def of(cls, view: View) -> _Found:
        return cls(
            view.domain.stack,
            str(view.source),
            view.differs,
            tuple(map(str, view.unseen)),
            tuple(seen_otherwise(view)),
            view.doubtful,
            missing_routes(view),
            assumed_routes(view),
        )

    @property
    def nothing(self) -> str:
        """What is said where no route is missing."""
        if self.doubtful:
            return f"{self.stack}: cannot know whether a route is missing outside NSX: not everything was seen"
        return f"{self.stack}: no route is missing outside NSX"

    def as_json(self) -> dict[str, object]:
        return {
            "stack": self.stack,
            "source": self.source,
            "differs": list(self.differs),
            "not_seen": list(self.not_seen),
            "missing": [_route(route) for route in self.missing],
            "assumed": [_route(route) for route in self.granted],
        }


def _show(found: _Found, wanted: str, everything: bool) -> None:
    granted = found.granted if everything else ()
    for sentence in found.told:
        say(line(sentence))
    if wanted == "table":
        _show_table(found, granted)
        return
    echo(render(wanted, [*found.missing, *granted]), nl=False)
    if not found.missing:
        say(found.nothing)
    if wanted == "netplan" and (found.missing or granted):
        say(f"{INTERFACE} stands for the interface towards the Tier-0: put its name there")


def _show_table(found: _Found, granted: tuple[OutsideRoute, ...]) -> None:
    out = console()
    if not found.missing:
        out.print(line(found.nothing))
    if found.missing or granted:
        rows = grid("stack", "on", "to", "via", "why", fold=True)
        for route in (*found.missing, *granted):
            via = ", ".join(str(one) for one in route.via)
            rows.add_row(found.stack, line(route.on), str(route.to), via, line(route.why))
        print_table(rows)


def _route(route: OutsideRoute) -> dict[str, object]:
    return {"on": route.on, "to": str(route.to), "via": [str(one) for one in route.via], "why": route.why}
