"""Ways of looking at a domain that several rules share. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum, auto
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import NamedTuple

from egress.checks.prefixes import Prefixes
from egress.checks.rule import CannotKnow, Path
from egress.domain import WorkloadDomain
from egress.domain.addresses import Coverage, as_network
from egress.domain.model import EgressMapping, once
from egress.policy.leaving import seen_outside
from egress.policy.owned import NatRule, Route, outside_nat, owned


class Mapping(NamedTuple):
    """An egress mapping: where it stands in the file, what the file says, and the NAT rule that it becomes."""

    at: Path
    entry: EgressMapping
    rule: NatRule
    source: IPv4Network
    translated: IPv4Network


class Use(Enum):
    """What a range is for. ROUTED: a network behind a Tier-1 that translates nothing, so its addresses are seen outside."""

    EGRESS = auto()
    INGRESS = auto()
    INSIDE = auto()
    ROUTED = auto()

    @property
    def behind(self) -> bool:
        """It lies behind a Tier-1."""
        return self in (Use.INSIDE, Use.ROUTED)


class Range(NamedTuple):
    """A range that the file names: what it is for, what people call it, where it stands."""

    use: Use
    name: str
    at: Path
    network: IPv4Network


def short(value: IPv4Network) -> str:
    """A network of one address without its length."""
    return str(value.network_address) if value.num_addresses == 1 else str(value)


@once
def mappings(domain: WorkloadDomain) -> tuple[Mapping, ...]:
    """Every egress mapping: Supervisor, TKG, the further ones."""
    entries = domain.egress.mappings
    return tuple(
        Mapping(rule.at, entries[rule.key], rule, as_network(rule.source), as_network(rule.translated))
        for rule in owned(domain).rules
    )


@once
def uplink_networks(domain: WorkloadDomain) -> tuple[IPv4Network, ...]:
    """Distinct subnets of the uplinks, in the file's order."""
    return tuple(dict.fromkeys(uplink.address.network for uplink in domain.tier0.uplinks))


@once
def uplinks_by_prefix(domain: WorkloadDomain) -> Prefixes[IPv4Network]:
    """The same as an index, to which nothing is added."""
    return subnets(uplink_networks(domain))


def service_networks(domain: WorkloadDomain) -> tuple[IPv4Network, ...]:
    """Distinct subnets of the service interfaces."""
    return tuple(dict.fromkeys(interface.address.network for interface in domain.tier0.service_interfaces))


@once
def networks_beside(domain: WorkloadDomain) -> tuple[IPv4Network, ...]:
    """Distinct subnets of the interfaces that NAT rules leave out: a second external VLAN, service interfaces."""
    left_out, tier0 = outside_nat(domain), domain.tier0
    faces = [(one.id, one.address.network) for one in tier0.uplinks]
    faces += [(one.id, one.address.network) for one in tier0.service_interfaces]
    return tuple(dict.fromkeys(network for name, network in faces if name in left_out))


@once
def beside_by_prefix(domain: WorkloadDomain) -> Prefixes[IPv4Network]:
    """The same as an index, to which nothing is added."""
    return subnets(networks_beside(domain))


@once
def leaving_by_prefix(domain: WorkloadDomain) -> Prefixes[IPv4Network]:
    """The networks that packets reach the Tier-0 with, as an index to which nothing is added."""
    return subnets(seen_outside(domain))


@once
def hops_by_prefix(domain: WorkloadDomain) -> Prefixes[IPv4Network]:
    """Those of `near_hops` as an index, to which nothing is added."""
    return subnets(as_network(hop) for hop in near_hops(domain))


@once
def near_hops(domain: WorkloadDomain) -> tuple[IPv4Address, ...]:
    """The IPv4 next hops that traffic to the outside leaves by: those of the default route, and where one is reached by a further route of
    the file, the next hops of that (NSX resolves static routes recursively; one step is followed)."""
    connected = Coverage([*uplink_networks(domain), *service_networks(domain)])
    further: Prefixes[Route] = Prefixes()
    for route in owned(domain).further:
        if isinstance(route.network, IPv4Network):
            further.add(route.network, route)
    found: list[IPv4Address] = []
    for hop in domain.default_route.next_hops:
        by = None if connected.holds(as_network(hop.address)) else further.holding(hop.address)
        via = [one.address for one in by.first.next_hops] if by else [hop.address]
        found += [address for address in via if isinstance(address, IPv4Address)]
    return tuple(found)


