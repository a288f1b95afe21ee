"""`egress explain`: will the packet get there, and back?"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import click

from egress.answers.answer import Answer, answers
from egress.answers.asking import Ask
from egress.answers.assumptions import unasked
from egress.cli._names import Sender, Target, stacks_argument
from egress.cli._parts import in_parts
from egress.cli._views import Reading, seen_otherwise, source_options, views
from egress.cli.context import Project
from egress.cli.output import NEEDS_YOU, OK, Styled, print_grid, print_json, show_lines
from egress.escape import line
from egress.reachability.flow import Protocol
from egress.reachability.view import View

_COLOURS = {"works": "green", "fails": "red"}
_GAPS = 3
"""Gaps that are told of one flow; all of them stand below."""
Line: TypeAlias = tuple[Styled, ...]


@click.command("explain")
@stacks_argument
@click.option(
    "--from",
    "origin",
    metavar="WHO",
    type=Sender("outside"),
    help="outside, a mapping (supervisor, tkg, ...), a Tier-1, an edge or an address.",
)
@click.option("--to", metavar="WHERE", type=Target(), help="registry, ingress or an address.")
@click.option("--port", type=click.IntRange(1, 65535), help="Destination port. Default: 443, for a DNS server 53.")
@click.option("--proto", type=click.Choice([one.value for one in Protocol]), help="Default: tcp, for port 53 udp.")
@source_options
@click.option("--hops", is_flag=True, help="Show every hop of every path, also of flows that work.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON value.")
@click.pass_obj
def command(
    project: Project,
    stacks: tuple[str, ...],
    origin: str | None,
    to: str | None,
    port: int | None,
    proto: str | None,
    plan: Path | None,
    live: bool,
    lost: tuple[str, ...],
    hops: bool,
    as_json: bool,
) -> int:
    """Say whether image pulls, DNS lookups and the ingress work, and what is missing.

    Nothing is sent: packets are walked there and back, hop by hop. The walk goes over the domain file as if it were applied, over a plan (--plan), or over what is on the
    manager now (--live). --from and --to ask about one flow of your own.
    """
    asked = Ask(origin, to, port, Protocol(proto) if proto else None)
    reading = None if live or plan else Reading(project, stacks)

    def part(of: Collection[str]) -> tuple[bool, list[dict[str, Any]]]:
        """Whether all is well, and what to print as JSON. Anything else is printed."""
        told: list[dict[str, Any]] = []
        well = True
        for view in views(project, of, plan, live, lost, asked.wishes, reading.neighbours if reading else None):
            these = answers(view, asked)
            well = well and all(answer.works for answer in these) and not (asked.usual and view.doubtful)
            if as_json:
                told.append(_as_json(view, these, asked.usual))
            else:
                show(view, these, hops, unasked(view) if asked.usual else ())
        return well, told

    parts = in_parts(reading.stacks, part, reading.read) if reading else [part(stacks)]
    if as_json:
        print_json([one for _, told in parts for one in told])
    return OK if all(well for well, _ in parts) else NEEDS_YOU


def _as_json(view: View, these: list[Answer], usual: bool) -> dict[str, Any]:
    return {
        "stack": view.domain.stack,
        "source": str(view.source),
        "without": list(view.lost),
        "assumed": list(view.notes),
        "differs": list(view.differs),
        "watched": list(view.watched),
        "not_seen": [str(one) for one in view.unseen],
        "not_walked": list(unasked(view)) if usual else [],
        "answers": [answer.as_json() for answer in these],
    }


def show(view: View, these: Sequence[Answer], hops: bool, unasked: Iterable[str]) -> None:
    """Prints a table of answers, and what is missing below it. hops: with every hop. unasked: what no question is about."""
    without = f", without {', '.join(view.lost)}" if view.lost else ""
    show_lines([((view.domain.stack, "bold"), f" ({view.source}{without})")])
    print_grid(("flow", "verdict", "seen as", "missing"), [_row(answer) for answer in these])
    show_lines(_below(view, these, hops, unasked))


def _row(answer: Answer) -> tuple[Styled, ...]:
    """Question, verdict, the source address that the far side sees, what is missing."""
    word = (answer.word, _COLOURS.get(answer.word, "yellow"))
    missing = ", ".join(f"{remedy.missing.value} {remedy.name}" for remedy in answer.finding.remedies)
    seen = ", ".join(str(address) for address in answer.finding.verdict.seen) or "-"
    return line(answer.question.title), word, seen, line(missing) or ("" if answer.works else "see below")


def _below(view: View, these: Sequence[Answer], hops: bool, unasked: Iterable[str]) -> Iterator[Line]:
    for answer in these:
        if not answer.known:
            yield from _unknown(answer)
        elif not answer.works:
            yield from _failure(answer)
        if hops:
            yield from _hops(answer)
    for sentence in (*seen_otherwise(view), *(f"assumed: {note}" for note in view.notes), *unasked):
        yield (line(sentence),)


def _unknown(answer: Answer) -> Iterator[Line]:
    yield "\n", (answer.question.title, "bold")
    for one in answer.finding.unseen[:_GAPS]:
        yield (line(f"  not seen    {one}"),)


def _failure(answer: Answer) -> Iterator[Line]:
    path = answer.finding.verdict.failing[0]
    way = "the answer" if path.back else "the packet"
    hop = path.last
    yield "\n", (answer.question.title, "bold")
    yield (line(f"  people see  {answer.symptom}"),)
    yield (line(f"  it ends at  {hop.node}: {way} {hop.before} is lost, {hop.drop.value if hop.drop else ''}"),)
    for remedy in answer.finding.remedies:
        yield (line(f"  because     {remedy.why}"),)
        yield (line(f"  to do       {remedy.fix}"),)
    if answer.finding.more:
        yield ("  more        with that in place it still would not work: --hops shows the way",)


def _hops(answer: Answer) -> Iterator[Line]:
    paths = answer.finding.verdict.paths
    for number, path in enumerate(paths, 1):
        yield (f"\n{answer.question.title}, path {number} of {len(paths)}",)
        for direction, steps in (("there", path.forward), ("back", path.back)):
            for hop in steps:
                yield (line(f"  {direction:5}  {hop.in_words()}"),)
