"""Rules about the addresses of next hops."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from egress.checks.look import edges_of, own_addresses, owned_elsewhere, subnets, uplink_networks
from egress.checks.prefixes import Prefixes
from egress.checks.rule import Broken, CannotKnow, Outcomes, Path, Severity, rule
from egress.domain import NextHop, NextHopV6, WorkloadDomain
from egress.domain.addresses import as_network
from egress.domain.fields import listed
from egress.domain.model import Uplink

_HOPS: Path = ("default_route", "next_hops")
_HOPS_V6: Path = ("default_route", "ipv6", "next_hops")


def _hops(domain: WorkloadDomain) -> Iterator[tuple[Path, NextHop]]:
    for index, hop in enumerate(domain.default_route.next_hops):
        yield (*_HOPS, index, "address"), hop


def _hops_v6(domain: WorkloadDomain) -> Iterator[tuple[Path, NextHopV6]]:
    for index, hop in enumerate(domain.default_route.ipv6.next_hops if domain.default_route.ipv6 else ()):
        yield (*_HOPS_V6, index, "address"), hop


def _all_hops(domain: WorkloadDomain) -> Iterator[tuple[Path, NextHop | NextHopV6]]:
    yield from _hops(domain)
    yield from _hops_v6(domain)


@rule(
    "next-hop-outside-uplinks",
    Severity.ERROR,
    "a next hop lies in the subnet of an uplink",
    explanation="The Tier-0 asks for the next hop's MAC address on an uplink segment. A next hop that no uplink's subnet holds "
    "is never reached, NSX accepts the route all the same, and everything that leaves is dropped.",
    source="assumption (NSX checks no reachability of next hops at intent time; the packet walk needs a connected next hop)",
)
def outside_uplinks(domain: WorkloadDomain) -> Outcomes:
    if domain.default_route.external:
        yield owned_elsewhere()
    networks = uplink_networks(domain)
    uplinks = subnets(networks)
    for at, hop in _hops(domain):
        if not uplinks.holding(as_network(hop.address)):
            yield Broken(
                at,
                f"next hop {hop.address} lies in no uplink's subnet ({listed(networks)})",
                "name the router of an uplink's subnet",
            )
    uplinks_v6: Prefixes[Uplink] = Prefixes()
    for uplink in domain.tier0.uplinks:
        if uplink.ipv6:
            uplinks_v6.add(uplink.ipv6.network, uplink)
    subnets_v6 = list(dict.fromkeys(uplink.ipv6.network for uplink in domain.tier0.uplinks if uplink.ipv6))
    for at, hop_v6 in _hops_v6(domain):
        if hop_v6.address.is_link_local:
            continue
        if not subnets_v6:
            yield CannotKnow(
                f"no uplink has an ipv6 address in this file, so nothing says whether {hop_v6.address} is reachable"
            )
        elif not uplinks_v6.holding(IPv6Network(hop_v6.address)):
            yield Broken(
                at,
                f"next hop {hop_v6.address} lies in no uplink's subnet ({listed(subnets_v6)})",
                "name the router of an uplink's subnet",
            )


@rule(
    "next-hop-outside-its-interface",
    Severity.ERROR,
    "a next hop that names an interface lies in that interface's subnet",
    explanation="`interface` becomes the scope of the next hop: the packet leaves by that uplink or not at all.",
    source="NSX Policy API, RouterNexthop.scope; vmware/terraform-provider-nsxt#537",
)
def outside_its_interface(domain: WorkloadDomain) -> Outcomes:
    uplinks = {uplink.id: uplink for uplink in domain.tier0.uplinks}
    for at, hop in _hops(domain):
        if hop.interface and hop.address not in uplinks[hop.interface].address.network:
            subnet = uplinks[hop.interface].address.network
            yield Broken(
                at,
                f"next hop {hop.address} is outside {subnet}, the subnet of {hop.interface}",
                "name the interface whose subnet holds it",
            )
    for at, hop_v6 in _hops_v6(domain):
        address = uplinks[hop_v6.interface].ipv6 if hop_v6.interface else None
        if address and not hop_v6.address.is_link_local and hop_v6.address not in address.network:
            yield Broken(
                at,
                f"next hop {hop_v6.address} is outside {address.network}, the subnet of {hop_v6.interface}",
                "name the interface whose subnet holds it",
            )


@rule(
    "next-hop-is-own-address",
    Severity.ERROR,
    "a next hop is a router, not the gateway itself",
    explanation="A default route to an address of the gateway's own (an uplink, a service interface, the HA VIP) points at itself.",
    source="assumption",
)
def own_address(domain: WorkloadDomain) -> Outcomes:
    own = own_addresses(domain)
    for at, hop in _hops(domain):
        if hop.address in own:
            yield Broken(
                at,
                f"next hop {hop.address} is {own[hop.address][0]} of this very gateway",
                "name the physical router of the uplink's subnet",
            )
    own_v6 = {uplink.ipv6.ip: uplink.id for uplink in domain.tier0.uplinks if uplink.ipv6}
    for at, hop_v6 in _hops_v6(domain):
        if hop_v6.address in own_v6:
            yield Broken(
                at,
                f"next hop {hop_v6.address} is uplink {own_v6[hop_v6.address]} of this very gateway",
                "name the physical router of the uplink's subnet",
            )


@rule(
    "next-hop-is-network-or-broadcast",
    Severity.ERROR,
    "a next hop is no network or broadcast address",
    explanation="The first and the last address of a subnet belong to no host. A subnet of 31 bits has neither (RFC 3021).",
    source="RFC 950, RFC 919, RFC 3021",
)
def network_or_broadcast(domain: WorkloadDomain) -> Outcomes:
    ends: dict[IPv4Address, IPv4Network] = {}
    for subnet in uplink_networks(domain):
        for address in edges_of(subnet):
            ends.setdefault(address, subnet)
    for at, hop in _hops(domain):
        if hop.address in ends:
            subnet = ends[hop.address]
            kind = "network" if hop.address == subnet.network_address else "broadcast"
            yield Broken(
                at, f"next hop {hop.address} is the {kind} address of {subnet}", "name the router's own address"
            )


@rule(
    "next-hop-not-unicast",
    Severity.ERROR,
    "a next hop is an address that a router can have",
    explanation="Unspecified, loopback, multicast and reserved addresses, and IPv4 addresses in IPv6 clothes, are no router's.",
    source="RFC 6890, RFC 4291",
)
def not_unicast(domain: WorkloadDomain) -> Outcomes:
    addresses: list[tuple[Path, IPv4Address | IPv6Address]] = [(at, hop.address) for at, hop in _hops(domain)]
    addresses += [(at, hop.address) for at, hop in _hops_v6(domain)]
    for at, address in addresses:
        mapped = isinstance(address, IPv6Address) and address.ipv4_mapped is not None
        if address.is_unspecified or address.is_loopback or address.is_multicast or mapped or _reserved(address):
            yield Broken(at, f"next hop {address} is no address of a router", "name the router's own address")


def _reserved(address: IPv4Address | IPv6Address) -> bool:
    return isinstance(address, IPv4Address) and address.is_reserved


@rule(
    "next-hop-link-local-needs-interface",
    Severity.ERROR,
    "a link-local next hop says by which interface",
    explanation="A link-local address means something on one segment only; without a scope the gateway cannot tell which.",
    source="RFC 4007",
)
def link_local(domain: WorkloadDomain) -> Outcomes:
    for at, hop in _all_hops(domain):
        if hop.address.is_link_local and hop.interface is None:
            yield Broken(
                at,
                f"next hop {hop.address} is link-local and names no interface",
                "add interface: with the id of an uplink",
            )


@rule(
    "next-hop-twice",
    Severity.ERROR,
    "every next hop of a route appears once",
    explanation="The same next hop twice is one way out that looks like two; the two entries also fight over the distance.",
    source="assumption",
)
def twice(domain: WorkloadDomain) -> Outcomes:
    seen: set[tuple[object, str | None]] = set()
    for at, hop in _all_hops(domain):
        if (hop.address, hop.interface) in seen:
            yield Broken(at, f"next hop {hop.address} is given twice", "take one of the two out")
        seen.add((hop.address, hop.interface))
