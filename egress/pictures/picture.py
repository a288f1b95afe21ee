"""A domain as a graph: Tier-1s, Tier-0, edges, next hops, mappings, and the verdicts on the edges. Data, drawn elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from egress.answers.answer import Answer
from egress.answers.causes import Finding
from egress.policy import paths
from egress.reachability.flow import Path, Result
from egress.reachability.topology import Node, NodeKind
from egress.reachability.view import View

RANKS = (NodeKind.POD, NodeKind.TIER1, NodeKind.TIER0_DR, NodeKind.TIER0_SR, NodeKind.ROUTER, NodeKind.HOST)
"""Order of the picture from the inside to the outside."""


@dataclass(frozen=True)
class Box:
    """A node of the picture. `group`: the gateway it is drawn inside of, None for none. `down`: an edge that was taken away."""

    id: str
    kind: NodeKind
    title: str
    lines: tuple[str, ...]
    group: str | None = None
    down: bool = False


@dataclass(frozen=True)
class Line:
    """A connection. `result`: verdict of the flows over it, None where no question goes. `label`: what they look like there."""

    start: str
    end: str
    label: str = ""
    result: Result | None = None


@dataclass(frozen=True)
class Picture:
    """A graph with its title. `lost`: what ends where, in words."""

    title: str
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    lost: tuple[str, ...]


def draw(view: View, answers: Sequence[Answer]) -> Picture:
    """The picture of a view with the answers to its questions."""
    nodes = view.topology.nodes
    boxes = [_box(nodes[name]) for name in nodes if nodes[name].kind in RANKS and _relevant(view, nodes[name])]
    boxes += [
        Box(f"{_tier0(view)}/{edge}", NodeKind.TIER0_SR, edge, ("down",), _tier0(view), True)
        for edge in sorted(view.around.world.down)
    ]
    boxes.sort(key=lambda box: RANKS.index(box.kind))
    shown = {box.id for box in boxes}
    results = _used(answers)
    pairs = dict.fromkeys([*_neighbours(view, shown), *(pair for pair in results if set(pair) <= shown)])
    lines = [
        Line(start, end, _label(results.get((start, end))), _verdict(results.get((start, end)))) for start, end in pairs
    ]
    return Picture(f"{view.domain.stack}: {view.source}", tuple(boxes), tuple(lines), tuple(_lost(answers)))


def _tier0(view: View) -> str:
    return paths.last(view.gateway)


def _relevant(view: View, node: Node) -> bool:
    """Not the Tier-1s of other domains on the same Tier-0."""
    return node.kind is not NodeKind.TIER1 or node.name in view.around.world.tier1


def _box(node: Node) -> Box:
    addresses = [str(one.ip) for face in node.interfaces for one in face.addresses if _worth(node, face.name)]
    translations = [
        f"{rule.sources[0] if rule.sources else 'any'} -> {rule.translated}"
        for rule in sorted(node.rules, key=lambda rule: rule.rank)
        if node.kind is NodeKind.TIER0_SR and rule.translated
    ]
    translations = [text.replace("/32", "") for text in translations]
    routes = [
        f"{route.to} via {', '.join(str(hop.via) for hop in route.hops if hop.via)}"
        for route in node.routes
        if paths.is_static_route(route.origin)
    ]
    title = node.edge or {NodeKind.TIER0_DR: f"{node.gateway} (DR)"}.get(node.kind, node.name)
    group = node.gateway if node.kind in (NodeKind.TIER0_DR, NodeKind.TIER0_SR) else None
    standby = ["standby"] if node.kind is NodeKind.TIER0_SR and not node.forwards else []
    return Box(node.name, node.kind, title, (*standby, *addresses, *routes, *translations), group)


def _worth(node: Node, interface: str) -> bool:
    """Addresses that people know: not those of the links inside NSX."""
    return node.kind not in (NodeKind.TIER0_DR, NodeKind.TIER1) and interface != "transit"


def _neighbours(view: View, shown: set[str]) -> list[tuple[str, str]]:
    """Pairs that share a segment, from the inside to the outside."""
    members: dict[str, list[Node]] = {}
    for node in view.topology.nodes.values():
        for face in node.interfaces:
            if node.name in shown:
                members.setdefault(face.segment, []).append(node)
    pairs = []
    for segment in members.values():
        for one in segment:
            for other in segment:
                if RANKS.index(one.kind) < RANKS.index(other.kind):
                    pairs.append((one.name, other.name))
    return pairs


def _steps(path: Path) -> list[tuple[str, str, str]]:
    hops = path.forward
    return [(one.node, two.node, str(two.before.source)) for one, two in pairwise(hops)]


def _used(answers: Sequence[Answer]) -> dict[tuple[str, str], list[tuple[Result, str]]]:
    """For each pair of nodes the verdicts of the flows that pass there, and the source addresses of those from inside."""
    used: dict[tuple[str, str], list[tuple[Result, str]]] = {}
    for answer in answers:
        for path in answer.finding.verdict.paths:
            result = Result.ALL if path.returned else Result.NONE
            for start, end, source in _steps(path):
                first, second = sorted((start, end), key=lambda name: _rank(answer.finding, name))
                used.setdefault((first, second), []).append((result, source if answer.question.sender else ""))
    return used


def _rank(finding: Finding, name: str) -> int:
    for path in finding.verdict.paths:
        for hop in path.forward:
            if hop.node == name:
                return RANKS.index(hop.kind)
    return len(RANKS)


def _verdict(used: list[tuple[Result, str]] | None) -> Result | None:
    if not used:
        return None
    found = {result for result, _ in used}
    return next(iter(found)) if len(found) == 1 else Result.SOME


def _label(used: list[tuple[Result, str]] | None) -> str:
    return ", ".join(sorted({source for _, source in used if source})) if used else ""


def _lost(answers: Sequence[Answer]) -> list[str]:
    lost = []
    for answer in answers:
        for path in answer.finding.verdict.failing[:1]:
            hop = path.last
            way = "answer" if path.back else "packet"
            lost.append(f"{answer.question.title}: {way} lost at {hop.node}, {hop.drop.value if hop.drop else ''}")
    return lost
