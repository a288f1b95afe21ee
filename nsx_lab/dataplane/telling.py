"""What became of a probe, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from nsx_lab.dataplane.dataplane import Outcome

_WHY = {
    "no source address": "has no address of this family to send from",
    "no route": "has no route for it",
    "no neighbour": "finds nobody with that address on the next segment",
    "reverse path": "drops it: uRPF, its source is not reached by the interface where it came in",
    "own source address": "drops it: it comes from one of its own addresses",
    "taken by the gateway": "takes it for itself: no NAT rule claims that address",
    "not forwarding": "does not forward",
    "loop": "gets it again and again: a routing loop",
    "answer from another address": "gets an answer from another address than it asked",
}


def sentence(outcome: Outcome) -> str:
    """One line: answered or lost, and what the far side saw."""
    flow = outcome.flow
    port = f"/{flow.port}" if flow.port else ""
    head = f"{flow.origin} -> {flow.to} {flow.protocol}{port}"
    saw = f"{outcome.at} saw {outcome.source_seen}" if outcome.delivered else ""
    if outcome.returned:
        return f"{head}: answered in {outcome.milliseconds} ms, {saw}"
    where = f"; {lost(outcome)}" if outcome.lost else f"; {outcome.error}" if outcome.error else ""
    if outcome.delivered:
        return f"{head}: timed out, the answer is lost: {saw}{where}"
    return f"{head}: timed out, never arrived{where}"


def lost(outcome: Outcome) -> str:
    """Where it was lost, and why."""
    if not outcome.lost:
        return ""
    return f"{outcome.lost['node']} {_WHY.get(outcome.lost['reason'], outcome.lost['reason'])}"


def hops(outcome: Outcome) -> Iterator[str]:
    """A line for each stay at a node; translations show as a change of addresses."""
    for hop in outcome.hops:
        arrow = "<-" if hop["reply"] else "->"
        change = hop["before"] if hop["before"] == hop["after"] else f"{hop['before']}  becomes  {hop['after']}"
        through = "/".join(part for part in (hop["arrived"], hop["left"]) if part)
        yield f"  {arrow} {hop['node']:<20} {through:<30} {change}"


def table(nodes: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    rows = [(str(node["name"]), str(node["kind"]), "  ".join(node["addresses"])) for node in nodes]
    widths = [max((len(row[column]) for row in rows), default=0) for column in (0, 1)]
    for name, kind, addresses in rows:
        yield f"{name:<{widths[0]}}  {kind:<{widths[1]}}  {addresses}"
