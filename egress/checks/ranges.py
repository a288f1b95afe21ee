"""Rules about ranges: overlaps, sizes, DNS servers."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from egress.checks.look import Range, Use, indexed, mappings, own_addresses, ranges, uplinks_by_prefix
from egress.checks.prefixes import Prefixes
from egress.checks.rule import Broken, CannotKnow, Outcomes, Severity, rule
from egress.domain import WorkloadDomain
from egress.domain.addresses import overlap
from egress.domain.model import ServiceInterface
from egress.policy.owned import owned

_TRANSIT = {
    IPv4Network("100.64.0.0/16"): "the links between Tier-0 and Tier-1",
    IPv4Network("169.254.0.0/24"): "the links between the parts of a gateway",
}
_NOBODYS = tuple(map(IPv4Network, ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3")))
_LARGEST = 27


@rule(
    "ranges-overlap",
    Severity.ERROR,
    "egress and ingress ranges and the networks behind Tier-1s are apart",
    explanation="An address that is in two ranges has two meanings: an egress address that is also a load balancer's, or a pod that "
    "answers for an egress address. vSphere refuses some of these overlaps, not all.",
    source="vSphere with Tanzu, requirements for NSX networking; PowerValidatedSolutions",
)
def ranges_apart(domain: WorkloadDomain) -> Outcomes:
    before: Prefixes[Range] = Prefixes()
    for other in ranges(domain):
        met = before.overlapping(other.network)
        if met:
            one = met.first
            what = f"{other.name} {other.network} overlaps {one.name} {one.network}{met.others}"
            yield Broken(other.at, what, "give them ranges apart")
        before.add(other.network, other)
    if domain.ingress is None:
        yield CannotKnow("ingress.range is not in this file")
    if not any(tier1.networks for tier1 in domain.tier1s.values()):
        yield CannotKnow("no network behind a Tier-1 is in this file (tier1s)")


@rule(
    "range-overlaps-interface",
    Severity.ERROR,
    "ranges are apart from the subnets that the gateway touches",
    explanation="An address of a connected subnet is delivered on that segment, whatever it was meant to be. Egress and ingress may "
    "lie inside an uplink's subnet (the gateway answers ARP for them), but not half, and pods never.",
    source='NSX error 500105 "Address overlaps with Segment"; vxplanet.com, proxy ARP',
)
def overlaps_interface(domain: WorkloadDomain) -> Outcomes:
    services: Prefixes[ServiceInterface] = Prefixes()
    for interface in domain.tier0.service_interfaces:
        services.add(interface.address.network, interface)
    uplinks = uplinks_by_prefix(domain)
    for one in ranges(domain):
        service = services.overlapping(one.network)
        if service:
            yield Broken(
                one.at,
                f"{one.name} {one.network} overlaps {service.first.address.network} of service interface {service.first.id}{service.others}",
                "choose a range apart from it",
            )
        uplink = uplinks.overlapping(one.network) if one.use.behind else uplinks.inside(one.network)
        if uplink:
            yield Broken(
                one.at,
                f"{one.name} {one.network} overlaps the uplinks' subnet {uplink.first}{uplink.others}",
                "choose a range apart from it, or wholly inside it (not for networks behind a Tier-1)",
            )


@rule(
    "range-overlaps-transit",
    Severity.WARNING,
    "ranges are apart from NSX's own transit networks",
    explanation="NSX numbers its inner links from 100.64.0.0/16 and 169.254.0.0/24 unless told otherwise. Addresses of these networks "
    "do not leave the gateway. Design guides set the whole of 100.64.0.0/10 aside; the Policy API takes the /16.",
    source="NSX Policy API, Tier0.transit_subnets and Tier0.internal_transit_subnets (defaults)",
)
def overlaps_transit(domain: WorkloadDomain) -> Outcomes:
    for one in ranges(domain):
        for transit, use in _TRANSIT.items():
            if overlap(one.network, transit):
                yield Broken(
                    one.at,
                    f"{one.name} {one.network} overlaps {transit}, which NSX uses for {use}",
                    "choose another range, or say in suppress that the transit networks were changed",
                )


@rule(
    "range-too-small",
    Severity.WARNING,
    "egress and ingress ranges hold at least a /27",
    explanation="Every namespace takes an egress address of its own, every load balancer an ingress address. vSphere asks for 32 "
    "addresses of each.",
    source="PowerValidatedSolutions, Test-WMSubnetInput: egress and ingress at least /27",
)
def too_small(domain: WorkloadDomain) -> Outcomes:
    for one in ranges(domain):
        if not one.use.behind and one.network.prefixlen > _LARGEST:
            yield Broken(
                one.at,
                f"{one.name} {one.network} has {one.network.num_addresses} addresses, at least 32 (/{_LARGEST}) are asked for",
                "choose a larger range",
            )


@rule(
    "range-not-unicast",
    Severity.ERROR,
    "ranges hold addresses that a host can have",
    explanation="Multicast, loopback, link-local and reserved addresses are not routed, and 0.0.0.0/8 is no host's.",
    source="RFC 6890",
)
def not_unicast(domain: WorkloadDomain) -> Outcomes:
    for one in ranges(domain):
        hit = [network for network in _NOBODYS if overlap(one.network, network)]
        if hit:
            yield Broken(
                one.at,
                f"{one.name} {one.network} touches {hit[0]}, which holds no host addresses",
                "choose a range of RFC 1918, or one of your own",
            )


@rule(
    "range-is-public",
    Severity.NOTE,
    "ranges are private, or your own",
    explanation="Hosts on the Internet that really have these addresses cannot be reached from the domain. Behind NAT that is often "
    "accepted, and it is a surprise later.",
    source="RFC 1918, RFC 6598; IANA special-purpose registry",
)
def public(domain: WorkloadDomain) -> Outcomes:
    for one in ranges(domain):
        if one.network.is_global:
            yield Broken(
                one.at,
                f"{one.name} {one.network} consists of public addresses",
                "if they are not yours, choose a range of RFC 1918 (10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16)",
            )


@rule(
    "range-holds-taken-address",
    Severity.WARNING,
    "no address of an egress or ingress range is somebody's already",
    explanation="vSphere hands out every address of these ranges. One that is an interface's, the HA VIP's, a router's or a DNS server's then "
    "belongs to two.",
    source="RFC 5227; vSphere with Tanzu, egress and ingress CIDR: addresses are taken from them in order",
)
def taken(domain: WorkloadDomain) -> Outcomes:
    index: Prefixes[str] = Prefixes()
    for address, name in sorted(_taken(domain).items()):
        index.add(address, f"{address} of {name}")
    for one in ranges(domain):
        met = None if one.use.behind else index.within(one.network)
        if met:
            yield Broken(
                one.at,
                f"{one.name} {one.network} holds {met.first}{met.others}",
                "choose a range without the addresses that are taken",
            )


def _taken(domain: WorkloadDomain) -> dict[IPv4Address, str]:
    """Addresses around the gateway that somebody has, and who."""
    found = {address: name for address, (name, _) in own_addresses(domain).items()}
    for made in owned(domain).routes:
        for hop in made.next_hops:
            if isinstance(hop.address, IPv4Address):
                found.setdefault(hop.address, "the router")
    return found


@rule(
    "dns-server-inside-a-range",
    Severity.ERROR,
    "DNS servers stand outside egress ranges, and outside the networks behind Tier-1s unless they say so",
    explanation="A query to an address of these ranges is kept inside the domain, and no DNS server is there to answer it. One that stands on "
    "an NSX segment says so: {address: ..., inside: TIER1}.",
    source="assumption",
)
def dns_inside(domain: WorkloadDomain) -> Outcomes:
    if not domain.dns_servers:
        yield CannotKnow("dns_servers are not in this file")
    index_of_ranges = indexed(one for one in ranges(domain) if one.use is not Use.INGRESS)
    for index, server in enumerate(domain.dns_servers):
        address = server.address
        found = index_of_ranges.holding(address) if isinstance(address, IPv4Address) else None
        if found and not (server.inside is not None and found.first.use.behind):
            yield Broken(
                ("dns_servers", index),
                f"DNS server {server} lies in the {found.first.name} {found.first.network}{found.others}",
                "name the DNS server that pods and nodes ask, and the Tier-1 that it is behind (inside), if it is behind one",
            )


@rule(
    "dns-server-on-a-load-balancer",
    Severity.WARNING,
    "DNS servers stand outside the ingress range",
    explanation="An address of the ingress range is a load balancer's. A DNS service may stand behind one; pods that need it to pull its own "
    "images wait for each other.",
    source="assumption",
)
def dns_balanced(domain: WorkloadDomain) -> Outcomes:
    for index, address in enumerate(domain.dns_addresses):
        if domain.ingress and address in domain.ingress.range:
            yield Broken(
                ("dns_servers", index),
                f"DNS server {address} lies in the ingress range {domain.ingress.range}",
                "name the DNS server that pods and nodes ask, or say in suppress what answers there",
            )


@rule(
    "dns-is-a-known-address",
    Severity.ERROR,
    "a DNS server has an address of its own",
    explanation="What is sent to an address of the gateway's, or to a translated address, ends at the gateway, or with a REFLEXIVE rule at the "
    "egress address. The gateway's own DNS forwarder is written as such: {address: ..., forwarder: true}.",
    source="RFC 5227; NSX administration guide, reflexive NAT",
)
def dns_known(domain: WorkloadDomain) -> Outcomes:
    known: Prefixes[str] = Prefixes()
    for address, (name, _) in own_addresses(domain).items():
        known.add(address, name)
    for mapping in mappings(domain):
        known.add(mapping.translated, f"mapping {mapping.rule.key}, which translates to it")
    for index, server in enumerate(domain.dns_servers):
        four = server.address if isinstance(server.address, IPv4Address) else None
        met = known.holding(four) if four and not server.forwarder else None
        if met:
            yield Broken(
                ("dns_servers", index),
                f"DNS server {server} is the address of {met.first}{met.others}",
                "name the DNS server that pods and nodes ask, or say forwarder: true if it is the gateway's own",
            )


@rule(
    "dns-server-is-ipv6",
    Severity.WARNING,
    "an IPv6 DNS server can be reached",
    explanation="Egress mappings are IPv4 (NSX has no NAT66). Queries to an IPv6 server need an IPv6 default route, and addresses that "
    "the server can answer.",
    source="NSX Policy API, PolicyNatRule (NAT64 is the only rule with IPv6)",
)
def dns_ipv6(domain: WorkloadDomain) -> Outcomes:
    for index, server in enumerate(domain.dns_addresses):
        if server.version == 6 and domain.default_route.ipv6 is None and not domain.default_route.external:
            yield Broken(
                ("dns_servers", index),
                f"DNS server {server} is IPv6 and the domain has no IPv6 default route",
                "add default_route.ipv6, or name an IPv4 address of the server",
            )


@rule(
    "nat-not-needed",
    Severity.NOTE,
    "mappings stand only where translation is needed",
    explanation="The Tier-0 answers ARP for egress addresses inside the uplinks' subnet, so replies find the way back without NAT on "
    "the Tier-0. A default route alone does.",
    source="vxplanet.com, proxy ARP on Tier-0; labs that carve egress out of the uplink subnet",
)
def not_needed(domain: WorkloadDomain) -> Outcomes:
    uplinks = uplinks_by_prefix(domain)
    for mapping in mappings(domain):
        if uplinks.holding(mapping.source):
            yield Broken(
                (*mapping.at, "source"),
                f"{mapping.entry.source} lies in the uplinks' subnet and needs no translation",
                "take the mapping out, or choose an egress range outside the uplinks' subnet",
            )
