"""Policy objects and a world become a Topology: docs/world.md, "What the nodes are"."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from egress.domain import EgressError
from egress.policy.gateways import Tier0, tier0s
from egress.policy.tier1s import Tier1, tier1s
from egress.policy.tree import PolicyObjects
from egress.reachability.lower import Asked, Lower, apart
from egress.reachability.tier0_nodes import Tier0Nodes
from egress.reachability.tier1_nodes import DEFAULTS
from egress.reachability.topology import Interface, Node, NodeKind, Route, RouteHop, Topology
from egress.reachability.world import Host, Router, World, WorldRoute


def assemble(objects: PolicyObjects, world: World) -> Topology:
    """The topology of the gateways in `objects` with the `world` around them. Errors: EgressError, naming the value."""
    return Assembly(tier0s(objects), tier1s(objects), world).topology


class Assembly:
    """The same of gateways that are typed already, Tier-0s and Tier-1s.

    `imagined`: further Tier-1s, that only the world has. `before`: an earlier assembly. A node that is as it was there is the very same one, so
    that what a walker derived from it holds; `differs`: names of all others, of either; None without an earlier one.
    """

    def __init__(
        self,
        upper: Sequence[Tier0],
        lower: Sequence[Tier1],
        world: World,
        before: Assembly | None = None,
        imagined: Sequence[Tier1] = (),
    ) -> None:
        self._world = world
        by_path = {gateway.path: gateway for gateway in upper}
        asked = Asked(tuple(lower), tuple(imagined), world.tier1, tuple(by_path))
        self._lower: Lower = Lower.of(asked, before._lower if before else None)
        known = before._tier0s if before else {}
        self._tier0s: dict[str, Tier0Nodes] = {
            path: Tier0Nodes(tier0, self._lower.below[path], world, known.get(path)) for path, tier0 in by_path.items()
        }
        outside: list[Host | Router] = [*world.hosts, *world.routers]
        around = [(one, self._outside(one, before)) for one in outside]
        self._around = {one.name: (one, node) for one, node in around}
        upper_nodes = [node for made in self._tier0s.values() for node in made.nodes]
        self._beside = {node.name: node for node in (*upper_nodes, *(node for _, node in around))}
        by_name = self._lower.tier1s.changed({**self._lower.pods, **self._beside})
        if len(by_name) < self._lower.count + len(upper_nodes) + len(around):
            names = [*self._lower.names(), *(node.name for node in upper_nodes), *(one.name for one in outside)]
            twice = sorted(name for name, count in Counter(names).items() if count > 1)
            raise EgressError(f"two nodes of the world are named {twice[0]!r}, every node needs a name of its own")
        self.differs: set[str] | None = None
        if before is not None:
            below = self._lower.differs if self._lower is not before._lower else set()
            self.differs = below | apart(before._beside, self._beside)
        notes = [f"{tier0.id}: {sentence}" for tier0 in upper for sentence in tier0.notes]
        self.topology = Topology(by_name, tuple(notes))

    def _outside(self, one: Host | Router, before: Assembly | None) -> Node:
        if before and before._world.segments == self._world.segments and one.name in before._around:
            known, node = before._around[one.name]
            if known == one:
                return node
        return _host(one, self._world) if isinstance(one, Host) else _router(one, self._world)


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
