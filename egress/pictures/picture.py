"""A domain as a graph: Tier-1s, Tier-0, edges, next hops, mappings, and what becomes of packets on each leg. Data, drawn elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from itertools import pairwise

from egress.answers.answer import Answer
from egress.policy import paths
from egress.reachability.flow import Hop, Path, Result
from egress.reachability.topology import Node, NodeKind
from egress.reachability.view import View

RANKS = (NodeKind.POD, NodeKind.TIER1, NodeKind.TIER0_DR, NodeKind.TIER0_SR, NodeKind.ROUTER, NodeKind.HOST)
"""Order of the picture from the inside to the outside."""


@dataclass(frozen=True)
class Box:
    """A node of the picture. `group`: the gateway it is drawn inside of, None for none. `down`: an edge that was taken away.

    lost: why packets are lost here, empty where none is.
    """

    id: str
    kind: NodeKind
    title: str
    lines: tuple[str, ...]
    group: str | None = None
    down: bool = False
    lost: tuple[str, ...] = ()


@dataclass(frozen=True)
class Line:
    """A leg, from the inside to the outside. `result`: ALL where every packet over it, or answer, gets on; NONE where each is lost right after
    it, SOME in between, None where no question goes. `label`: whose packets these are. `back`: they go from the outside to the inside
    only.
    """

    start: str
    end: str
    label: str = ""
    result: Result | None = None
    back: bool = False


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
    lost = _losers(answers)
    boxes = [
        _box(nodes[name], lost.get(name, ()))
        for name in nodes
        if nodes[name].kind in RANKS and _relevant(view, nodes[name])
    ]
    boxes += [
        Box(f"{_tier0(view)}/{edge}", NodeKind.TIER0_SR, edge, ("down",), _tier0(view), True)
        for edge in sorted(view.around.world.down)
    ]
    edges = [uplink.edge for uplink in view.domain.tier0.uplinks]
    boxes.sort(key=lambda box: (RANKS.index(box.kind), edges.index(box.title) if box.title in edges else 0))
    shown = {box.id for box in boxes}
    legs = _legs(view, answers)
    pairs = dict.fromkeys([*_neighbours(view, shown), *(pair for pair in legs if set(pair) <= shown)])
    lines = [_line(start, end, legs.get((start, end))) for start, end in pairs]
    return Picture(f"{view.domain.stack}: {view.source}", tuple(boxes), tuple(lines), tuple(_lost(answers)))


def _tier0(view: View) -> str:
    return paths.last(view.gateway)


def _relevant(view: View, node: Node) -> bool:
    """Not the Tier-1s of other domains on the same Tier-0."""
    return node.kind is not NodeKind.TIER1 or node.name in view.around.world.tier1


def _box(node: Node, lost: tuple[str, ...]) -> Box:
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
    return Box(node.name, node.kind, title, (*standby, *addresses, *routes, *translations), group, lost=lost)


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


@dataclass
class _Leg:
    """What goes over a pair of nodes: how each packet fared, whose packets go out, and whose answers come in."""

    results: set[Result] = field(default_factory=set)
    sources: set[str] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)
    outwards: bool = False


def _legs(view: View, answers: Sequence[Answer]) -> dict[tuple[str, str], _Leg]:
    """Every leg that a packet or its answer takes, from the inside to the outside."""
    nodes = view.topology.nodes
    legs: dict[tuple[str, str], _Leg] = {}
    for answer in answers:
        for path in answer.finding.verdict.paths:
            for hops in (path.forward, path.back):
                for one, two in pairwise(hops):
                    outwards = RANKS.index(nodes[one.node].kind) <= RANKS.index(nodes[two.node].kind)
                    pair = (one.node, two.node) if outwards else (two.node, one.node)
                    leg = legs.setdefault(pair, _Leg())
                    leg.results.add(Result.NONE if _loses(path, two) else Result.ALL)
                    leg.outwards |= outwards
                    if answer.question.sender:
                        whose = leg.sources if hops is path.forward else leg.answered
                        whose.add(str(two.before.source if hops is path.forward else two.before.destination))
    return legs


def _loses(path: Path, hop: Hop) -> bool:
    return not path.returned and hop is path.last


def _line(start: str, end: str, leg: _Leg | None) -> Line:
    if leg is None:
        return Line(start, end)
    result = next(iter(leg.results)) if len(leg.results) == 1 else Result.SOME
    label = _in_order(leg.sources) if leg.sources else f"answers to {_in_order(leg.answered)}" if leg.answered else ""
    return Line(start, end, label, result, back=not leg.outwards)


def _in_order(addresses: set[str]) -> str:
    return ", ".join(sorted(addresses, key=lambda one: (ip_address(one).version, ip_address(one).packed)))


def _losers(answers: Sequence[Answer]) -> dict[str, tuple[str, ...]]:
    """The nodes where packets are lost, and why."""
    found: dict[str, dict[str, None]] = {}
    for answer in answers:
        for path in answer.finding.verdict.failing:
            if path.last.drop:
                found.setdefault(path.last.node, {})[path.last.drop.value] = None
    return {node: tuple(reasons) for node, reasons in found.items()}


def _lost(answers: Sequence[Answer]) -> list[str]:
    lost = []
    for answer in answers:
        if not answer.known:
            lost.append(f"{answer.question.title}: {answer.word}, {answer.finding.unseen[0].what} was not seen")
            continue
        for path in answer.finding.verdict.failing[:1]:
            hop = path.last
            way = "answer" if path.back else "packet"
            lost.append(f"{answer.question.title}: {way} lost at {hop.node}, {hop.drop.value if hop.drop else ''}")
    return lost
