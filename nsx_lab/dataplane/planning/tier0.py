"""A Tier-0 as nodes: its DR, and an SR for each edge that is up. Pure. What each does is in docs/world.md, "What the nodes are"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

from nsx_lab.dataplane.planning import rulesets, tier1, translation
from nsx_lab.dataplane.planning.hosts import segment_name
from nsx_lab.dataplane.planning.networks import Address, Interface, Network, inside, read_interface
from nsx_lab.dataplane.planning.objects import GatewayInterface, StaticRoute, Tier0
from nsx_lab.dataplane.planning.plan import Choice, Hop, Kind, Node, Port, Proxied, Route, hop_to, port_name
from nsx_lab.dataplane.planning.surroundings import Surroundings

DEEPEST = 8
"""So many static routes are followed for one next hop."""
LARGEST_PROXY = 4096
"""Addresses for which one rule makes an edge answer ARP."""


@dataclass(frozen=True)
class Below:
    """A Tier-1 below this Tier-0."""

    id: str
    wiring: tier1.Inside
    link: tier1.Link


class Tier0Nodes:
    """`nodes()`, and what was left out in `notes`."""

    def __init__(self, tier0: Tier0, below: Sequence[Below], around: Surroundings, occupied: set[Address]) -> None:
        self._tier0 = tier0
        self._below = below
        self._around = around
        self._occupied = occupied
        self._up = [edge for edge in tier0.edges if edge not in around.down]
        wanted = around.active.get(tier0.id, "")
        active = wanted if wanted in self._up else next(iter(self._up), "")
        self.working = [edge for edge in self._up if edge == active] if tier0.active_standby else self._up
        self._translations, self.notes = translation.counting(tier0.rules)
        self.notes += [
            f"interface {one.path} is not in the data plane: an EXTERNAL interface without edge_path"
            for one in tier0.interfaces
            if one.external and one.edge is None
        ]

    def nodes(self) -> list[Node]:
        return [self._dr(), *(self._edge(edge) for edge in self._up)]

    def _transit(self, edge: str | None) -> tuple[Interface, Interface]:
        """NSX numbers the transit between DR and SRs from 169.254.0.0/24 (Tier0.internal_transit_subnets); so does this."""
        number = 1 if edge is None else self._tier0.edges.index(edge) + 2
        return (
            read_interface(f"169.254.0.{number}/24", "transit"),
            read_interface(f"fdff:a9fe::{number:x}/64", "transit"),
        )

    def _transit_hop(self, edge: str | None, to: Network) -> Hop:
        return Hop(next(one.ip for one in self._transit(edge) if one.version == to.version), "transit")

    def _interfaces(self, edge: str) -> list[GatewayInterface]:
        home = next(iter(self.working), None)
        return [
            one
            for one in self._tier0.interfaces
            if one.edge == edge or (one.edge is None and not one.external and edge == home)
        ]

    def _service_networks(self, edge: str) -> list[Network]:
        return [address.network for one in self._interfaces(edge) if not one.external for address in one.addresses]

    def _dr(self) -> Node:
        name = f"{self._tier0.id}/dr"
        ports = [Port("transit", f"transit {self._tier0.id}", self._transit(None))]
        routes: dict[Network, Route] = {}
        for one in self._below:
            port = port_name(one.id, [port.name for port in ports], "tier1-")
            ports.append(Port(port, one.link.segment, one.link.at(0)))
            for to in tier1.known_outside(one.wiring):
                routes.setdefault(to, Route(to, (Hop(one.link.to(1, to.version), port),)))
        for edge in self._up:  # a standby edge too: the DR knows where the network is, not whether the edge forwards
            for to in self._service_networks(edge):
                known = routes.get(to, Route(to, ()))
                routes[to] = Route(to, (*known.hops, self._transit_hop(edge, to)))
        for to in tier1.DEFAULTS if self.working else ():
            routes.setdefault(to, Route(to, tuple(self._transit_hop(edge, to) for edge in self.working)))
        found = tuple(routes.values())
        return Node(name, Kind.DR, tuple(ports), found, forwards=True, rules=rulesets.forwarder(ports, found))

    def _edge(self, edge: str) -> Node:
        mine, working = self._interfaces(edge), edge in self.working
        ports: list[Port] = []
        by_path: dict[str, str] = {}
        for one in mine:
            name = port_name(one.id, [port.name for port in ports], "if")
            by_path[one.path] = name
            ports.append(self._port(one, name, edge))
        routes = self._routes(edge, mine, ports, by_path)
        ports.append(Port("transit", f"transit {self._tier0.id}", self._transit(edge)))
        remembers = translation.stateful(self._translations)
        rules = rulesets.forwarder(ports, routes)
        if working:
            rules += translation.ruleset(self._translations, by_path, remembers)
        return Node(
            f"{self._tier0.id}/{edge}",
            Kind.EDGE,
            tuple(ports),
            routes,
            forwards=working,
            rules=rules,
            tracks=working and remembers,
        )

    def _port(self, one: GatewayInterface, name: str, edge: str) -> Port:
        segment = segment_name(self._around, one.addresses, one.path)
        addresses = (*one.addresses, *self._vips(one, edge))
        proxied = tuple(self._proxied(one)) if one.external and edge in self.working else ()
        relayed = tuple(self._relayed(one, proxied)) if one.external and edge in self.working else ()
        return Port(name, segment, addresses, one.strict, proxied, relayed)

    def _vips(self, one: GatewayInterface, edge: str) -> list[Interface]:
        if not self._tier0.active_standby or edge not in self.working:
            return []
        held = []
        for vip in self._tier0.vips:
            mine = [interface.path for interface in self._interfaces(edge) if interface.path in vip.interfaces]
            if mine and mine[0] == one.path:
                held += list(vip.addresses)
        return held

    def _proxied(self, one: GatewayInterface) -> list[Proxied]:
        """Translated addresses and DNAT destinations inside the interface's own networks that nobody on the segment has himself."""
        own = [address.network for address in one.addresses]
        found: list[Proxied] = []
        taken = set(self._occupied)
        for rule in self._translations:
            if rule.rule.scope and one.path not in rule.rule.scope:
                continue
            visible = rule.destination if rule.action == "DNAT" else rule.translated
            for network in (common for wanted in visible for common in _common(wanted, own)):
                if network.num_addresses > LARGEST_PROXY:
                    sentence = f"{one.path} answers ARP for nothing of {network}"
                    self.notes.append(f"{sentence}: more than {LARGEST_PROXY} addresses")
                    continue
                free = tuple(address for address in network if address not in taken)
                taken.update(free)
                found += [Proxied(network, free)] if free else []
        return found

    def _relayed(self, one: GatewayInterface, proxied: Sequence[Proxied]) -> list[Proxied]:
        """Addresses that Tier-1s translate to or balance, inside the interface's own networks (VCF 9.0, Add a Tier-0 Gateway)."""
        taken = self._occupied | {address for known in proxied for address in known.addresses}
        found: dict[IPv4Network, Proxied] = {}
        own = [address.network for address in one.addresses]
        served = [network for below in self._below for network in tier1.served(below.wiring)]
        for wanted in dict.fromkeys(served):
            for network in _common(wanted, own) if isinstance(wanted, IPv4Network) else ():
                free = (
                    tuple(address for address in network if address not in taken)
                    if network.num_addresses <= LARGEST_PROXY
                    else ()
                )
                if free:
                    found[network] = Proxied(network, free)
        return list(found.values())

    def _routes(
        self, edge: str, mine: Sequence[GatewayInterface], ports: Sequence[Port], by_path: dict[str, str]
    ) -> tuple[Route, ...]:
        """For equal prefixes: connected, static, what the DR knows."""
        connected = {network for port in ports for network in port.networks}
        routes: dict[Network, Route] = {}
        every = {route.network: route for route in merged(self._tier0.routes)}
        for route in every.values():
            hops = self._hops(route, ports, by_path, every, (route.network,))
            if hops is not None and route.network not in connected:
                routes[route.network] = Route(route.network, hops)
        inner = [to for one in self._below for to in tier1.known_outside(one.wiring)]
        inner += [to for other in self._up if other != edge for to in self._service_networks(other)]
        for to in inner:
            if to not in connected:
                routes.setdefault(to, Route(to, (self._transit_hop(None, to),)))
        return tuple(routes.values())

    def _hops(
        self,
        route: StaticRoute,
        ports: Sequence[Port],
        by_path: dict[str, str],
        every: dict[Network, StaticRoute],
        followed: tuple[Network, ...],
    ) -> tuple[Hop, ...] | None:
        """Of the next hops that lie in a connected network (of the scope), or that another route leads to, those with the lowest distance;
        none of them: packets are dropped. None if there is none. `followed`: the routes on the way here."""
        usable: list[tuple[int, tuple[Hop, ...]]] = []
        for hop in route.hops:
            if hop.address is None:
                usable.append((hop.distance, ()))
                continue
            if hop.address.version != route.network.version:
                continue
            names = [by_path.get(path) for path in hop.scope]
            near = hop_to(hop.address, [port for port in ports if not hop.scope or port.name in names])
            if near is not None:
                usable.append((hop.distance, (near,)))
            elif not hop.scope and (beyond := _leading_to(hop.address, every, followed)) is not None:
                further = self._hops(beyond, ports, by_path, every, (*followed, beyond.network))
                usable += [(hop.distance, further)] if further is not None else []
        if not usable:
            return None
        lowest = min(distance for distance, _ in usable)
        own = {address.ip for port in ports for address in port.addresses}
        own |= {address for port in ports for proxied in port.proxied for address in proxied.addresses}
        found = [hop for distance, hops in usable if distance == lowest for hop in hops]
        return tuple(dict.fromkeys(hop for hop in found if hop.via not in own))


