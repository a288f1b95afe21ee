"""What can be missing when a flow fails, as a value, and views with it put in."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from egress.domain import HaMode
from egress.domain.addresses import Address, Network, single
from egress.policy.gateways import Rule
from egress.policy.leaving import seen_outside
from egress.policy.owned import beside_the_way_out
from egress.policy.paths import last
from egress.policy.tree import PolicyObjects
from egress.reachability.flow import Hop, Path
from egress.reachability.outage import without_next_hops
from egress.reachability.topology import NodeKind
from egress.reachability.view import View
from egress.reachability.world import WorldRoute


class Missing(StrEnum):
    """What kind of thing is missing or wrong. The first three are the steps of the write-up."""

    DEFAULT_ROUTE = "default route"
    NAT_RULE = "NAT rule"
    RETURN_ROUTE = "return route"
    UPSTREAM_ROUTE = "upstream route"
    NAT_SCOPE = "NAT scope"
    EGRESS_ADDRESS = "egress address"
    NULL_ROUTE = "null route"
    NEXT_HOP = "next hop"
    REVERSE_PATH = "loose uRPF"
    TRANSLATED_ADDRESS = "translated address"
    EDGE = "edge"
    OWN_ADDRESS = "own address"
    FOREIGN_RULE = "foreign rule"
    FOREIGN_ROUTE = "foreign route"
    EDGE_CLUSTER = "edge cluster"
    REALIZATION = "realization"
    BFD = "BFD"
    ADVERTISEMENT = "route advertisement"


@dataclass(frozen=True)
class Remedy:
    """Something missing. `at`: node or gateway. `name`: id of the object, or a route's text. `why`, `fix`: sentences.

    `route`: set for return and upstream routes.
    """

    missing: Missing
    at: str
    name: str
    why: str
    fix: str
    route: WorldRoute | None = None

    def as_json(self) -> dict[str, Any]:
        """The remedy as plain values."""
        return {
            "missing": self.missing.value,
            "at": self.at,
            "name": self.name,
            "why": self.why,
            "fix": self.fix,
        }


@dataclass(frozen=True)
class Proposal:
    """A remedy, and how it is put in place: makes the view with it; None where a person has to decide what to put in."""

    remedy: Remedy
    put_in: Callable[[], View] | None = None


def translated_to(view: View, rule: Rule, address: Address) -> Callable[[], View]:
    """Gives a rule of the gateway another translated address."""
    return objects_changed(view, {rule.path: {**view.objects[rule.path], "translated_network": str(address)}})


def spare(view: View, version: int, path: Path | None = None) -> Address | None:
    """An address of an uplink network that nobody in this view has: of the uplink that a packet left by, else of the first one on the way out.

    path: what the packet went.
    """
    left, beside = left_by(path) if path else None, beside_the_way_out(view.domain)
    external = [face for face in view.tier0.interfaces if face.external]
    external.sort(key=lambda face: (not left or face.name != left.left, face.name in beside))
    for face in external:
        for one in face.addresses:
            if one.version == version:
                for index in range(1, min(one.network.num_addresses - 1, 4096)):
                    found: Address = one.network[-1 - index]
                    if not view.walker.holds(found):
                        return found
    return None


def left_by(path: Path) -> Hop | None:
    """Where a packet left the Tier-0."""
    return next((one for one in reversed(path.forward) if one.kind is NodeKind.TIER0_SR and one.left), None)


def objects_changed(view: View, changed: PolicyObjects) -> Callable[[], View]:
    """Puts Policy objects into a view, in place of those of the same path."""
    return lambda: view.put_in(changed)


def with_route(view: View, node: str, route: WorldRoute) -> Callable[[], View]:
    """Puts a route more on a host or router of the world."""
    return lambda: _with_route(view, node, route)


def without_way(view: View, node: str, via: Address) -> Callable[[], View]:
    """Takes a way out of the routes of a router of the world."""

    def without(route: WorldRoute) -> WorldRoute:
        return replace(route, via=tuple(one for one in route.via if one != via))

    def put_in() -> View:
        world = view.around.world
        routers = (
            replace(one, routes=tuple(map(without, one.routes))) if one.name == node else one for one in world.routers
        )
        return view.in_world(replace(world, routers=tuple(routers)))

    return put_in


def without_next_hop(view: View, address: Address) -> Callable[[], View]:
    """Takes a next hop out of the static routes of the gateway; a route that has no other goes with it."""
    return lambda: view.changed(without_next_hops(view.objects, view.gateway, {str(address)}))


def translating(view: View, path: Path) -> list[Rule]:
    """The rule that gave the packet of a path its last source address on the way out, as far as it names one address."""
    left = left_by(path)
    names = left.rules[-1:] if left else ()
    found = [rule for rule in view.tier0.rules if last(rule.path) in names and rule.translated is not None]
    return [rule for rule in found if rule.translated is not None and rule.translated.num_addresses == 1]


def _with_route(view: View, node: str, route: WorldRoute) -> View:
    """The view with a route more on a host or router of the world."""
    world = view.around.world
    hosts = tuple(replace(one, routes=(*one.routes, route)) if one.name == node else one for one in world.hosts)
    routers = tuple(replace(one, routes=(*one.routes, route)) if one.name == node else one for one in world.routers)
    return view.in_world(replace(world, hosts=hosts, routers=routers))


def ways_in(view: View, version: int, interfaces: Collection[str] | None = None) -> tuple[Address, ...]:
    """Addresses by which routers reach what is behind the Tier-0: every uplink on ACTIVE_ACTIVE, so that losing an edge loses
    nothing; the HA VIP, else the active edge's uplinks, on ACTIVE_STANDBY (a standby edge forwards nothing).

    interfaces: names of the external interfaces that count; left out: those of the way out.
    """
    tier0 = view.tier0
    external = [one for one in tier0.interfaces if one.external]
    beside = beside_the_way_out(view.domain)
    counted = [one for one in external if (one.name not in beside if interfaces is None else one.name in interfaces)]
    external = counted or external
    if tier0.ha_mode is HaMode.ACTIVE_STANDBY:
        held = {one.path for one in external}
        vips = tuple(
            one.ip for vip in tier0.vips if vip.interfaces & held for one in vip.addresses if one.version == version
        )
        if vips:
            return vips
        external = [one for one in external if one.edge == external[0].edge]
    return tuple(one.ip for face in external for one in face.addresses if one.version == version)


def wide(view: View, target: Address) -> Network:
    """The network that a route for `target` should name: the range or routed network of the file that it is in, else itself."""
    domain = view.domain
    named = [*seen_outside(domain), *([domain.ingress.range] if domain.ingress else []), *domain.egress.routed]
    return next((network for network in named if target in network), single(target))


def near(view: View, node: str, addresses: tuple[Address, ...]) -> tuple[Address, ...]:
    """Those of the addresses that lie in a connected network of a node."""
    own = [one.network for face in view.topology.nodes[node].interfaces for one in face.addresses]
    return tuple(address for address in addresses if any(address in network for network in own))
