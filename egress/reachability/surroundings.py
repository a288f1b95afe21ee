"""What a domain file does not say about its surroundings, taken as usual: docs/reachability.md, "What is assumed".

Pure: a WorkloadDomain becomes a World, and sentences about what was assumed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network, ip_network

from egress.domain import HaMode, WorkloadDomain
from egress.domain.addresses import (
    Address,
    InterfaceAddress,
    Network,
    around,
    first_host,
    host_bits,
    overlap,
    single,
    with_length,
)
from egress.domain.model import DnsServer
from egress.policy.owned import EVERYTHING, beside_the_way_out
from egress.policy.sighting import Unseen
from egress.policy.virtual_servers import VirtualServer
from egress.reachability.below import Below, Sender, balanced, behind_gateway, below
from egress.reachability.below_found import OnManager, found_below
from egress.reachability.world import Host, Pod, Router, RouterInterface, Tier1World, World, WorldRoute

UPSTREAM = "upstream gateway"
OUTSIDE = "registry"
DNS_PORT = 53
_TEST_NETS = tuple(map(IPv4Network, ("198.51.100.0/24", "203.0.113.0/24", "192.0.2.0/24")))
"""RFC 5737: addresses that nobody has, for the example outside."""


@dataclass(frozen=True)
class Surroundings:
    """A world around a domain. `ingress`: the address that the example load balancer answers on, with its port; `servers`: those that a
    manager has, `differs` and `unseen`: as in Below."""

    world: World
    senders: tuple[Sender, ...]
    ingress: tuple[IPv4Address, int] | None
    outside: Address
    dns: tuple[tuple[str, Address], ...]
    notes: tuple[str, ...]
    servers: tuple[VirtualServer, ...] = ()
    differs: tuple[str, ...] = ()
    unseen: tuple[Unseen, ...] = ()


@dataclass(frozen=True)
class Wishes:
    """What a particular question needs around it. `vip`: address and port of the load balancer, left out: first of the
    ingress range, 443. `hosts`: addresses that must be hosts somewhere. `next_hops`: further addresses that the upstream gateway is taken to
    have."""

    vip: tuple[IPv4Address, int] | None = None
    hosts: tuple[Address, ...] = ()
    next_hops: tuple[Address, ...] = ()


NO_WISHES = Wishes()


def surroundings(
    domain: WorkloadDomain,
    wishes: Wishes = NO_WISHES,
    next_hops: Sequence[Address] | None = None,
    there: OnManager | None = None,
) -> Surroundings:
    """The world around a domain. `next_hops`: addresses of the upstream gateway, default: those of the domain's own routes. `there`: what a
    manager has below the Tier-0, default: what the file says."""
    hops = [*file_next_hops(domain), *further_next_hops(domain)] if next_hops is None else next_hops
    return _Builder(domain, wishes, hops, there).build()


def file_next_hops(domain: WorkloadDomain) -> list[Address]:
    """The next hops of the default routes that a file has."""
    route = domain.default_route
    hops: list[Address] = [hop.address for hop in route.next_hops]
    return hops + [hop.address for hop in (route.ipv6.next_hops if route.ipv6 else ())]


def further_next_hops(domain: WorkloadDomain) -> list[Address]:
    """The next hops of the further routes that a file has, as far as they are not routers of DNS servers, which stand by themselves."""
    own = {server.router for server in domain.dns_servers}
    return [hop.address for route in domain.routes.values() for hop in route.next_hops if hop.address not in own]


class _Builder:
    def __init__(
        self, domain: WorkloadDomain, wishes: Wishes, next_hops: Sequence[Address], there: OnManager | None
    ) -> None:
        self.domain = domain
        self.there = there
        self.next_hops = next_hops
        self.wishes = wishes
        self.beside = beside_the_way_out(domain)
        self.notes: list[str] = []
        self.segments: dict[str, tuple[Network, ...]] = {}
        self.upstream: list[RouterInterface] = []
        self.routers: dict[Address, list[InterfaceAddress]] = {}
        self.routers_beside: dict[Address, tuple[Network, Address]] = {}
        self.vip = wishes.vip or ((first_host(domain.ingress.range), 443) if domain.ingress else None)

    def build(self) -> Surroundings:
        self._uplinks()
        for interface in self.domain.tier0.service_interfaces:
            network = interface.address.network
            self.segments[f"service {interface.id}"] = (network,)
            hops = [hop for hop in dict.fromkeys(self.next_hops) if hop in network and hop not in self._own]
            if hops:
                self._connect(f"service {interface.id}", [with_length(hop, network) for hop in hops])
        outside = self._outside()
        under = self._below()
        self.notes += under.notes
        tier1 = dict(under.tier1)
        asked: list[DnsServer] = []
        hosts = [Host(OUTSIDE, (outside,), (self._free(outside.network),))]
        for server in self.domain.dns_servers:
            if server.forwarder:
                self.notes.append(f"DNS server {server} is the gateway's own forwarder: what it answers is not asked")
            elif server.inside is not None:
                if held := self._inside(server):
                    world = tier1.get(server.inside, Tier1World())
                    known = dict.fromkeys((*world.advertise, held.network))
                    pod = Pod(_dns_name(server), (held,))
                    tier1[server.inside] = replace(world, pods=(*world.pods, pod), advertise=tuple(known))
                    asked.append(server)
            elif self._on_a_balancer(server):
                assert isinstance(server.address, IPv4Address)
                name = _dns_name(server)
                tier1[f"tier1 of {name}"] = balanced(name, server.address, DNS_PORT, len(asked))
                asked.append(server)
            else:
                hosts.append(self._dns(server))
                asked.append(server)
        hosts += [self._elsewhere(f"host {address}", address) for address in self._further(outside.ip)]
        routers = (Router(UPSTREAM, tuple(self.upstream), tuple(self._upstream_routes())), *self._further_routers())
        real = next(((one.address, one.port) for one in under.servers), None)
        return Surroundings(
            World(self.segments, tuple(hosts), routers, tier1),
            under.senders,
            real or self.vip,
            outside.ip,
            tuple((_dns_name(server), server.address) for server in asked),
            tuple(self.notes),
            under.servers,
            under.differs,
            under.unseen,
        )

    def _below(self) -> Below:
        """What hangs below the Tier-0, as a manager has it or as the file says."""
        if self.there is not None:
            return found_below(self.domain, self.there, self.vip)
        return below(self.domain, self.vip, self._own | set(self.next_hops) | set(self.domain.dns_addresses))

    def _on_a_balancer(self, server: DnsServer) -> bool:
        """Whether a DNS server is a service of a load balancer: its address is one of the ingress range."""
        ingress = self.domain.ingress
        return ingress is not None and server.address in ingress.range and server.router is None

    def _uplinks(self) -> None:
        """A segment for each uplink network, with the upstream gateway on it as every next hop that lies there."""
        tier0 = self.domain.tier0
        networks: dict[Network, list[Address]] = {}
        for uplink in tier0.uplinks:
            networks.setdefault(uplink.address.network, [])
            if uplink.ipv6:
                networks.setdefault(uplink.ipv6.network, [])
        own = self._own
        for hop in dict.fromkeys(self.next_hops):
            for network, gateways in networks.items():
                if hop in network and hop not in own:
                    gateways.append(hop)
        for number, (network, gateways) in enumerate(networks.items()):
            name = f"uplinks {network}"
            self.segments[name] = (network,)
            aside = all(one.id in self.beside for one in tier0.uplinks if one.address.network == network)
            addresses = gateways or [self._free(network, backwards=aside)]
            self._connect(f"uplinks{number}", [with_length(one, network) for one in addresses])

    @cached_property
    def _own(self) -> set[Address]:
        """Every address of the Tier-0 itself."""
        tier0 = self.domain.tier0
        own: set[Address] = {uplink.address.ip for uplink in tier0.uplinks}
        own |= {uplink.ipv6.ip for uplink in tier0.uplinks if uplink.ipv6}
        own |= {interface.address.ip for interface in tier0.service_interfaces}
        return own | {vip.address.ip for vip in tier0.ha_vips}

    def _free(self, network: Network, backwards: bool = False) -> Address:
        """A host address of the network that nobody in the file has, and that nobody asks about."""
        servers = self.domain.dns_servers
        taken = self._own | {one for server in servers for one in (server.address, server.router) if one is not None}
        taken |= set(self.wishes.hosts)
        size = network.num_addresses
        hosts = range(size) if size == 2 else range(1, size - 1)  # both ends of a /31 are hosts (RFC 3021)
        order = reversed(hosts) if backwards else hosts
        return next((network[index] for index in order if network[index] not in taken), network[0])

    def _connect(self, name: str, addresses: Sequence[InterfaceAddress]) -> None:
        self.upstream.append(RouterInterface(name, tuple(addresses)))

    def _used(self) -> list[Network]:
        domain = self.domain
        networks: list[Network] = [network for one in self.segments.values() for network in one]
        networks += [interface.address.network for interface in domain.tier0.service_interfaces]
        networks += [*domain.egress_ranges, *(single(one) for one in domain.dns_addresses)]
        networks += [network for tier1 in domain.tier1s.values() for network in tier1.networks]
        return networks + ([domain.ingress.range] if domain.ingress else [])

    def _outside(self) -> InterfaceAddress:
        """The example outside, behind the upstream gateway, in a documentation network that collides with nothing."""
        used = self._used()
        free = (network for network in _TEST_NETS if not any(overlap(network, other) for other in used))
        network = next(free, _TEST_NETS[0])
        self.segments["outside"] = (network,)
        self._connect("outside", [with_length(self._free(network), network)])
        return with_length(network[10], network)

    def _further(self, outside: Address) -> list[Address]:
        """Wished hosts that are nobody yet."""
        there = {*self._own, *self.domain.dns_addresses, outside}
        there |= {one.ip for connected in self.upstream for one in connected.addresses}
        return [address for address in dict.fromkeys(self.wishes.hosts) if address not in there]

    def _routes_on(self, holder: Address) -> tuple[WorldRoute, ...]:
        """The routes that a machine has, as return_routes say."""
        return tuple(WorldRoute(route.to, route.via) for route in self.domain.return_routes if route.host == holder)

    def _elsewhere(self, name: str, address: Address) -> Host:
        """A host: beside a service interface or an uplink if its address lies there, else behind the upstream gateway."""
        network, gateway = self._beside(address)
        return Host(name, (with_length(address, network),), (gateway,), self._routes_on(address))

    def _beside(self, address: Address) -> tuple[Network, Address]:
        """The network that an address lies in, and the default gateway there, which is the upstream gateway."""
        for interface in self.domain.tier0.service_interfaces:
            if address in interface.address.network:
                network: Network = interface.address.network
                return network, self._service_gateway(interface.id, network)
        for connected in self.upstream:
            for own in connected.addresses:
                if address in own.network:
                    return own.network, own.ip
        network = self._network_for(address)
        gateway = self._free(network)
        self.segments[f"elsewhere {network}"] = (network,)
        self._connect(f"elsewhere {network}", [with_length(gateway, network)])
        return network, gateway

    def _dns(self, server: DnsServer) -> Host:
        """A DNS server outside NSX. Behind a router of its own it has that as its default gateway."""
        if server.router is None:
            return self._elsewhere(_dns_name(server), server.address)
        if server.router not in self.routers:
            self.routers_beside[server.router] = self._beside(server.router)
        behind = self.routers.setdefault(server.router, [])
        network = next((one.network for one in behind if server.address in one.network), None)
        if network is None:
            network = self._network_for(server.address)
            self.segments[f"elsewhere {network}"] = (network,)
            behind.append(with_length(self._free(network), network))
        gateway = next(one.ip for one in behind if one.network == network)
        return Host(
            _dns_name(server), (with_length(server.address, network),), (gateway,), self._routes_on(server.address)
        )

    def _further_routers(self) -> Iterator[Router]:
        """The routers of DNS servers: on a network of the gateway or of the upstream gateway, which is the way to everything else."""
        for address, behind in self.routers.items():
            network, gateway = self.routers_beside[address]
            faces = [RouterInterface("outer", (with_length(address, network),))]
            faces += [RouterInterface(f"inner{number}", (one,)) for number, one in enumerate(behind)]
            default = EVERYTHING[address.version]
            routes = (*self._routes_on(address), WorldRoute(ip_network(default), (gateway,)))
            yield Router(f"router {address}", tuple(faces), routes)

    def _inside(self, server: DnsServer) -> InterfaceAddress | None:
        """The address of a DNS server on a segment behind a Tier-1, with the length of the segment if the file gives it."""
        longest, shortest = (30, 24) if server.address.version == 4 else (126, 64)
        for network in self.domain.tier1s[server.inside or ""].networks:
            if server.address in network:
                longest, shortest = min(network.prefixlen, 30), network.prefixlen
        found = behind_gateway(server.address, longest, shortest)
        if found is None:
            self.notes.append(
                f"DNS server {server} has the address that the walk gives to Tier-1 {server.inside}: it is not asked"
            )
        return found

    def _service_gateway(self, interface: str, network: Network) -> Address:
        """The default gateway of hosts beside a service interface: the upstream gateway, with the last free address."""
        name = f"service {interface}"
        for connected in self.upstream:
            if connected.name == name:
                return connected.addresses[0].ip
        gateway = self._free(network, backwards=True)
        self._connect(name, [with_length(gateway, network)])
        return gateway

    def _network_for(self, address: Address) -> Network:
        """A network for a host elsewhere, as large as fits beside everything else, in which the address is a host's."""
        used = [network for network in self._used() if host_bits(network)]
        large = next(_networks(address, range(24, 7, -1), 64), None)
        if large is not None and not any(overlap(large, other) for other in used):
            return large
        return next(_networks(address, (30, 31), 126))

    def _upstream_routes(self) -> Iterator[WorldRoute]:
        """The upstream gateway reaches the ingress range by the uplinks, and knows of the egress range what the file says."""
        ways = self._ways_in()
        if self.domain.ingress:
            yield WorldRoute(self.domain.ingress.range, ways)
        for network in self.domain.egress.routed:
            yield WorldRoute(network, ways)
        for route in self.domain.return_routes:
            if route.host == "upstream":
                yield WorldRoute(route.to, route.via)
        for address, behind in self.routers.items():
            for one in behind:
                yield WorldRoute(one.network, (address,))

    def _ways_in(self) -> tuple[Address, ...]:
        """Addresses of the Tier-0 that the upstream gateway sends to: on the uplinks of the way out."""
        tier0 = self.domain.tier0
        uplinks = [uplink for uplink in tier0.uplinks if uplink.id not in self.beside] or list(tier0.uplinks)
        if tier0.ha_mode is HaMode.ACTIVE_ACTIVE:
            return tuple(uplink.address.ip for uplink in uplinks)
        vips = [vip for vip in tier0.ha_vips if any(uplink in uplinks for uplink in tier0.uplinks_of(vip))]
        if vips:
            return tuple(vip.address.ip for vip in vips)
        return tuple(uplink.address.ip for uplink in uplinks if uplink.edge == uplinks[0].edge)


def _dns_name(server: DnsServer) -> str:
    return f"dns {server.address}"


def _networks(address: Address, lengths: Iterable[int], length6: int) -> Iterator[Network]:
    """Networks around an address in which it is neither the network's nor the broadcast address."""
    for length in lengths if address.version == 4 else (length6,):
        network = around(address, length)
        if length == 31 or network.version == 6 or address not in (network.network_address, network.broadcast_address):
            yield network