def _leading_to(
    address: Address, every: dict[Network, StaticRoute], followed: tuple[Network, ...]
) -> StaticRoute | None:
    """The most specific static route that leads to a next hop in no connected network (VCF 9.0, Configure a Static Route); a default route
    leads to none, nor does a circle."""
    around = [network for network in every if network.prefixlen and inside(address, [network])]
    best = max(around, key=lambda network: network.prefixlen, default=None)
    return every[best] if best is not None and best not in followed and len(followed) <= DEEPEST else None


def merged(routes: Sequence[StaticRoute]) -> list[StaticRoute]:
    """Several objects for one network are one route with all the next hops."""
    found: dict[Network, StaticRoute] = {}
    for route in routes:
        known = found.get(route.network)
        found[route.network] = StaticRoute(route.network, (*(known.hops if known else ()), *route.hops))
    return list(found.values())


def _common(wanted: IPv4Network, own: Sequence[Network]) -> list[IPv4Network]:
    networks = [network for network in own if isinstance(network, IPv4Network) and network.overlaps(wanted)]
    return [max(network, wanted, key=lambda one: one.prefixlen) for network in networks]


def answering(nodes: Sequence[Node]) -> list[Choice]:
    """A choice for each network for whose addresses several edges of one segment answer ARP."""
    who: dict[tuple[str, IPv4Network], dict[str, None]] = {}
    for node in nodes:
        for port in node.ports:
            for proxied in (*port.proxied, *port.relayed):
                who.setdefault((port.segment, proxied.network), {})[node.name] = None
    return [
        Choice("arp", segment, str(network), tuple(names))
        for (segment, network), names in who.items()
        if len(names) > 1
    ]


def reserved(networks: Iterable[Network]) -> Network | None:
    """A network of the world that collides with the links inside the gateways, or None."""
    mine = (tier1.Link(0).at(0)[0].ip, read_interface("169.254.0.1/24", "transit").ip)
    return next((one for one in networks if one.prefixlen and any(inside(address, [one]) for address in mine)), None)