class Kind(Enum):
    """What has an address of the gateway."""

    UPLINK = auto()
    SERVICE = auto()
    VIP = auto()


class Held(NamedTuple):
    """An address that the gateway itself has: what kind of thing has it, what people call that, where it stands, and the address
    without its length; of an uplink also the edge that carries it."""

    kind: Kind
    name: str
    at: Path
    address: IPv4Interface
    ip: IPv4Address
    edge: str | None = None

    @property
    def network(self) -> IPv4Network:
        """The subnet that the address lies in."""
        return self.address.network


@once
def held_addresses(domain: WorkloadDomain) -> tuple[Held, ...]:
    """The IPv4 addresses of uplinks, service interfaces and HA VIP, in the file's order."""
    return tuple(_held(domain))


def _held(domain: WorkloadDomain) -> Iterator[Held]:
    for index, uplink in enumerate(domain.tier0.uplinks):
        here: Path = ("tier0", "uplinks", index, "address")
        yield Held(Kind.UPLINK, f"uplink {uplink.id}", here, uplink.address, uplink.address.ip, uplink.edge)
    for index, service in enumerate(domain.tier0.service_interfaces):
        at: Path = ("tier0", "service_interfaces", index, "address")
        yield Held(Kind.SERVICE, f"service interface {service.id}", at, service.address, service.address.ip)
    for index, vip in enumerate(domain.tier0.ha_vips):
        yield Held(Kind.VIP, "the HA VIP", ("tier0", "ha_vips", index, "address"), vip.address, vip.address.ip)


@once
def own_addresses(domain: WorkloadDomain) -> dict[IPv4Address, tuple[str, Path]]:
    """Addresses that the gateway itself has: what they are called, where they stand."""
    found: dict[IPv4Address, tuple[str, Path]] = {}
    for held in held_addresses(domain):
        found.setdefault(held.ip, (held.name, held.at))
    return found


@once
def ranges(domain: WorkloadDomain) -> tuple[Range, ...]:
    """Egress ranges, those of namespaces included, the ingress range, and the networks behind Tier-1s."""
    return tuple(_ranges(domain))


def _ranges(domain: WorkloadDomain) -> Iterator[Range]:
    for index, one in enumerate(domain.egress.ranges):
        yield Range(Use.EGRESS, "egress range", ("egress", "ranges", index), one)
    own: set[IPv4Network] = set()
    for name, tier1 in domain.tier1s.items():
        if tier1.egress_range and tier1.egress_range not in own:
            own.add(tier1.egress_range)
            yield Range(Use.EGRESS, f"egress range of {name}", ("tier1s", name, "egress_range"), tier1.egress_range)
    if domain.ingress:
        yield Range(Use.INGRESS, "ingress range", ("ingress", "range"), domain.ingress.range)
    for name, tier1 in domain.tier1s.items():
        for index, one in enumerate(tier1.networks):
            use = Use.INSIDE if tier1.nat else Use.ROUTED
            yield Range(use, f"network of {name}", ("tier1s", name, "networks", index), one)


def indexed(found: Iterable[Range]) -> Prefixes[Range]:
    """Ranges by their networks."""
    index: Prefixes[Range] = Prefixes()
    for one in found:
        index.add(one.network, one)
    return index


def subnets(networks: Iterable[IPv4Network]) -> Prefixes[IPv4Network]:
    """Networks by themselves."""
    index: Prefixes[IPv4Network] = Prefixes()
    for one in networks:
        index.add(one, one)
    return index


def owned_elsewhere() -> CannotKnow:
    """What rules about the default route say where the domain does not own it."""
    return CannotKnow(
        "default_route.external is true: the route is somebody else's, its next hops are not in this file"
    )


def edges_of(subnet: IPv4Network) -> tuple[IPv4Address, ...]:
    """Network and broadcast address, where a subnet has them (RFC 3021: a /31 has none)."""
    return (subnet.network_address, subnet.broadcast_address) if subnet.prefixlen < 31 else ()


def nsx_version(domain: WorkloadDomain) -> tuple[int, ...] | None:
    """The NSX version that the file names, as numbers."""
    return tuple(int(part) for part in domain.nsx.version.split(".")) if domain.nsx.version else None


def where(domain: WorkloadDomain, at: Path) -> str:
    """Where a value stands, for a sentence about another value."""
    place = domain.place(*at)
    return f"{place.file}:{place.line}" if place else domain.stack
