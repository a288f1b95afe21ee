"""Rules about translated addresses that the gateway answers ARP for."""

from __future__ import annotations

from ipaddress import IPv4Network

from egress.checks.look import mappings, nsx_version, own_addresses, uplinks_by_prefix
from egress.checks.rule import Broken, CannotKnow, Outcomes, Severity, rule
from egress.domain import HaMode, WorkloadDomain
from egress.domain.fields import listed

_NO_VERSION = "nsx.version is not in this file"


@rule(
    "proxy-arp-needs-nsx-3-2",
    Severity.ERROR,
    "translated addresses of an ACTIVE_ACTIVE gateway are answered for by NSX 3.2 or later",
    explanation="The router asks for the MAC address of a translated address that lies in the uplink subnet. NSX answers by itself on "
    "ACTIVE_STANDBY, and on ACTIVE_ACTIVE since 3.2 only; before, the translated address had to be an uplink's own.",
    source="vxplanet.com 2021-02-12 and 2022-08-22, proxy ARP on Tier-0",
)
def proxy_arp(domain: WorkloadDomain) -> Outcomes:
    if domain.tier0.ha_mode is not HaMode.ACTIVE_ACTIVE:
        return
    own, version = own_addresses(domain), nsx_version(domain)
    uplinks = uplinks_by_prefix(domain)
    for mapping in mappings(domain):
        needs = mapping.translated.network_address not in own or mapping.translated.num_addresses > 1
        if not needs or not uplinks.holding(mapping.translated):
            continue
        if version is None:
            yield CannotKnow(f"{_NO_VERSION}: proxy ARP for {mapping.entry.translated} on ACTIVE_ACTIVE needs 3.2")
        elif version < (3, 2):
            yield Broken(
                (*mapping.at, "translated"),
                f"NSX {domain.nsx.version} does not answer ARP for {mapping.entry.translated} on ACTIVE_ACTIVE",
                "translate to an uplink's own address, or route the translated address to the Tier-0",
            )


@rule(
    "translated-not-on-every-edge",
    Severity.WARNING,
    "every edge stands in the subnet of a translated address",
    explanation="On ACTIVE_ACTIVE the gateway answers ARP for a translated address only where every edge has an interface in that subnet. With a "
    "subnet a rack it does not, or the address is gone with the one edge that has it. On ACTIVE_STANDBY nobody answers for it while the other "
    "edge is active.",
    source="VCF 9.0, Add a Tier-0 Gateway (proxy ARP); on ACTIVE_STANDBY: packet walk and kernel twin of this project",
)
def on_every_edge(domain: WorkloadDomain) -> Outcomes:
    edges = list(dict.fromkeys(uplink.edge for uplink in domain.tier0.uplinks))
    there: dict[IPv4Network, set[str]] = {}
    for uplink in domain.tier0.uplinks:
        there.setdefault(uplink.address.network, set()).add(uplink.edge)
    networks = uplinks_by_prefix(domain)
    for mapping in mappings(domain):
        held = networks.holding(mapping.translated)
        if held and len(there[held.first]) < len(edges):
            yield Broken(
                (*mapping.at, "translated"),
                f"translated {mapping.entry.translated} lies in {held.first}, where {len(there[held.first])} of {len(edges)} edges stand",
                "choose an address of a subnet that every edge has an uplink in, or have it routed to the Tier-0 (egress.routed)",
            )


@rule(
    "translated-on-one-uplink-network",
    Severity.WARNING,
    "translated addresses hang on more than one uplink network where there are several",
    explanation="Answers come to the translated address, on the network that it lies in. If all of them lie in one, the loss of its router or "
    "VLAN takes all answers, although there are next hops in another.",
    source="packet walk of this project; PowerVCF sample edge cluster, two edges with two uplinks each",
)
def on_one_network(domain: WorkloadDomain) -> Outcomes:
    networks = uplinks_by_prefix(domain)
    leaving = {met.first for hop in domain.default_route.next_hops if (met := networks.holding(hop.address))}
    held = [networks.holding(mapping.translated) for mapping in mappings(domain)]
    found = {met.first for met in held if met}
    if len(leaving) > 1 and len(found) == 1 and all(held):
        yield Broken(
            ("egress",),
            f"all translated addresses lie in {found.pop()}, and next hops in {listed(sorted(leaving))}: the loss of the first takes all answers",
            "choose translated addresses in more than one of them, or have them routed to the Tier-0 by all (egress.routed)",
        )
