"""Rules about what leaves and is translated by no rule: each Tier-1 that is known, and each part of an egress range."""

from __future__ import annotations

from ipaddress import IPv4Network

from egress.checks.look import mappings, short, uplink_networks
from egress.checks.rule import Broken, Outcomes, Severity, rule
from egress.domain import WorkloadDomain
from egress.domain.addresses import Coverage
from egress.domain.fields import listed
from egress.domain.model import once
from egress.policy.leaving import leaving
from egress.policy.owned import owned

_SOURCE = "vSphere with Tanzu, since 7.0 U1c: one Tier-1 and one SNAT address a namespace, shared by its pods, VMs and TKG clusters"
_ROUTED = "or, where the upstream router has a route to it, write that into return_routes (host: upstream)"


@once
def _way_back(domain: WorkloadDomain) -> Coverage:
    """Source addresses that answers find back to: translated ones, those in an uplink's subnet, those that are routed upstream."""
    translated = [one.source for one in mappings(domain) if one.rule.destination is None]
    routed = [route.to for route in domain.return_routes if route.host == "upstream"]
    return Coverage([*translated, *uplink_networks(domain), *domain.egress.routed, *routed])


@rule(
    "mapping-missing",
    Severity.WARNING,
    "what each Tier-1 sends with has a mapping",
    explanation="Every namespace has a Tier-1 of its own, and that an egress address. What has no mapping leaves un-translated, no answer finds "
    'back, and image pulls end in "connection timed out". A mapping of the whole range is for namespaces to come, too. Addresses in an '
    "uplink's subnet need none (the Tier-0 answers ARP for them), nor do those that the upstream router has a route to (return_routes).",
    source=_SOURCE,
)
def missing(domain: WorkloadDomain) -> Outcomes:
    covered = _way_back(domain)
    if not domain.tier1s and not owned(domain).rules:
        open_ = [one for one in domain.egress_ranges if not covered.holds(one)]
        if open_:
            what = f"no mapping at all: nothing that leaves with an address of {listed(open_)} is translated"
            yield Broken(("egress",), what, f"add a mapping for {short(open_[0])} to egress, {_ROUTED}")
    for one in leaving(domain):
        lacking = [network for network in one.networks if not covered.holds(network)]
        if one.own or not lacking:
            continue
        told = listed([short(network) for network in lacking])
        if one.known:
            what = f"no mapping translates {told}, which Tier-1 {one.tier1} sends with"
            yield Broken(("tier1s", one.tier1, "egress"), what, f"add a mapping for {told} to egress, {_ROUTED}")
        else:
            some = any(covered.count(network) for network in lacking)
            what = f"which address of {told} Tier-1 {one.tier1} sends with is not in the file, and {'not all of them have' if some else 'none has'} a mapping"
            fix = f"write the address as tier1s.{one.tier1}.egress (NSX shows it in that Tier-1's NAT rules), or add a mapping for {told} as a whole"
            yield Broken(("tier1s", one.tier1), what, fix)


@rule(
    "egress-range-partly-mapped",
    Severity.NOTE,
    "mappings are for whole egress ranges",
    explanation="A new namespace gets the next address of its egress range, and where that has no mapping its pulls time out until somebody adds "
    "one. A mapping of the whole range needs no change: many to one on ACTIVE_STANDBY, network to network of one size on ACTIVE_ACTIVE.",
    source=_SOURCE,
)
def partly(domain: WorkloadDomain) -> Outcomes:
    covered = _way_back(domain)
    for one in domain.egress_ranges:
        count = covered.count(one)
        if owned(domain).rules and count < one.num_addresses:
            yield Broken(
                ("egress",),
                f"{count} of {one.num_addresses} addresses of {one} have a mapping: what a new namespace gets has none",
                f"add a mapping with source {one} (source: any works for SNAT, too), or watch for new namespaces",
            )


@rule(
    "routed-tier1-without-way-back",
    Severity.WARNING,
    "the networks of a routed Tier-1 have a way back",
    explanation="With nat: false pods leave with their own addresses. Answers find back only where the upstream router has a route to them, or a "
    "rule of the Tier-0 translates them.",
    source="vSphere 8, namespace network with NAT mode off: routable pods",
)
def routed(domain: WorkloadDomain) -> Outcomes:
    covered = _way_back(domain)
    for one in leaving(domain):
        lacking: list[IPv4Network] = [network for network in one.networks if not covered.holds(network)]
        if one.own and lacking:
            told = listed(lacking)
            yield Broken(
                ("tier1s", one.tier1, "networks"),
                f"routed Tier-1 {one.tier1} leaves with addresses of {told}, which nothing translates and no return route covers",
                f"have {told} routed to this Tier-0 and write it into return_routes (host: upstream), or add a mapping for it",
            )
