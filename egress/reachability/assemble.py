"""Policy objects and a world become a Topology: docs/world.md, "What the nodes are"."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from egress.domain import EgressError
from egress.policy.gateways import Tier0, tier0s
from egress.policy.tier1s import Tier1, tier1s
from egress.policy.tree import PolicyObjects
from egress.reachability.tier0_nodes import Tier0Nodes
from egress.reachability.tier1_nodes import DEFAULTS, Link, tier1_nodes
from egress.reachability.topology import Interface, Node, NodeKind, Route, RouteHop, Topology
from egress.reachability.world import Host, Router, Tier1World, World, WorldRoute


def assemble(objects: PolicyObjects, world: World) -> Topology:
    """The topology of the gateways in `objects` with the `world` around them. Errors: EgressError, naming the value."""
    return assembled(tier0s(objects), tier1s(objects), world)


def assembled(upper: Sequence[Tier0], lower: Sequence[Tier1], world: World) -> Topology:
    """The same of gateways that are typed already: Tier-0s and Tier-1s."""
    nodes: list[Node] = []
    notes: list[str] = []
    by_path = {gateway.path: gateway for gateway in upper}
    below: dict[str, list[Link]] = {path: [] for path in by_path}
    for number, tier1 in enumerate(lower):
        link = Link(tier1, number, world.tier1.get(tier1.id, Tier1World()))
        nodes += tier1_nodes(link, by_path.get(tier1.tier0 or ""))
        if tier1.tier0 in below:
            below[tier1.tier0].append(link)
    for path, tier0 in by_path.items():
        nodes += Tier0Nodes(tier0, below[path], world).nodes()
        notes += [f"{tier0.id}: {sentence}" for sentence in tier0.notes]
    nodes += [_host(host, world) for host in world.hosts]
    nodes += [_router(router, world) for router in world.routers]
    names = [node.name for node in nodes]
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        raise EgressError(f"two nodes of the world are named {twice[0]!r}, every node needs a name of its own")
    return Topology({node.name: node for node in nodes}, tuple(notes))


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
