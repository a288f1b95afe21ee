"""Rules about the way back: routes outside NSX, which nobody but their owners can set."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network

from egress.checks.look import (
    beside_by_prefix,
    held_addresses,
    mappings,
    networks_beside,
    own_addresses,
    short,
    subnets,
    uplink_networks,
    uplinks_by_prefix,
)
from egress.checks.prefixes import Prefixes
from egress.checks.rule import Broken, Outcomes, Severity, rule
from egress.domain import HaMode, WorkloadDomain
from egress.domain.addresses import Coverage
from egress.domain.fields import RouteHolder, listed
from egress.domain.model import DnsServer
from egress.policy.leaving import seen_outside
from egress.policy.owned import beside_the_way_out


@rule(
    "dns-needs-return-route",
    Severity.WARNING,
    "a DNS server that sees egress addresses knows the way back",
    explanation="What leaves by an interface that NAT rules leave out (a second external VLAN, a service interface) is not translated, so the "
    "DNS server there sees egress addresses. Without a route it, or its router, answers by its own gateway, and pods tell "
    '"lookup ... i/o timeout". No provider can set a route on a DNS server: it stays your step, and return_routes says that it is done.',
    source="packet walk and kernel twin of this project; the write-up of the four steps",
)
def dns_server(domain: WorkloadDomain) -> Outcomes:
    wanted = seen_outside(domain)
    ready = {
        str(host) for host, routes in _routes(domain).items() if wanted and all(routes.holds(one) for one in wanted)
    }
    told = listed(wanted) or "an egress range that this file does not give (egress.ranges)"
    beside = beside_by_prefix(domain)
    ways: dict[IPv4Network, list[IPv4Address]] = {}
    for held in held_addresses(domain):
        ways.setdefault(held.network, []).append(held.ip)
    for index, server in enumerate(domain.dns_servers):
        holder = server.router or server.address
        met = beside.holding(holder) if isinstance(holder, IPv4Address) else None
        if met and not (server.inside or server.forwarder) and not {str(holder), str(server)} & ready:
            yield Broken(
                ("dns_servers", index),
                f"DNS server {server} sees untranslated addresses of {told}",
                f"on {holder}: route {listed(wanted) or 'it'} via {listed(ways[met.first])}; then write it into return_routes",
            )


@rule(
    "dns-answers-meet-urpf",
    Severity.WARNING,
    "answers of a DNS server on an uplink's network come back by that network",
    explanation="The Tier-0 has a DNS server that stands on an uplink's network as connected there. Its answers go by its own gateway, and come in by "
    "the network that the translated address lies in or is routed by. If that is another one strict uRPF drops them.",
    source="packet walk and kernel twin of this project: fails with STRICT; NSX Policy API, Tier0Interface.urpf_mode",
)
def dns_urpf(domain: WorkloadDomain) -> Outcomes:
    standing = list(_on_uplinks(domain))
    if not standing:
        return
    routes = _routes(domain)
    first: dict[IPv4Network, IPv4Network] = {}
    for target, network in _arrivals(domain):
        first.setdefault(network, target)
    for index, server, own in standing:
        for network, target in first.items():
            held = routes.get(server.address)
            if network != own and not (held and held.holds(target)):
                yield Broken(
                    ("dns_servers", index),
                    f"answers of DNS server {server} to {short(target)} come back by {network}, not by {own} where it stands",
                    f"on {server}: route {short(target)} via the Tier-0 in {own} and write it into return_routes, or set urpf_mode NONE in NSX",
                )
                break


def _on_uplinks(domain: WorkloadDomain) -> Iterator[tuple[int, DnsServer, IPv4Network]]:
    """DNS servers that stand on an uplink's network, with their place in the file and the network. Where NAT leaves it out a server needs a
    return route: dns-needs-return-route."""
    beside = set(networks_beside(domain))
    own = subnets(network for network in uplink_networks(domain) if network not in beside)
    for index, server in enumerate(domain.dns_servers):
        met = own.holding(server.address) if isinstance(server.address, IPv4Address) else None
        if met and not (server.router or server.inside or server.forwarder):
            yield index, server, met.first


def _targets(domain: WorkloadDomain) -> Iterator[IPv4Network]:
    """Addresses that packets of the domain have when they are outside: translated ones, and those that no rule is for."""
    made = [one for one in mappings(domain) if one.rule.destination is None]
    yield from dict.fromkeys(one.translated for one in made)
    ruled = Coverage(one.source for one in made)
    yield from (network for network in seen_outside(domain) if not ruled.holds(network))


def _arrivals(domain: WorkloadDomain) -> Iterator[tuple[IPv4Network, IPv4Network]]:
    """Networks by which answers to the addresses of a domain reach the Tier-0: the address, and the network."""
    networks = uplinks_by_prefix(domain)
    routed = Coverage(domain.egress.routed)
    ways = _ways_in(domain)
    returns: Prefixes[tuple[IPv4Network, ...]] = Prefixes()
    for route in domain.return_routes:
        if route.host == "upstream":
            found = [networks.holding(address) for address in route.via]
            returns.add(route.to, tuple(one.first for one in found if one))
    for target in _targets(domain):
        met, back = networks.holding(target), returns.overlapping(target)
        if met:
            yield target, met.first
        elif routed.holds(target):
            yield from ((target, network) for network in ways[:2])
        yield from ((target, network) for network in (back.first if back else ()))


def _ways_in(domain: WorkloadDomain) -> list[IPv4Network]:
    """Networks by which routers reach what is routed to the Tier-0."""
    tier0, beside = domain.tier0, beside_the_way_out(domain)
    if tier0.ha_mode is HaMode.ACTIVE_STANDBY and tier0.ha_vips:
        return list(dict.fromkeys(vip.address.network for vip in tier0.ha_vips))
    uplinks = [one for one in tier0.uplinks if one.id not in beside]
    active = [one for one in uplinks if tier0.ha_mode is HaMode.ACTIVE_ACTIVE or one.edge == uplinks[0].edge]
    return list(dict.fromkeys(one.address.network for one in active))


def _routes(domain: WorkloadDomain) -> dict[RouteHolder, Coverage]:
    """What the hosts of return_routes have routes to."""
    found: dict[RouteHolder, list[IPv4Network]] = {}
    for route in domain.return_routes:
        found.setdefault(route.host, []).append(route.to)
    return {host: Coverage(networks) for host, networks in found.items()}


@rule(
    "return-route-to-stranger",
    Severity.WARNING,
    "a return route leads to an address of this Tier-0, or to the DNS server's own router",
    explanation="A return route that leads anywhere else sends the answers anywhere else. A router in between may be right; it needs the route, too.",
    source="assumption",
)
def stranger(domain: WorkloadDomain) -> Outcomes:
    own = own_addresses(domain)
    routers = {str(server.address): server.router for server in domain.dns_servers}
    for index, route in enumerate(domain.return_routes):
        for hop, address in enumerate(route.via):
            if address not in own and address != routers.get(str(route.host)):
                yield Broken(
                    ("return_routes", index, "via", hop),
                    f"{route.to} on {route.host} leads to {address}, which is no address of this Tier-0 ({listed(own)})",
                    "name an interface of the Tier-0 that the host can reach, or the HA VIP; a router in between as the DNS server's router (dns_servers)",
                )


@rule(
    "return-route-misses-egress",
    Severity.WARNING,
    "a return route covers the egress or the ingress range",
    explanation="Answers go to egress addresses, requests to ingress addresses. A route to less leaves some of them without a way.",
    source="assumption",
)
def misses(domain: WorkloadDomain) -> Outcomes:
    wanted = [*seen_outside(domain), *([domain.ingress.range] if domain.ingress else []), *domain.egress.routed]
    index_of_wanted = subnets(wanted)
    for index, route in enumerate(domain.return_routes):
        if not index_of_wanted.within(route.to):
            yield Broken(
                ("return_routes", index, "to"),
                f"the route to {route.to} on {route.host} covers none of {listed(wanted)}",
                f"route {wanted[0]}" if wanted else "take it out, or give egress.ranges",
            )


@rule(
    "return-route-on-one-edge",
    Severity.WARNING,
    "a return route survives the loss of an edge",
    explanation="A route that leads to one uplink's own address is lost with its edge, although the other edge goes on.",
    source="NSX administration guide, HA VIP for static routing",
)
def one_edge(domain: WorkloadDomain) -> Outcomes:
    uplinks = {uplink.address.ip: uplink for uplink in domain.tier0.uplinks}
    if len({uplink.edge for uplink in domain.tier0.uplinks}) < 2:
        return
    remedy = "the HA VIP" if domain.tier0.ha_mode is HaMode.ACTIVE_STANDBY else "uplinks of both edges"
    for index, route in enumerate(domain.return_routes):
        edges = {uplinks[address].edge for address in route.via if address in uplinks}
        if len(edges) == 1 and all(address in uplinks for address in route.via):
            yield Broken(
                ("return_routes", index, "via"),
                f"the route to {route.to} on {route.host} leads to {edges.pop()} alone",
                f"name {remedy} in via, and on {route.host}",
            )
