"""Rules about the Tier-0 itself: HA VIP, interfaces, VRF, versions."""

from __future__ import annotations

from ipaddress import IPv4Network

from egress.checks.look import (
    Held,
    Kind,
    edges_of,
    held_addresses,
    nsx_version,
)
from egress.checks.prefixes import Prefixes
from egress.checks.rule import Broken, CannotKnow, Outcomes, Severity, rule
from egress.domain import HaMode, WorkloadDomain
from egress.domain.fields import listed
from egress.domain.model import Uplink

_NO_VERSION = "nsx.version is not in this file"


@rule(
    "ha-vip-outside-uplinks",
    Severity.ERROR,
    "an HA VIP lies in the subnet that its two uplinks share",
    explanation="A VIP is tied to exactly two external interfaces, one on each edge, and answers on their segment. Two uplinks an edge on "
    "two VLANs have two VIPs.",
    source="vmware/terraform-provider-nsxt, ha_vip_config.external_interface_paths: exactly 2; NSX Policy API, LocaleServices.ha_vip_configs",
)
def vip_outside(domain: WorkloadDomain) -> Outcomes:
    named = {uplink.id: uplink for uplink in domain.tier0.uplinks}
    by_network: dict[IPv4Network, list[Uplink]] = {}
    index: Prefixes[Uplink] = Prefixes()
    for uplink in domain.tier0.uplinks:
        by_network.setdefault(uplink.address.network, []).append(uplink)
        index.add(uplink.address.network, uplink)
    for number, vip in enumerate(domain.tier0.ha_vips):
        inside = by_network.get(vip.address.network, [])
        around = index.holding(vip.address.ip)
        if vip.uplinks:
            inside = [named[name] for name in vip.uplinks if named[name].address.network == vip.address.network]
        count = len(vip.uplinks) or (around.count if around else 0)
        if not (count == len(inside) == len({uplink.edge for uplink in inside[:3]}) == 2):
            names = listed([uplink.id for uplink in inside[:9]]) or "none"
            yield Broken(
                ("tier0", "ha_vips", number, "address"),
                f"HA VIP {vip.address} needs two uplinks on two edges in its subnet, the file has: {names}",
                "choose an address of the subnet of two uplinks, with the same prefix length, or name the two in uplinks",
            )


@rule(
    "active-standby-without-ha-vip",
    Severity.WARNING,
    "static routing on ACTIVE_STANDBY has an HA VIP on every uplink network that two edges share",
    explanation="Neighbours send to one address. If that is an uplink's own address, it dies with its edge and ingress, replies to "
    "routed addresses and return routes die with it, although the other edge took over. Each uplink VLAN has a VIP of its own.",
    source="NSX administration guide, HA VIP for static routing; VCF 9.0 recommends it for static routing",
)
def standby_without_vip(domain: WorkloadDomain) -> Outcomes:
    tier0 = domain.tier0
    if tier0.ha_mode is not HaMode.ACTIVE_STANDBY or len({up.edge for up in tier0.uplinks}) < 2:
        return
    if not tier0.ha_vips:
        yield Broken(
            ("tier0",),
            "ACTIVE_STANDBY without ha_vips: return routes die with the edge they point at",
            "configure an HA VIP in NSX, write it into tier0.ha_vips and point return routes at it",
        )
        return
    edges: dict[IPv4Network, set[str]] = {}
    for uplink in tier0.uplinks:
        edges.setdefault(uplink.address.network, set()).add(uplink.edge)
    with_vip = {vip.address.network for vip in tier0.ha_vips}
    for network, there in edges.items():
        if len(there) > 1 and network not in with_vip:
            yield Broken(
                ("tier0", "ha_vips"),
                f"no HA VIP in {network}: what is routed there dies with the edge it points at",
                "configure one in NSX for the two uplinks of that network, and write it into tier0.ha_vips",
            )


@rule(
    "interface-address-twice",
    Severity.ERROR,
    "every interface, and the HA VIP, has an address of its own",
    explanation="Two interfaces with one address answer for each other; the neighbours see the address flap.",
    source="RFC 5227",
)
def address_twice(domain: WorkloadDomain) -> Outcomes:
    seen: dict[object, str] = {}
    for held in held_addresses(domain):
        address = held.ip
        if address in seen:
            yield Broken(
                held.at, f"{address} belongs to {seen[address]} already", f"give {held.name} an address of its own"
            )
        seen.setdefault(address, held.name)


