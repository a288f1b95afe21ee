"""A Tier-0 as nodes: the DR, and an SR for each edge that is up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface
from typing import TypeAlias

from egress.domain import HaMode, NatAction
from egress.domain.addresses import Address, InterfaceAddress, Network, single
from egress.policy.gateways import Rule, StaticRoute, Tier0, Tier0Interface
from egress.policy.paths import last
from egress.reachability.tier1_nodes import DEFAULTS, Link
from egress.reachability.topology import Interface, NatRule, Node, NodeKind, Route, RouteHop
from egress.reachability.translation import STATEFUL
from egress.reachability.world import World

_TRANSIT_V4 = int(IPv4Address("169.254.0.0"))
_TRANSIT_V6 = int(IPv6Address("fd00:254::"))
_ToTier1: TypeAlias = Callable[[Link, Network], RouteHop]


def dr_name(tier0: str) -> str:
    """Name of the node that stands for the distributed router of a Tier-0."""
    return f"{tier0}/dr"


def sr_name(tier0: str, edge: str) -> str:
    """Name of the node that stands for the service router of a Tier-0 on an edge."""
    return f"{tier0}/{edge}"


@cache
def _transit(number: int) -> tuple[InterfaceAddress, ...]:
    return IPv4Interface((_TRANSIT_V4 + number, 24)), IPv6Interface((_TRANSIT_V6 + number, 64))


class Tier0Nodes:
    """The DR of a Tier-0 and an SR for each edge that is up."""

    def __init__(self, tier0: Tier0, links: Sequence[Link], world: World) -> None:
        self._tier0 = tier0
        self._links = links
        self._world = world
        self._up = [edge for edge in tier0.edges if edge not in world.down]
        self._working = self._up
        if tier0.ha_mode is HaMode.ACTIVE_STANDBY:
            wanted = world.active.get(tier0.id)
            self._working = [wanted] if wanted in self._up else self._up[:1]

    def nodes(self) -> list[Node]:
        """The DR first, then the SRs in the order of the edges."""
        return [self._dr(), *(self._sr(edge) for edge in self._up)]

    def _transit(self, edge: str | None) -> tuple[InterfaceAddress, ...]:
        number = 1 if edge is None else self._tier0.edges.index(edge) + 2
        return _transit(number)

    def _interfaces_of(self, edge: str) -> list[Tier0Interface]:
        """External interfaces of the edge, and service interfaces that live there."""
        home = next(iter(self._working), None)
        return [
            one
            for one in self._tier0.interfaces
            if one.edge == edge or (one.edge is None and not one.external and edge == home)
        ]

    def _service_networks(self, edge: str) -> list[Network]:
        return [address.network for one in self._interfaces_of(edge) if not one.external for address in one.addresses]

    def _dr(self) -> Node:
        transit = Interface("transit", f"transit:{self._tier0.id}", self._transit(None))
        interfaces = [transit, *(Interface(link.tier1.id, link.segment, link.addresses(0)) for link in self._links)]
        routes = list(
            self._tier1_routes(lambda link, network: RouteHop(link.tier1.id, _same(link.addresses(1), network)))
        )
        for edge in self._up:
            via = self._transit(edge)
            routes += [
                Route(to, (RouteHop("transit", _same(via, to)),), f"service network on {edge}")
                for to in self._service_networks(edge)
            ]
        for to in DEFAULTS if self._working else ():
            hops = tuple(RouteHop("transit", _same(self._transit(edge), to)) for edge in self._working)
            routes.append(Route(to, hops, "default to the edges"))
        return Node(
            dr_name(self._tier0.id), NodeKind.TIER0_DR, tuple(interfaces), tuple(routes), gateway=self._tier0.id
        )

    def _tier1_routes(self, hop: _ToTier1) -> Iterator[Route]:
        for link in self._links:
            for network in (*link.advertised(), *link.pods_v6()):
                yield Route(network, (hop(link, network),), f"advertised by {link.tier1.id}")

    def _sr(self, edge: str) -> Node:
        working = edge in self._working
        mine = self._interfaces_of(edge)
        interfaces = [self._interface(one, edge, working) for one in mine]
        interfaces.append(Interface("transit", f"transit:{self._tier0.id}", self._transit(edge)))
        routes = [*_Resolver(self._tier0.routes, mine, self._vips(edge)).routes()]
        to_dr = self._transit(None)
        routes += self._tier1_routes(lambda _, network: RouteHop("transit", _same(to_dr, network)))
        for other in self._up:
            if other != edge:
                routes += [
                    Route(to, (RouteHop("transit", _same(to_dr, to)),), f"service network on {other}")
                    for to in self._service_networks(other)
                ]
        rules = tuple(self._rules(mine))
        stateful = any(rule.action in STATEFUL for rule in rules)
        name = sr_name(self._tier0.id, edge)
        return Node(
            name,
            NodeKind.TIER0_SR,
            tuple(interfaces),
            tuple(routes),
            rules,
            forwards=working,
            state=(self._tier0.id if self._tier0.shares_state else name) if stateful else None,
            gateway=self._tier0.id,
            edge=edge,
        )

    def _vips(self, edge: str) -> dict[str, tuple[InterfaceAddress, ...]]:
        """HA VIPs by the path of the interface of this edge that holds them."""
        if edge not in self._working:
            return {}
        held: dict[str, tuple[InterfaceAddress, ...]] = {}
        for vip in self._tier0.vips:
            for one in self._interfaces_of(edge):
                if one.path in vip.interfaces:
                    held[one.path] = (*held.get(one.path, ()), *vip.addresses)
                    break
        return held

    def _interface(self, one: Tier0Interface, edge: str, working: bool) -> Interface:
        addresses = (*one.addresses, *self._vips(edge).get(one.path, ()))
        stands_in = working and one.external and self._tier0.proxies
        answers = tuple(self._answers(one)) if stands_in else ()
        relays = tuple(self._relays(one)) if stands_in else ()
        segment = self._world.segment_of(one.addresses[0])
        return Interface(one.name, segment, addresses, one.strict, answers, relays, one.external)

    def _relays(self, one: Tier0Interface) -> Iterator[Network]:
        """Proxy ARP for NAT and load balancer addresses of the Tier-1s, as far as they lie in the interface's own networks (VCF 9.0, Add a
        Tier-0 Gateway). What is the gateway's own, or translated to, is not among them."""
        own = {single(held.ip) for face in self._tier0.interfaces for held in face.addresses}
        own |= {single(held.ip) for vip in self._tier0.vips for held in vip.addresses}
        served = dict.fromkeys(network for link in self._links for network in link.served() if network not in own)
        for network in served:
            if any(_common(network, held.network) == network for held in one.addresses):
                yield network

    def _answers(self, one: Tier0Interface) -> Iterator[Network]:
        """Proxy ARP: translated and DNAT destination networks, as far as they lie in the interface's own networks.

        Without the addresses that interfaces of this Tier-0 have: each of them lives on one edge, up or down.
        """
        own = [single(held.ip) for face in self._tier0.interfaces for held in face.addresses]
        own += [single(held.ip) for vip in self._tier0.vips for held in vip.addresses]
        for rule in self._tier0.rules:
            if not rule.scope or one.path in rule.scope:
                for network in _visible_outside(rule):
                    for held in one.addresses:
                        yield from _without(_common(network, held.network), own)

    def _rules(self, mine: Iterable[Tier0Interface]) -> Iterator[NatRule]:
        interfaces = list(mine)
        for rule in self._tier0.rules:
            scope = frozenset(one.name for one in interfaces if not rule.scope or one.path in rule.scope)
            yield NatRule(
                last(rule.path),
                rule.action,
                scope,
                rule.sources,
                rule.destinations,
                rule.translated,
                rule.section,
                rule.priority,
            )


