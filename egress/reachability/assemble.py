"""Policy objects and a world become a Topology: docs/world.md, "What the nodes are"."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from egress.domain import EgressError
from egress.policy.gateways import Tier0, tier0s
from egress.policy.tier1s import Tier1, tier1s
from egress.policy.tree import PolicyObjects
from egress.reachability.tier0_nodes import Tier0Nodes
from egress.reachability.tier1_nodes import DEFAULTS, Link
from egress.reachability.topology import Interface, Node, NodeKind, Route, RouteHop, Topology
from egress.reachability.world import Host, Router, Tier1World, World, WorldRoute


def assemble(objects: PolicyObjects, world: World) -> Topology:
    """The topology of the gateways in `objects` with the `world` around them. Errors: EgressError, naming the value."""
    return Assembly(tier0s(objects), tier1s(objects), world).topology


class Assembly:
    """The same of gateways that are typed already, Tier-0s and Tier-1s.

    `before`: an earlier assembly. A node that is as it was there is the very same one, so that what a walker derived from it holds.
    """

    def __init__(
        self, upper: Sequence[Tier0], lower: Sequence[Tier1], world: World, before: Assembly | None = None
    ) -> None:
        self._world = world
        by_path = {gateway.path: gateway for gateway in upper}
        asked = (tuple(lower), world.tier1, tuple(by_path))
        self._lower: _Lower = before._lower if before and before._lower.asked == asked else _lower(*asked, before)
        known = before._tier0s if before else {}
        self._tier0s: dict[str, Tier0Nodes] = {
            path: Tier0Nodes(tier0, self._lower.below[path], world, known.get(path)) for path, tier0 in by_path.items()
        }
        outside: list[Host | Router] = [*world.hosts, *world.routers]
        around = [(one, self._outside(one, before)) for one in outside]
        self._around = {one.name: (one, node) for one, node in around}
        upper_nodes = [node for made in self._tier0s.values() for node in made.nodes()]
        nodes = (*self._lower.nodes, *upper_nodes, *(node for _, node in around))
        by_name = {node.name: node for node in nodes}
        if len(by_name) < len(nodes):
            twice = sorted(name for name, count in Counter(node.name for node in nodes).items() if count > 1)
            raise EgressError(f"two nodes of the world are named {twice[0]!r}, every node needs a name of its own")
        notes = [f"{tier0.id}: {sentence}" for tier0 in upper for sentence in tier0.notes]
        self.topology = Topology(by_name, tuple(notes))

    def _outside(self, one: Host | Router, before: Assembly | None) -> Node:
        if before and before._world.segments == self._world.segments and one.name in before._around:
            known, node = before._around[one.name]
            if known == one:
                return node
        return _host(one, self._world) if isinstance(one, Host) else _router(one, self._world)


class _Lower(NamedTuple):
    """What hangs below the Tier-0s: links by the Tier-1's id and by the Tier-0's path, nodes. `asked`: what it was made of."""

    asked: tuple[tuple[Tier1, ...], Mapping[str, Tier1World], tuple[str, ...]]
    links: Mapping[str, Link]
    below: Mapping[str, list[Link]]
    nodes: list[Node]


_NOTHING = Tier1World()


def _lower(
    tier1s: tuple[Tier1, ...],
    worlds: Mapping[str, Tier1World],
    tier0s: tuple[str, ...],
    before: Assembly | None,
) -> _Lower:
    known = before._lower.links if before else {}
    links: dict[str, Link] = {}
    below: dict[str, list[Link]] = {path: [] for path in tier0s}
    nodes: list[Node] = []
    for number, tier1 in enumerate(tier1s):
        link = Link(tier1, number, worlds.get(tier1.id, _NOTHING))
        if tier1.id in known and known[tier1.id] == link:
            link = known[tier1.id]
        links[tier1.id] = link
        nodes += link.nodes(tier1.tier0 in below)
        if tier1.tier0 in below:
            below[tier1.tier0].append(link)
    return _Lower((tier1s, worlds, tier0s), links, below, nodes)


def _host(host: Host, world: World) -> Node:
    interfaces = tuple(
        Interface(f"eth{number}", world.segment_of(one), (one,)) for number, one in enumerate(host.addresses)
    )
    own = [WorldRoute(to, (via,)) for via in host.gateway for to in DEFAULTS if to.version == via.version]
    return Node(
        host.name, NodeKind.HOST, interfaces, tuple(_world_routes((*host.routes, *own), interfaces)), forwards=False
    )


def _router(router: Router, world: World) -> Node:
    interfaces = tuple(
        Interface(one.name, world.segment_of(one.addresses[0]), one.addresses, one.urpf == "STRICT")
        for one in router.interfaces
    )
    return Node(router.name, NodeKind.ROUTER, interfaces, tuple(_world_routes(router.routes, interfaces)))


def _world_routes(routes: Iterable[WorldRoute], interfaces: Sequence[Interface]) -> Iterator[Route]:
    for route in routes:
        hops = tuple(
            RouteHop(interface.name, via)
            for via in route.via
            for interface in interfaces
            if any(via in own.network for own in interface.addresses)
        )
        if hops:
            yield Route(route.to, hops, f"route {route.to}")