@rule(
    "interface-is-network-or-broadcast",
    Severity.ERROR,
    "an interface's address is no network or broadcast address",
    explanation="The first and the last address of a subnet belong to no host. A subnet of 31 bits has neither (RFC 3021).",
    source="RFC 950, RFC 919, RFC 3021",
)
def interface_edge(domain: WorkloadDomain) -> Outcomes:
    for held in held_addresses(domain):
        address, network = held.ip, held.network
        if address in edges_of(network):
            kind = "network" if address == network.network_address else "broadcast"
            yield Broken(
                held.at,
                f"{address}, the address of {held.name}, is the {kind} address of {network}",
                "write the address that the interface has in NSX",
            )


@rule(
    "interface-subnets-overlap",
    Severity.ERROR,
    "subnets of interfaces are equal or apart, those of one edge and service subnets are apart from all others",
    explanation="One gateway routes by prefixes: a subnet that is also part of another is reached by one of the two interfaces only. The same "
    "holds for two uplinks of one edge in one subnet; uplinks of several edges share theirs.",
    source="assumption (NSX refuses overlapping connected subnets on one gateway)",
)
def subnets_overlap(domain: WorkloadDomain) -> Outcomes:
    everything: Prefixes[Held] = Prefixes()
    of_kind: dict[Kind, Prefixes[Held]] = {kind: Prefixes() for kind in Kind}
    beside: dict[tuple[str, IPv4Network], Held] = {}
    opposite = {Kind.UPLINK: Kind.SERVICE, Kind.SERVICE: Kind.UPLINK}
    for other in held_addresses(domain):
        same = of_kind[opposite[other.kind]].equal(other.network) if other.kind in opposite else None
        for met in (everything.nested(other.network), same):
            if met:
                yield Broken(
                    other.at,
                    f"{other.network} of {other.name} overlaps {met.first.network} of {met.first.name}{met.others}",
                    "correct the prefix length, or the address",
                )
        if other.edge is not None:
            first = beside.setdefault((other.edge, other.network), other)
            if first is not other:
                yield Broken(
                    other.at,
                    f"{other.network} of {other.name} is also the subnet of {first.name} on the same edge {other.edge}",
                    "give the second uplink of an edge a subnet of its own",
                )
        everything.add(other.network, other)
        of_kind[other.kind].add(other.network, other)


@rule(
    "vrf-of-itself",
    Severity.ERROR,
    "a VRF gateway has another gateway as its parent",
    explanation="`vrf_of` names the parent Tier-0, which lends edges and HA mode.",
    source="NSX Policy API, Tier0VrfConfig.tier0_path",
)
def vrf_of_itself(domain: WorkloadDomain) -> Outcomes:
    if domain.tier0.vrf_of and domain.tier0.vrf_of == domain.tier0.id:
        yield Broken(
            ("tier0", "vrf_of"), f"{domain.tier0.id} is its own parent", "name the parent Tier-0, or take vrf_of out"
        )


@rule(
    "tier0-by-display-name",
    Severity.NOTE,
    "the Tier-0 is named by its id",
    explanation="The provider's look-up by name also takes a name that only begins so. The stack insists on the whole name, and a "
    "renamed gateway stops the plan. The id never changes.",
    source="measured: vmware/nsxt 3.11.1 accepts a prefix of exactly one Tier-0's name",
)
def by_name(domain: WorkloadDomain) -> Outcomes:
    if domain.tier0.display_name:
        yield Broken(
            ("tier0", "display_name"),
            f"Tier-0 {domain.tier0.display_name!r} is looked up by name",
            "write its id as tier0.id instead",
        )


@rule(
    "nsx-version-unsupported",
    Severity.WARNING,
    "the provider supports this NSX",
    explanation="Each release of the provider names the NSX versions that it supports: 3.11 names 3.0 to 4.2 and 9.0, 3.12 also 9.1. "
    "Which release is used stands in locks/, not in a domain file.",
    source="README of vmware/terraform-provider-nsxt at v3.11.1 and v3.12.0",
)
def version_unsupported(domain: WorkloadDomain) -> Outcomes:
    version = nsx_version(domain)
    if version is None:
        yield CannotKnow(_NO_VERSION)
    elif version < (3, 0):
        yield Broken(
            ("nsx", "version"),
            f"NSX {domain.nsx.version} is older than 3.0, the oldest that provider 3.11 and 3.12 name",
            "bring NSX to 3.0 or later",
        )
    elif version >= (9, 1):
        yield Broken(
            ("nsx", "version"),
            f"NSX {domain.nsx.version} is not named by provider 3.11: 3.12 is the first that names 9.1",
            "let the lock files in locks/ hold provider 3.12 or later; if they do, suppress this rule with that reason",
        )
