"""A Tier-0 as nodes: the DR, and an SR for each edge that is up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface
from typing import Any, NamedTuple, TypeAlias

from egress.domain import HaMode, NatAction
from egress.domain.addresses import Address, InterfaceAddress, Network, overlap, single
from egress.policy.gateways import Rule, Tier0, Tier0Interface
from egress.policy.paths import last
from egress.reachability.lower import Below
from egress.reachability.static_routes import StaticRoutes
from egress.reachability.tables import change, same
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


class _OfRule(NamedTuple):
    """What one rule makes on one edge: the rule there, and what it answers ARP for by interface."""

    there: NatRule
    answers: Mapping[str, tuple[Network, ...]]


class _OnEdge(NamedTuple):
    """What rules and static routes make on one edge. stateful: a rule that keeps state is among them. answers: by interface."""

    parts: tuple[_OfRule, ...]
    rules: tuple[NatRule, ...]
    stateful: bool
    answers: Mapping[str, tuple[Network, ...]]
    static: tuple[Route, ...]


class Tier0Nodes:
    """The DR of a Tier-0 and an SR for each edge that is up: `nodes`, the DR first.

    `before`: nodes of an earlier time, of which all is taken over that has not changed: with one rule more of 300, one rule is looked at.
    """

    def __init__(self, tier0: Tier0, below: Below, world: World, before: Tier0Nodes | None = None) -> None:
        self._tier0 = tier0
        self._below = below
        self._world = world
        self._up = [edge for edge in tier0.edges if edge not in world.down]
        self._working = self._up
        if tier0.ha_mode is HaMode.ACTIVE_STANDBY:
            wanted = world.active.get(tier0.id)
            self._working = [wanted] if wanted in self._up else self._up[:1]
        self._placed: tuple[Any, ...] = self._place()
        known = before if before is not None and before._placed == self._placed else None
        alike = known if known is not None and known._below == below else None
        self._edges: dict[str, _OnEdge] = {edge: self._on(edge, before, known) for edge in self._up}
        self._learned: Sequence[Route] = alike._learned if alike else self._learn()
        self._relayed: Mapping[str, tuple[Network, ...]] = alike._relayed if alike else self._relay()
        self.nodes: list[Node] = alike.nodes if alike and alike._tier0 is tier0 else self._make(known, alike)

    def _place(self) -> tuple[Any, ...]:
        """Everything that nodes depend on beside rules, routes and what hangs below."""
        tier0, around = self._tier0, self._world
        segments = [around.segment_of(one.addresses[0]) for edge in self._up for one in self._interfaces_of(edge)]
        same = (tier0.id, tier0.ha_mode, tier0.shares_state, tier0.proxies, tier0.interfaces, tier0.vips)
        return (*same, segments, self._up, self._working)

    def _on(self, edge: str, before: Tier0Nodes | None, near: Tier0Nodes | None) -> _OnEdge:
        """What rules and routes make on an edge. before: an earlier time. near: the same, if it was in the same place."""
        tier0, mine = self._tier0, self._interfaces_of(edge)
        if near and same(near._tier0.routes, tier0.routes):
            static = near._edges[edge].static
        else:
            static = tuple(StaticRoutes(tier0.routes, mine, self._vips(edge)).routes())
        known = before._edges.get(edge) if before and before._rules_act_alike(self, edge) else None
        start, old, new = change(before._tier0.rules if before and known else (), tier0.rules)
        if known and start == old == new:
            return known._replace(static=static)
        there = known.parts if known else ()
        parts = (*there[:start], *(self._parts(rule, mine) for rule in tier0.rules[start:new]), *there[old:])
        return _OnEdge(
            parts,
            tuple(part.there for part in parts),
            any(part.there.action in STATEFUL for part in parts),
            {one.path: _answered(one.path, parts) for one in mine if one.external},
            static,
        )

    def _rules_act_alike(self, other: Tier0Nodes, edge: str) -> bool:
        """Whether a rule makes on an edge what it makes on it at another time: for that edges may have failed."""
        one, two = self._tier0, other._tier0
        alike = same(one.interfaces, two.interfaces) and one.vips == two.vips
        return alike and self._interfaces_of(edge) == other._interfaces_of(edge)

    def _make(self, known: Tier0Nodes | None, alike: Tier0Nodes | None) -> list[Node]:
        """The nodes. known: of an earlier time in the same place: an interface that is as it was is the very same. alike: the same, if what
        hangs below is as it was then."""
        then = known.nodes if known else []
        faces = {(node.name, face.name): face for node in then[1:] for face in node.interfaces}
        dr = alike.nodes[0] if alike else self._dr(known)
        return [dr, *(self._sr(edge, faces) for edge in self._up)]

    def _learn(self) -> list[Route]:
        """What the SRs learn of the Tier-1s."""
        dr = self._transit(None)
        return [*self._tier1_routes(lambda _, network: RouteHop("transit", _same(dr, network)))]

    def _relay(self) -> dict[str, tuple[Network, ...]]:
        """What interfaces answer ARP for and forward, by their path."""
        return {one.path: tuple(self._relays(one)) for one in self._tier0.interfaces if one.external}

    def _transit(self, edge: str | None) -> tuple[InterfaceAddress, ...]:
        number = 1 if edge is None else self._tier0.edges.index(edge) + 2
        return _transit(number)

    @cached_property
    def _own(self) -> tuple[Network, ...]:
        """The addresses that the Tier-0 itself has, up or down."""
        faces = [held for face in self._tier0.interfaces for held in face.addresses]
        return tuple(
            single(held.ip) for held in (*faces, *(held for vip in self._tier0.vips for held in vip.addresses))
        )

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

    def _dr(self, known: Tier0Nodes | None) -> Node:
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
        if known and known._below.faces is self._below.faces:
            interfaces = known.nodes[0].interfaces
        else:
            transit = Interface("transit", f"transit:{self._tier0.id}", self._transit(None))
            interfaces = (known.nodes[0].interfaces[0] if known else transit, *self._below.faces)
        return Node(dr_name(self._tier0.id), NodeKind.TIER0_DR, interfaces, tuple(routes), gateway=self._tier0.id)

    def _tier1_routes(self, hop: _ToTier1) -> Iterator[Route]:
        for link in self._below.telling:
            for network in (*link.advertised, *link.pods_v6):
                yield Route(network, (hop(link, network),), f"advertised by {link.tier1.id}")

    def _sr(self, edge: str, known: Mapping[tuple[str, str], Interface]) -> Node:
        working = edge in self._working
        name = sr_name(self._tier0.id, edge)
        interfaces = [self._interface(one, edge, working) for one in self._interfaces_of(edge)]
        interfaces.append(Interface("transit", f"transit:{self._tier0.id}", self._transit(edge)))
        interfaces = [one if (then := known.get((name, one.name))) != one else then for one in interfaces]
        here = self._edges[edge]
        routes = [*here.static, *self._learned]
        to_dr = self._transit(None)
        for other in self._up:
            if other != edge:
                routes += [
                    Route(to, (RouteHop("transit", _same(to_dr, to)),), f"service network on {other}")
                    for to in self._service_networks(other)
                ]
        return Node(
            name,
            NodeKind.TIER0_SR,
            tuple(interfaces),
            tuple(routes),
            here.rules,
            forwards=working,
            state=(self._tier0.id if self._tier0.shares_state else name) if here.stateful else None,
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
        answers: tuple[Network, ...] = ()
        relays: tuple[Network, ...] = ()
        if working and one.external and self._tier0.proxies:
            answers = self._edges[edge].answers[one.path]
            relays = self._relayed[one.path]
        segment = self._world.segment_of(one.addresses[0])
        return Interface(one.name, segment, addresses, one.strict, answers, relays, one.external)

    def _relays(self, one: Tier0Interface) -> Iterator[Network]:
        """Proxy ARP for NAT and load balancer addresses of the Tier-1s, as far as they lie in the interface's own networks (VCF 9.0, Add a
        Tier-0 Gateway). What is the gateway's own, or translated to, is not among them."""
        own = frozenset(self._own)
        served = dict.fromkeys(network for link in self._below.telling for network in link.served if network not in own)
        for network in served:
            if any(_common(network, held.network) == network for held in one.addresses):
                yield network

    def _answers(self, rule: Rule, one: Tier0Interface) -> Iterator[Network]:
        """Proxy ARP: translated and DNAT destination networks, as far as they lie in the interface's own networks.

        Without the addresses that interfaces of this Tier-0 have: each of them lives on one edge, up or down.
        """
        if not rule.scope or one.path in rule.scope:
            for network in _visible_outside(rule):
                for held in one.addresses:
                    yield from _without(_common(network, held.network), self._own)

    def _parts(self, rule: Rule, mine: Sequence[Tier0Interface]) -> _OfRule:
        """A rule on an edge with the interfaces `mine`."""
        there = NatRule(
            last(rule.path),
            rule.action,
            frozenset(one.name for one in mine if not rule.scope or one.path in rule.scope),
            rule.sources,
            rule.destinations,
            rule.translated,
            rule.section,
            rule.priority,
        )
        answers = {one.path: tuple(self._answers(rule, one)) for one in mine if one.external}
        return _OfRule(there, {path: networks for path, networks in answers.items() if networks})


def _answered(interface: str, parts: Iterable[_OfRule]) -> tuple[Network, ...]:
    """What all rules together answer ARP for by an interface."""
    return tuple(network for part in parts for network in part.answers.get(interface, ()))


def _visible_outside(rule: Rule) -> tuple[Network, ...]:
    if rule.action is NatAction.DNAT:
        return rule.destinations
    return (rule.translated,) if rule.translated else ()


def _common(one: Network, other: Network) -> Network | None:
    """What two networks have in common: the smaller of them, if they meet at all."""
    if not overlap(one, other):
        return None
    return one if one.prefixlen >= other.prefixlen else other


def _without(network: Network | None, excluded: Iterable[Network]) -> list[Network]:
    """What is left of a network without some addresses."""
    if network is None:
        return []
    left = [network]
    for address in (one for one in excluded if overlap(one, network)):
        parts: list[Network] = []
        for one in left:
            parts += one.address_exclude(address) if overlap(address, one) else [one]  # type: ignore[arg-type]
        left = parts
    return left


def _same(addresses: Iterable[InterfaceAddress], family: Network | Address) -> Address:
    return next(one.ip for one in addresses if one.version == family.version)
