"""Rules about egress mappings: sources, translated addresses, sizes, scope, firewall."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from egress.checks.look import (
    Kind,
    beside_by_prefix,
    edges_of,
    held_addresses,
    hops_by_prefix,
    indexed,
    leaving_by_prefix,
    mappings,
    ranges,
    short,
    subnets,
    uplink_networks,
)
from egress.checks.prefixes import Prefixes
from egress.checks.rule import Broken, Outcomes, Severity, rule
from egress.domain import FirewallMatch, NatAction, WorkloadDomain
from egress.domain.addresses import Coverage, as_network, host_bits
from egress.domain.fields import listed
from egress.policy.leaving import seen_outside
from egress.policy.owned import nat_scope, owned
from egress.vocabulary import ANYWHERE, NOT_ON_REFLEXIVE


@rule(
    "source-outside-egress-range",
    Severity.ERROR,
    "every source lies in an egress range",
    explanation="vSphere takes egress addresses from the egress ranges, of the Supervisor or of the namespace, and a routed namespace "
    "leaves with its own. A rule for any other address never matches.",
    source="vSphere with Tanzu, egress CIDR; vSphere automation API, NCPClusterNetworkEnableSpec.egress_cidrs and the namespace's own",
)
def source_outside(domain: WorkloadDomain) -> Outcomes:
    leaving = leaving_by_prefix(domain)
    for mapping in mappings(domain):
        if mapping.rule.source != ANYWHERE and not leaving.overlapping(mapping.source):
            yield Broken(
                (*mapping.at, "source"),
                f"source {mapping.entry.source} is outside the egress ranges ({listed(seen_outside(domain))})",
                "write the egress address as vSphere shows it, or correct egress.ranges",
            )


@rule(
    "source-wider-than-egress-range",
    Severity.ERROR,
    "no source reaches beyond the egress ranges",
    explanation="A wider source translates traffic that is none of this domain's, on a gateway that others may share. Any, in so many "
    "words, is a decision (rule any-source-on-shared-tier0).",
    source="house rule of the plan gate: source wider than the egress block is denied",
)
def source_wider(domain: WorkloadDomain) -> Outcomes:
    whole, parts = Coverage(seen_outside(domain)), leaving_by_prefix(domain)
    for mapping in mappings(domain):
        meant = mapping.rule.source == ANYWHERE or whole.holds(mapping.source)
        if parts.overlapping(mapping.source) and not meant:
            yield Broken(
                (*mapping.at, "source"),
                f"source {mapping.entry.source} reaches beyond the egress ranges ({listed(seen_outside(domain))})",
                "narrow it to an egress range",
            )


@rule(
    "translated-outside-uplinks",
    Severity.ERROR,
    "a translated address is in an uplink's subnet, or declared as routed",
    explanation="Replies come to the translated address. In an uplink's subnet the gateway answers ARP for it; anywhere else somebody "
    "has to route it to the Tier-0, and egress.routed says that somebody does.",
    source="NSX administration guide, NAT and proxy ARP; return routes of static routing",
)
def translated_outside(domain: WorkloadDomain) -> Outcomes:
    uplinks = uplink_networks(domain)
    reachable = subnets([*uplinks, *domain.egress.routed])
    for mapping in mappings(domain):
        if not reachable.holding(mapping.translated):
            yield Broken(
                (*mapping.at, "translated"),
                f"translated {mapping.entry.translated} is outside the uplinks' subnets ({listed(uplinks)}) and not in egress.routed",
                "choose a free address of an uplink's subnet, or have it routed to the Tier-0 and add it to egress.routed",
            )


@rule(
    "translated-is-next-hop",
    Severity.ERROR,
    "a translated address is not the router's",
    explanation="Two hosts that answer for one address: the router's traffic and the domain's replies get lost in turn.",
    source="RFC 5227",
)
def translated_next_hop(domain: WorkloadDomain) -> Outcomes:
    hops = subnets(as_network(hop.address) for hop in domain.default_route.next_hops)
    for mapping in mappings(domain):
        hit = hops.within(mapping.translated)
        if hit:
            yield Broken(
                (*mapping.at, "translated"),
                f"translated {mapping.entry.translated} holds the next hop {short(hit.first)}{hit.others}",
                "choose a free address of the uplinks' subnet",
            )


@rule(
    "translated-is-network-or-broadcast",
    Severity.ERROR,
    "translated addresses are no network or broadcast addresses of an uplink's subnet",
    explanation="Replies to such an address reach everybody or nobody. A translated network is used whole, first and last included.",
    source="NSX Policy API, PolicyNatRule.translated_network (a CIDR acts as a pool incl. its first and last address); RFC 919",
)
def translated_edge(domain: WorkloadDomain) -> Outcomes:
    ends: Prefixes[tuple[IPv4Address, IPv4Network]] = Prefixes()
    for subnet in uplink_networks(domain):
        for address in edges_of(subnet):
            ends.add(address, (address, subnet))
    for mapping in mappings(domain):
        hit = ends.within(mapping.translated)
        if hit:
            address, subnet = hit.first
            yield Broken(
                (*mapping.at, "translated"),
                f"translated {mapping.entry.translated} holds {address}, the network or broadcast address of {subnet}",
                "choose free host addresses of the subnet",
            )


@rule(
    "translated-inside-a-range",
    Severity.ERROR,
    "a translated address is outside egress and ingress ranges and the networks behind Tier-1s",
    explanation="Those addresses belong to load balancers, pods or the egress side itself. Replies would be taken for theirs.",
    source="house rule of the plan gate: translated address inside an ingress block is denied",
)
def translated_in_range(domain: WorkloadDomain) -> Outcomes:
    index = indexed(ranges(domain))
    for mapping in mappings(domain):
        met = index.overlapping(mapping.translated)
        if met:
            yield Broken(
                (*mapping.at, "translated"),
                f"translated {mapping.entry.translated} lies in the {met.first.name} {met.first.network}{met.others}",
                "choose a free address of the uplinks' subnet",
            )


@rule(
    "translated-is-interface",
    Severity.WARNING,
    "a translated address is free, not an interface's own",
    explanation="A REFLEXIVE rule works inwards too: everything that arrives for the interface's address (ping, BFD, traceroute) goes "
    "to the egress address. The address also lives on one edge only and is lost with it. A free address of the same subnet has "
    "neither fault since NSX 3.2 (proxy ARP); nor has the HA VIP with SNAT, which moves to the active edge. The golden domain does it on "
    "purpose, as its write-up did.",
    source="NSX administration guide, reflexive NAT; inferred for interface addresses, not run on a live NSX",
)
def translated_interface(domain: WorkloadDomain) -> Outcomes:
    own: Prefixes[str] = Prefixes()
    fixed: Prefixes[str] = Prefixes()
    for held in sorted(held_addresses(domain), key=lambda held: held.ip):
        own.add(held.ip, held.name)
        if held.kind is not Kind.VIP:
            fixed.add(held.ip, held.name)
    for mapping in mappings(domain):
        hit = (own if mapping.rule.action is NatAction.REFLEXIVE else fixed).within(mapping.translated)
        if hit:
            yield Broken(
                (*mapping.at, "translated"),
                f"translated {mapping.entry.translated} is the address of {hit.first}",
                "choose a free address of the uplinks' subnet, or say in suppress why this is accepted",
            )


@rule(
    "sizes-differ",
    Severity.ERROR,
    "source and translated of a REFLEXIVE rule have the same number of addresses",
    explanation="REFLEXIVE maps one to one, in both directions.",
    source='NSX Policy API, PolicyNatRule ("number of original networks should be exactly the same as that of translated networks")',
)
def sizes(domain: WorkloadDomain) -> Outcomes:
    for mapping in mappings(domain):
        alike = host_bits(mapping.source) == host_bits(mapping.translated)
        if mapping.rule.action is NatAction.REFLEXIVE and not alike and mapping.rule.source != ANYWHERE:
            source, translated = mapping.source.num_addresses, mapping.translated.num_addresses
            yield Broken(
                (*mapping.at, "translated"),
                f"{mapping.entry.source} has {source} and {mapping.entry.translated} has {translated} addresses",
                f"translate to {source}, as REFLEXIVE rules of {domain.tier0.ha_mode} are one to one",
            )


@rule(
    "only-with-snat",
    Severity.ERROR,
    "source any, destination and exceptions stand where the rules are SNAT",
    explanation="On ACTIVE_ACTIVE without stateful services the rules are REFLEXIVE: stateless, one network to another, both ways. They know "
    "no destination, and no exception.",
    source="NSX 3.2 administration guide, Configure NAT on a Gateway; NSX Policy API, PolicyNatRule; vmware/nsxt issue 758",
)
def only_with_snat(domain: WorkloadDomain) -> Outcomes:
    if domain.tier0.nat_action is not NatAction.REFLEXIVE:
        return
    for mapping in mappings(domain):
        if mapping.rule.source == ANYWHERE:
            what = f"source any of a REFLEXIVE rule: {NOT_ON_REFLEXIVE['source']}"
            yield Broken((*mapping.at, "source"), what, "write the egress address or network")
        if mapping.rule.destination is not None:
            what = f"destination {mapping.entry.destination} of a REFLEXIVE rule: {NOT_ON_REFLEXIVE['destination']}"
            yield Broken((*mapping.at, "destination"), what, "take destination out, or correct tier0.ha_mode")
    for one in owned(domain).exceptions:
        what = f"exception {one.key}: {NOT_ON_REFLEXIVE['exceptions']}"
        yield Broken(one.at, what, "take it out, or correct tier0.ha_mode")


@rule(
    "firewall-bypassed",
    Severity.WARNING,
    "a REFLEXIVE rule does not bypass the firewall",
    explanation="A REFLEXIVE rule lets everybody in who sends to the translated address. With BYPASS the gateway firewall does not even "
    "look: the egress address, and whatever answers there, is open to the outside. The default policy of a Tier-0 allows, so that not "
    "bypassing it closes nothing by itself.",
    source="NSX Policy API, PolicyNatRule.firewall_match; BYPASS is the provider's default, MATCH_INTERNAL_ADDRESS is NSX's and ours",
)
def bypassed(domain: WorkloadDomain) -> Outcomes:
    for mapping in mappings(domain):
        if mapping.rule.action is NatAction.REFLEXIVE and mapping.entry.firewall_match is FirewallMatch.BYPASS:
            yield Broken(
                (*mapping.at, "firewall_match"),
                f"inbound traffic to {mapping.entry.translated} reaches {mapping.entry.source} past the firewall",
                "take firewall_match: BYPASS out, or say in suppress what else guards it",
            )


@rule(
    "nat-applied-everywhere",
    Severity.WARNING,
    "NAT rules are applied to the uplinks of the way out, where there are other interfaces",
    explanation="A rule without a scope also rewrites what leaves by a service interface or a second external VLAN. The answer of a DNS server "
    "there comes back to the translated address by the uplink, and strict uRPF drops it.",
    source="packet walk and kernel twin of this project: fails with STRICT, works with uRPF off; VCF 9.0, NAT configuration matrix "
    "(SNAT and REFLEXIVE act from downlink to service interface)",
)
def everywhere(domain: WorkloadDomain) -> Outcomes:
    services = {interface.id for interface in domain.tier0.service_interfaces}
    services |= {uplink.id for uplink in domain.tier0.uplinks if not uplink.nat}
    scope = nat_scope(domain)
    touched = sorted(services & set(scope)) if scope else sorted(services)
    if touched and mappings(domain):
        yield Broken(
            ("egress", "applied_to"), f"NAT rules also apply to {', '.join(touched)}", "write applied_to: uplinks"
        )


@rule(
    "nat-misses-an-uplink",
    Severity.WARNING,
    "NAT rules are applied to every uplink that the default route leaves by",
    explanation="What leaves by an uplink outside the scope keeps its egress address, and no reply finds back. ECMP makes that every "
    "second flow. An uplink without a next hop in its subnet, as of a second external VLAN for DNS, may be left out.",
    source="NSX Policy API, PolicyNatRule.scope",
)
def misses(domain: WorkloadDomain) -> Outcomes:
    scope, route = nat_scope(domain), domain.default_route
    hops = hops_by_prefix(domain)
    absent = [
        uplink
        for uplink in domain.tier0.uplinks
        if uplink.id not in scope and (hops.within(uplink.address.network) or (route.external and uplink.nat))
    ]
    services = [
        one.id for one in domain.tier0.service_interfaces if one.id not in scope and hops.within(one.address.network)
    ]
    if scope and (absent or services) and mappings(domain):
        plain = all(one.nat for one in absent) and not services
        fix = "write applied_to: uplinks" if plain else "take nat: false out, or the next hop there"
        yield Broken(
            ("egress", "applied_to"), f"NAT rules leave out {listed([*(one.id for one in absent), *services])}", fix
        )


@rule(
    "translated-on-service-segment",
    Severity.ERROR,
    "no translated address lies in the network of an interface that NAT rules leave out",
    explanation="Rules of this domain translate what leaves by the uplinks of the way out, and the gateway answers ARP for translated addresses "
    "there. It does not on a service segment or a second external VLAN.",
    source="NSX Policy API, PolicyNatRule.scope; that no ARP is answered elsewhere is an assumption",
)
def on_service_segment(domain: WorkloadDomain) -> Outcomes:
    services = beside_by_prefix(domain)
    for mapping in mappings(domain):
        met = services.overlapping(mapping.translated)
        if met:
            yield Broken(
                (*mapping.at, "translated"),
                f"translated {short(mapping.translated)} lies in {met.first}, which NAT rules leave out{met.others}",
                "choose a free address of the uplinks' subnet",
            )
