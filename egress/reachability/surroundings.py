"""What a domain file does not say about its surroundings, taken as usual: docs/reachability.md, "What is assumed".

Pure: a WorkloadDomain becomes a World, and sentences about what was assumed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, ip_interface

from egress.domain import HaMode, WorkloadDomain
from egress.domain.addresses import Address, InterfaceAddress, Network, first_host, overlap, single, with_length
from egress.reachability.world import Balancer, Host, Pod, Router, RouterInterface, Snat, Tier1World, World, WorldRoute

UPSTREAM = "upstream gateway"
OUTSIDE = "registry"
_TEST_NETS = ("198.51.100.0/24", "203.0.113.0/24", "192.0.2.0/24")
"""RFC 5737: addresses that nobody has, for the example outside."""
_SPARE_PODS = IPv4Network("198.18.0.0/15")
"""RFC 2544: pod networks of Tier-1s whose network the file does not give."""


@dataclass(frozen=True)
class Sender:
    """A pod that stands for a Tier-1's traffic. `key`: supervisor, tkg, a key below `more`, or None without a mapping."""

    pod: str
    tier1: str
    key: str | None
    egress: IPv4Address


@dataclass(frozen=True)
class Surroundings:
    """A world around a domain. `ingress`: the address that the example load balancer answers on, with its port."""

    world: World
    senders: tuple[Sender, ...]
    ingress: tuple[IPv4Address, int] | None
    outside: Address
    dns: tuple[tuple[str, Address], ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Wishes:
    """What a particular question needs around it. `vip`: address and port of the load balancer, left out: first of the
    ingress range, 443. `hosts`: addresses that must be hosts somewhere."""

    vip: tuple[IPv4Address, int] | None = None
    hosts: tuple[Address, ...] = ()


NO_WISHES = Wishes()


def surroundings(
    domain: WorkloadDomain, wishes: Wishes = NO_WISHES, next_hops: Sequence[Address] | None = None
) -> Surroundings:
    """The world around a domain. `next_hops`: addresses of the upstream gateway, default: those of the domain's own routes."""
    return _Builder(domain, wishes, file_next_hops(domain) if next_hops is None else next_hops).build()


def file_next_hops(domain: WorkloadDomain) -> list[Address]:
    """The next hops of the default routes that a file has."""
    route = domain.default_route
    hops: list[Address] = [hop.address for hop in route.next_hops]
    return hops + [hop.address for hop in (route.ipv6.next_hops if route.ipv6 else ())]


class _Builder:
    def __init__(self, domain: WorkloadDomain, wishes: Wishes, next_hops: Sequence[Address]) -> None:
        self.domain = domain
        self.next_hops = next_hops
        self.wishes = wishes
        self.notes: list[str] = []
        self.segments: dict[str, tuple[Network, ...]] = {}
        self.upstream: list[RouterInterface] = []
        self.vip = wishes.vip or ((first_host(domain.ingress.range), 443) if domain.ingress else None)

    def build(self) -> Surroundings:
        self._uplinks()
        for interface in self.domain.tier0.service_interfaces:
            self.segments[f"service {interface.id}"] = (interface.address.network,)
        outside = self._outside()
        dns = tuple(self._elsewhere(f"dns {address}", address) for address in self.domain.dns_servers)
        further = tuple(self._elsewhere(f"host {address}", address) for address in self._further(outside.ip))
        senders, tier1 = self._tier1s()
        router = Router(UPSTREAM, tuple(self.upstream), tuple(self._upstream_routes()))
        hosts = (Host(OUTSIDE, (outside,), (self._free(outside.network),)), *dns, *further)
        return Surroundings(
            World(self.segments, hosts, (router,), tier1),
            senders,
            self.vip,
            outside.ip,
            tuple((host.name, host.addresses[0].ip) for host in dns),
            tuple(self.notes),
        )

    def _uplinks(self) -> None:
        """A segment for each uplink network, with the upstream gateway on it as every next hop that lies there."""
        tier0 = self.domain.tier0
        networks: dict[Network, list[Address]] = {}
        for uplink in tier0.uplinks:
            networks.setdefault(uplink.address.network, [])
            if uplink.ipv6:
                networks.setdefault(uplink.ipv6.network, [])
        for hop in self.next_hops:
            for network, gateways in networks.items():
                if hop in network and hop not in gateways and hop not in self._own():
                    gateways.append(hop)
        for number, (network, gateways) in enumerate(networks.items()):
            name = f"uplinks {network}"
            self.segments[name] = (network,)
            addresses = gateways or [self._free(network)]
            self._connect(f"uplinks{number}", [with_length(one, network) for one in addresses])

    def _own(self) -> set[Address]:
        """Every address of the Tier-0 itself."""
        tier0 = self.domain.tier0
        own: set[Address] = {uplink.address.ip for uplink in tier0.uplinks}
        own |= {uplink.ipv6.ip for uplink in tier0.uplinks if uplink.ipv6}
        own |= {interface.address.ip for interface in tier0.service_interfaces}
        return own | ({tier0.ha_vip.ip} if tier0.ha_vip else set())

    def _free(self, network: Network, backwards: bool = False) -> Address:
        """A host address of the network that nobody in the file has, and that nobody asks about."""
        taken = self._own() | set(self.domain.dns_servers) | set(self.wishes.hosts)
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
        networks += [domain.egress.range, *domain.pods.values(), *(single(one) for one in domain.dns_servers)]
        return networks + ([domain.ingress.range] if domain.ingress else [])

    def _outside(self) -> InterfaceAddress:
        """The example outside, behind the upstream gateway, in a documentation network that collides with nothing."""
        used = self._used()
        networks = [IPv4Network(text) for text in _TEST_NETS]
        free = [network for network in networks if not any(overlap(network, other) for other in used)]
        network = (free or networks)[0]
        self.segments["outside"] = (network,)
        self._connect("outside", [with_length(self._free(network), network)])
        return with_length(network[10], network)

    def _further(self, outside: Address) -> list[Address]:
        """Wished hosts that are nobody yet."""
        there = {*self._own(), *self.domain.dns_servers, outside}
        there |= {one.ip for connected in self.upstream for one in connected.addresses}
        return [address for address in dict.fromkeys(self.wishes.hosts) if address not in there]

    def _elsewhere(self, name: str, address: Address) -> Host:
        """A host: beside a service interface or an uplink if its address lies there, else behind the upstream gateway."""
        routes = tuple(WorldRoute(route.to, route.via) for route in self.domain.return_routes if route.host == address)
        for interface in self.domain.tier0.service_interfaces:
            if address in interface.address.network:
                network: Network = interface.address.network
                gateway = self._service_gateway(interface.id, network)
                return Host(name, (with_length(address, network),), (gateway,), routes)
        for connected in self.upstream:
            for own in connected.addresses:
                if address in own.network:
                    return Host(name, (with_length(address, own.network),), (own.ip,), routes)
        network = self._network_for(address)
        gateway = self._free(network)
        self.segments[f"elsewhere {network}"] = (network,)
        self._connect(f"elsewhere {network}", [with_length(gateway, network)])
        return Host(name, (with_length(address, network),), (gateway,), routes)

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
        used = [network for network in self._used() if network.num_addresses > 1]
        large, small = _networks(address, range(24, 7, -1), 64), _networks(address, (30, 31), 126)
        free = [network for network in large[:1] if not any(overlap(network, other) for other in used)]
        return (*free, *small)[0]

    def _upstream_routes(self) -> Iterator[WorldRoute]:
        """The upstream gateway reaches the ingress range by the uplinks, and knows of the egress range what the file says."""
        tier0 = self.domain.tier0
        if tier0.ha_mode is HaMode.ACTIVE_ACTIVE:
            ways = [uplink.address.ip for uplink in tier0.uplinks]
        elif tier0.ha_vip:
            ways = [tier0.ha_vip.ip]
        else:
            ways = [uplink.address.ip for uplink in tier0.uplinks if uplink.edge == tier0.uplinks[0].edge]
        if self.domain.ingress:
            yield WorldRoute(self.domain.ingress.range, tuple(ways))
        for route in self.domain.return_routes:
            if route.host == "upstream":
                yield WorldRoute(route.to, route.via)

    def _tier1s(self) -> tuple[tuple[Sender, ...], dict[str, Tier1World]]:
        senders: list[Sender] = []
        parts: dict[str, list[tuple[Pod, Snat]]] = {}
        for key, mapping in self.domain.egress.mappings.items():
            tier1 = mapping.tier1 or f"tier1 of {key}"
            senders.append(self._sender(parts, tier1, key, representative(mapping.source)))
        for tier1 in self.domain.pods:
            if tier1 not in parts:
                egress = self._unused_egress([sender.egress for sender in senders])
                self.notes.append(
                    f"no mapping names Tier-1 {tier1}: its egress address is not in the file, {egress} is taken as an example"
                )
                senders.append(self._sender(parts, tier1, None, egress))
        balanced = next(iter(parts), None)
        worlds = {
            tier1: Tier1World(
                pods=tuple(pod for pod, _ in found),
                snat=tuple(snat for _, snat in found),
                lb=self._balancer(found[0][0]) if tier1 == balanced else (),
            )
            for tier1, found in parts.items()
        }
        return tuple(senders), worlds

    def _sender(
        self, parts: dict[str, list[tuple[Pod, Snat]]], tier1: str, key: str | None, egress: IPv4Address
    ) -> Sender:
        network = self._pod_network(tier1, len(parts))
        index = 2 + len(parts.get(tier1, ()))
        address = IPv4Interface((int(network.network_address) + index, network.prefixlen))
        name = f"pod/{tier1}" if index == 2 else f"pod/{tier1}/{key}"
        parts.setdefault(tier1, []).append((Pod(name, (address,)), Snat(IPv4Network(address.ip), egress)))
        return Sender(name, tier1, key, egress)

    def _pod_network(self, tier1: str, number: int) -> IPv4Network:
        network = self.domain.pods.get(tier1)
        if network is not None and network.prefixlen <= 29:
            return network
        return IPv4Network((int(_SPARE_PODS.network_address) + 256 * number, 24))

    def _balancer(self, pod: Pod) -> tuple[Balancer, ...]:
        if self.vip is None:
            return ()
        address, port = self.vip
        return tuple(Balancer(address, port, pod.addresses[0].ip, port, protocol) for protocol in ("tcp", "udp"))

    def _unused_egress(self, taken: Sequence[IPv4Address]) -> IPv4Address:
        network = self.domain.egress.range
        numbers = range(int(network.network_address) + 1, int(network.broadcast_address))
        return next((one for one in map(IPv4Address, numbers) if one not in taken), network.network_address)


def representative(source: IPv4Address | IPv4Network) -> IPv4Address:
    """One egress address of a mapping: the address itself, or the first host of a network."""
    return source if isinstance(source, IPv4Address) else first_host(source)


def _networks(address: Address, lengths: Iterable[int], length6: int) -> list[Network]:
    """Networks around an address in which it is neither the network's nor the broadcast address."""
    around = [
        ip_interface(f"{address}/{length}").network for length in (lengths if address.version == 4 else (length6,))
    ]
    ends = [(one, (one.network_address, one.broadcast_address)) for one in around]
    return [one for one, taken in ends if one.version == 6 or one.prefixlen == 31 or address not in taken]
