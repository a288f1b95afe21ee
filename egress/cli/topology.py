"""`egress topology`: a picture of a domain, with the verdicts on it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from egress.answers.answer import answers
from egress.answers.asking import Ask
from egress.cli._names import stack_argument
from egress.cli._views import seen_otherwise, source_options, views
from egress.cli.context import Project
from egress.cli.output import OK, echo, say
from egress.escape import line
from egress.pictures.drawing import svg
from egress.pictures.graph_text import dot, mermaid, tree
from egress.pictures.picture import Picture, draw
from egress.writing import write

_FORMATS: dict[str, Callable[[Picture], str]] = {"tree": tree, "mermaid": mermaid, "svg": svg, "dot": dot}


@click.command("topology")
@stack_argument
@click.option(
    "--format",
    "wanted",
    type=click.Choice(list(_FORMATS)),
    default="tree",
    show_default=True,
    help="What to draw it as.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="File. Default: standard output.")
@source_options
@click.pass_obj
def command(
    project: Project,
    stack: str,
    wanted: str,
    output: Path | None,
    plan: Path | None,
    live: bool,
    lost: tuple[str, ...],
) -> int:
    """Draw a domain as a tree, in Mermaid or as SVG, with what becomes of packets.

    Drawn are pods, Tier-1s, Tier-0, edges, uplinks, next hops, mappings, and what the packet walk says of them.

    tree is for terminals, mermaid for READMEs, svg for everything else, dot for Graphviz users.
    """
    (view,) = views(project, [stack], plan, live, lost)
    for sentence in seen_otherwise(view):
        say(line(sentence))
    text = _FORMATS[wanted](draw(view, answers(view, Ask())))
    if output is None:
        echo(text, nl=False)
        return OK
    write(output, text)
    say(f"wrote {output}")
    return OK
