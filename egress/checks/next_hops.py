"""Rules about the addresses of next hops, of the default routes and of further ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address
from typing import NamedTuple

from egress.checks.look import edges_of, owned_elsewhere
from egress.checks.prefixes import Prefixes
from egress.checks.rule import Broken, CannotKnow, Outcomes, Path, Severity, rule
from egress.domain import WorkloadDomain
from egress.domain.addresses import Address, InterfaceAddress, Network
from egress.domain.fields import listed
from egress.domain.model import once
from egress.policy.owned import AnyHop, Route, owned


class _Hop(NamedTuple):
    """A next hop, its route, and where its address stands."""

    at: Path
    route: Route
    hop: AnyHop

    @property
    def address(self) -> Address:
        return self.hop.address


class _Face(NamedTuple):
    """An address of an interface of the gateway. `uplink`: an external one, no service interface."""

    name: str
    called: str
    address: InterfaceAddress
    uplink: bool


@once
def _hops(domain: WorkloadDomain) -> Sequence[_Hop]:
    return [
        _Hop((*route.at, "next_hops", index, "address"), route, hop)
        for route in owned(domain).routes
        for index, hop in enumerate(route.next_hops)
    ]


@once
def _faces(domain: WorkloadDomain) -> tuple[_Face, ...]:
    return tuple(_all_faces(domain))


def _all_faces(domain: WorkloadDomain) -> Iterator[_Face]:
    for uplink in domain.tier0.uplinks:
        yield _Face(uplink.id, f"uplink {uplink.id}", uplink.address, True)
        if uplink.ipv6:
            yield _Face(uplink.id, f"uplink {uplink.id}", uplink.ipv6, True)
    for service in domain.tier0.service_interfaces:
        yield _Face(service.id, f"service interface {service.id}", service.address, False)


def _by_family(networks: Sequence[Network]) -> dict[int, Prefixes[Network]]:
    index: dict[int, Prefixes[Network]] = {4: Prefixes(), 6: Prefixes()}
    for network in networks:
        index[network.version].add(network, network)
    return index


@rule(
    "next-hop-outside-uplinks",
    Severity.WARNING,
    "a next hop lies in the subnet of an interface",
    explanation="The Tier-0 asks for the next hop's MAC address on a segment that it touches. A next hop beyond is found by another static "
    "route, if there is one (NSX resolves static routes recursively): no interface goes down with it, and a BFD session of one hop does "
    "not reach it. Without such a route NSX accepts the next hop all the same, and everything that leaves by it is dropped.",
    source="VCF 9.0, Configure a Static Route: a next hop may be reached by another static route",
)
def outside_uplinks(domain: WorkloadDomain) -> Outcomes:
    if domain.default_route.external:
        yield owned_elsewhere()
    networks = list(dict.fromkeys(face.address.network for face in _faces(domain)))
    near = _by_family(networks)
    leading: dict[int, Prefixes[Route]] = {4: Prefixes(), 6: Prefixes()}
    for route in owned(domain).further:
        if route.next_hops:
            leading[route.ip_version].add(route.network, route)
    for one in _hops(domain):
        version, address = one.address.version, one.address
        if near[version].holding(address) or (version == 6 and one.address.is_link_local):
            continue
        if version == 6 and not any(network.version == 6 for network in networks):
            yield CannotKnow(
                f"no uplink has an ipv6 address in this file, so nothing says whether {one.address} is reachable"
            )
            continue
        shown = listed([network for network in networks if network.version == version])
        by = leading[version].holding(address)
        if by:
            what = f"next hop {one.address} lies in no interface's subnet ({shown}), {by.first.network} leads to it (routes.{by.first.key})"
            yield Broken(one.at, what, "name the router of an uplink's subnet, or say in suppress that this is meant")
        else:
            what = f"next hop {one.address} lies in no interface's subnet ({shown}), and no other route leads to it"
            yield Broken(one.at, what, "name the router of an uplink's subnet, or give the route to it in routes")


@rule(
    "next-hop-outside-its-interface",
    Severity.ERROR,
    "a next hop that names an interface lies in that interface's subnet",
    explanation="`interface` becomes the scope of the next hop: the packet leaves by that interface or not at all.",
    source="NSX Policy API, RouterNexthop.scope; vmware/terraform-provider-nsxt#537",
)
def outside_its_interface(domain: WorkloadDomain) -> Outcomes:
    subnets = {(face.name, face.address.version): face.address.network for face in _faces(domain)}
    for one in _hops(domain):
        subnet = subnets.get((one.hop.interface or "", one.address.version))
        if subnet is None or (one.address.version == 6 and one.address.is_link_local) or one.address in subnet:
            continue
        yield Broken(
            one.at,
            f"next hop {one.address} is outside {subnet}, the subnet of {one.hop.interface}",
            "name the interface whose subnet holds it",
        )


@rule(
    "next-hop-is-own-address",
    Severity.ERROR,
    "a next hop is a router, not the gateway itself",
    explanation="A route to an address of the gateway's own (an uplink, a service interface, the HA VIP) points at itself.",
    source="assumption",
)
def own_address(domain: WorkloadDomain) -> Outcomes:
    own: dict[Address, str] = {vip.address.ip: "the HA VIP" for vip in domain.tier0.ha_vips}
    own |= {face.address.ip: face.called for face in _faces(domain)}
    for one in _hops(domain):
        if one.address in own:
            yield Broken(
                one.at,
                f"next hop {one.address} is {own[one.address]} of this very gateway",
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
    ends: dict[Address, IPv4Network] = {}
    networks = dict.fromkeys(face.address.network for face in _faces(domain))
    for network in networks:
        if isinstance(network, IPv4Network):
            ends |= {address: network for address in edges_of(network) if address not in ends}
    for one in _hops(domain):
        if one.address in ends:
            subnet = ends[one.address]
            kind = "network" if one.address == subnet.network_address else "broadcast"
            yield Broken(
                one.at, f"next hop {one.address} is the {kind} address of {subnet}", "name the router's own address"
            )


@rule(
    "next-hop-not-unicast",
    Severity.ERROR,
    "a next hop is an address that a router can have",
    explanation="Unspecified, loopback, multicast and reserved addresses, and IPv4 addresses in IPv6 clothes, are no router's.",
    source="RFC 6890, RFC 4291",
)
def not_unicast(domain: WorkloadDomain) -> Outcomes:
    for one in _hops(domain):
        address = one.address
        mapped = isinstance(address, IPv6Address) and address.ipv4_mapped is not None
        if address.is_unspecified or address.is_loopback or address.is_multicast or mapped or _reserved(address):
            yield Broken(one.at, f"next hop {address} is no address of a router", "name the router's own address")


def _reserved(address: Address) -> bool:
    return isinstance(address, IPv4Address) and address.is_reserved


@rule(
    "next-hop-link-local-needs-interface",
    Severity.ERROR,
    "a link-local next hop says by which interface",
    explanation="A link-local address means something on one segment only; without a scope the gateway cannot tell which.",
    source="RFC 4007",
)
def link_local(domain: WorkloadDomain) -> Outcomes:
    for one in _hops(domain):
        if one.address.is_link_local and one.hop.interface is None:
            yield Broken(
                one.at,
                f"next hop {one.address} is link-local and names no interface",
                "add interface: with the id of an uplink",
            )


@rule(
    "next-hop-twice",
    Severity.ERROR,
    "every next hop of a route appears once",
    explanation="The same next hop twice is one way out that looks like two; the two entries also fight over the distance. One that names an "
    "interface and one that names none are the same where that interface holds it.",
    source="assumption",
)
def twice(domain: WorkloadDomain) -> Outcomes:
    seen: set[tuple[Path, Address, str | None]] = set()
    for one in _hops(domain):
        key = one.route.at, one.address
        named = one.hop.interface
        if (*key, named) in seen or (*key, None) in seen or (named is None and (*key, "") in seen):
            yield Broken(one.at, f"next hop {one.address} is given twice", "take one of the two out")
        seen |= {(*key, named), (*key, "")}


@rule(
    "null-route-drops-dns",
    Severity.WARNING,
    "no null route holds the address of a DNS server",
    explanation="A route with discard: true drops what is sent to its network, unless a more specific route leads elsewhere. Lookups that go "
    "there time out.",
    source="vmware/terraform-provider-nsxt issue 604 (a next hop without an address); longest prefix first",
)
def null_dns(domain: WorkloadDomain) -> Outcomes:
    if all(route.next_hops for route in owned(domain).further):
        return
    routes: dict[int, Prefixes[Route]] = {4: Prefixes(), 6: Prefixes()}
    for route in sorted(owned(domain).further, key=lambda route: -route.network.prefixlen):
        routes[route.ip_version].add(route.network, route)
    near = _by_family([face.address.network for face in _faces(domain)])
    for index, server in enumerate(domain.dns_servers):
        target = server.address
        met = routes[server.address.version].holding(target)
        inside = server.inside is not None or near[server.address.version].holding(target)
        if met and not met.first.next_hops and not inside:
            yield Broken(
                ("dns_servers", index),
                f"null route {met.first.key} {met.first.network} drops what is sent to DNS server {server}",
                f"take routes.{met.first.key} out, or narrow it",
            )