def _visible_outside(rule: Rule) -> tuple[Network, ...]:
    if rule.action is NatAction.DNAT:
        return rule.destinations
    return (rule.translated,) if rule.translated else ()


def _common(one: Network, other: Network) -> Network | None:
    """What two networks have in common."""
    if one.version != other.version:
        return None
    if one.subnet_of(other):  # type: ignore[arg-type]
        return one
    return other if other.subnet_of(one) else None  # type: ignore[arg-type]


def _without(network: Network | None, excluded: Iterable[Network]) -> list[Network]:
    """What is left of a network without some addresses."""
    left = [network] if network else []
    for address in excluded:
        parts: list[Network] = []
        for one in left:
            inside = _common(address, one) == address
            parts += one.address_exclude(address) if inside else [one]  # type: ignore[arg-type]
        left = parts
    return left


def _same(addresses: Iterable[InterfaceAddress], family: Network | Address) -> Address:
    return next(one.ip for one in addresses if one.version == family.version)


_DEEPEST = 8
"""So many static routes are followed for one next hop: more is taken for a circle."""


class _Resolver:
    """The static routes that are there on an SR. A next hop counts if it lies in a connected network (of the interfaces in its scope), or,
    without a scope, if the most specific other static route leads to it (VCF 9.0, Configure a Static Route). A default route leads to none."""

    def __init__(
        self,
        routes: Iterable[StaticRoute],
        mine: Sequence[Tier0Interface],
        vips: dict[str, tuple[InterfaceAddress, ...]],
    ) -> None:
        self._mine = [(one, (*one.addresses, *vips.get(one.path, ()))) for one in mine]
        self._by_network: dict[Network, StaticRoute] = {}
        for route in routes:
            known = self._by_network.setdefault(route.network, route)
            if known is not route:  # several objects for one network are one route with all the next hops
                hops = (*known.next_hops, *route.next_hops)
                self._by_network[route.network] = replace(known, next_hops=hops)

    def routes(self) -> Iterator[Route]:
        for network, route in self._by_network.items():
            hops = self._hops(route, frozenset({network}))
            if hops is not None:
                yield Route(network, hops, route.path)

    def _hops(self, route: StaticRoute, used: frozenset[Network]) -> tuple[RouteHop, ...] | None:
        """Of the next hops that count, those with the lowest distance; () discards, None if there is none."""
        usable: list[tuple[int, tuple[RouteHop, ...]]] = []
        for hop in route.next_hops:
            found = () if hop.address is None else self._ways(hop.address, hop.scope, used)
            if found is not None:
                usable.append((hop.distance, found))
        if not usable:
            return None
        best = min(distance for distance, _ in usable)
        return tuple(dict.fromkeys(one for distance, hops in usable if distance == best for one in hops))

    def _ways(self, address: Address, scope: frozenset[str], used: frozenset[Network]) -> tuple[RouteHop, ...] | None:
        for one, addresses in self._mine:
            if any(address in own.network for own in addresses) and (not scope or one.path in scope):
                return (RouteHop(one.name, address),)
        if scope or len(used) > _DEEPEST:
            return None
        around = [network for network in self._by_network if address in network and network.prefixlen]
        network = max(around, key=lambda network: network.prefixlen, default=None)
        if network is None or network in used:
            return None
        return self._hops(self._by_network[network], used | {network})
