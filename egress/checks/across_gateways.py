"""Rules about domains on different gateways: addresses, VRFs, state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network
from itertools import groupby
from typing import NamedTuple

from egress.checks.look import mappings, own_addresses, ranges, short, where
from egress.checks.prefixes import Prefixes
from egress.checks.rule import Broken, CannotKnow, Outcomes, Path, Severity, fleet_rule, rule
from egress.domain import WorkloadDomain
from egress.domain.addresses import as_network, overlap
from egress.domain.state import HttpState, LocalState, PgState, S3State
from egress.policy.identity import GatewayKey, ManagerKey, tier0_name


class Use(NamedTuple):
    """A network that a domain uses, and for what."""

    domain: WorkloadDomain
    at: Path
    name: str
    network: IPv4Network


def addresses_used(domain: WorkloadDomain) -> Iterator[Use]:
    """The addresses that nobody on another gateway may have."""
    for address, (name, at) in own_addresses(domain).items():
        yield Use(domain, at, name, as_network(address))
    for mapping in mappings(domain):
        yield Use(domain, (*mapping.at, "translated"), f"translated address of {mapping.rule.key}", mapping.translated)


def ranges_used(domain: WorkloadDomain) -> Iterator[Use]:
    """The ranges that no other domain may have."""
    for one in ranges(domain):
        if not one.use.behind:
            yield Use(domain, one.at, one.name, one.network)


def _clashes(uses: Sequence[Use]) -> Iterator[tuple[Use, Use]]:
    """Overlapping uses on different gateways, each later one with the first that it meets.

    Sorted by first address, wider ones first, so that an open list of the uses around the current one is enough. Two uses of
    one network on two gateways are enough to meet every later one, so no more of them are kept.
    """
    open_: list[tuple[Use, GatewayKey]] = []
    for use in sorted(uses, key=lambda use: (use.network.network_address, use.network.prefixlen)):
        open_ = [(other, owner) for other, owner in open_ if overlap(other.network, use.network)]
        own = GatewayKey.of(use.domain)
        foreign = [other for other, owner in open_ if owner != own]
        if foreign:
            yield foreign[0], use
        same = {owner for other, owner in open_ if other.network == use.network}
        if own not in same and len(same) < 2:
            open_.append((use, own))


def _judge(one: Use, other: Use, fix: str) -> Broken | CannotKnow:
    """Whether two networks of different gateways meet: those of one manager do, unless a VRF keeps them apart."""
    if GatewayKey.of(one.domain).manager != GatewayKey.of(other.domain).manager:
        return CannotKnow(
            f"{short(other.network)} is used in {where(one.domain, one.at)} too, on another manager: whether the two networks are joined is not in these files",
            other.domain,
        )
    if one.domain.tier0.vrf_of or other.domain.tier0.vrf_of:
        return CannotKnow(
            f"{short(other.network)} is used in {where(one.domain, one.at)} too, and a VRF has a table of its own: whether the two networks are joined is not in these files",
            other.domain,
        )
    return Broken(
        other.at,
        f"{other.name} {short(other.network)} overlaps {one.name} {short(one.network)} of {one.domain.stack} ({where(one.domain, one.at)})",
        fix,
        other.domain,
    )


@fleet_rule(
    "address-in-two-domains",
    Severity.ERROR,
    "an address belongs to one gateway",
    explanation="Two gateways that answer for one address take each other's replies. Domains on different managers, or in VRFs, may live "
    "in networks that never meet; the files do not tell.",
    source="RFC 5227",
)
def address_twice(domains: Sequence[WorkloadDomain]) -> Outcomes:
    for one, other in _clashes([use for domain in domains for use in addresses_used(domain)]):
        yield _judge(one, other, "give one of the two another address")


@fleet_rule(
    "range-in-two-domains",
    Severity.WARNING,
    "egress and ingress ranges belong to one domain",
    explanation="Egress ranges of two domains that overlap cannot both be routed back, so a DNS server that sees both answers one of "
    "them. Ingress ranges that overlap give one address to two load balancers.",
    source="vSphere with Tanzu, requirements for NSX networking: ranges are unique",
)
def range_twice(domains: Sequence[WorkloadDomain]) -> Outcomes:
    uses = [use for domain in domains for use in ranges_used(domain)]
    for one, other in _clashes(uses):
        yield _judge(one, other, "give one of the two another range")
    yield from _same_gateway(uses)


def _same_gateway(uses: Sequence[Use]) -> Outcomes:
    """Each range of a domain with the first of the domains before it on its gateway that it overlaps."""
    before: dict[GatewayKey, Prefixes[Use]] = {}
    for _, own in groupby(uses, key=lambda use: use.domain.stack):
        of_one = list(own)
        known = before.setdefault(GatewayKey.of(of_one[0].domain), Prefixes())
        for use in of_one:
            met = known.overlapping(use.network)
            if met:
                one = met.first
                yield Broken(
                    use.at,
                    f"{use.name} {use.network} overlaps {one.name} {one.network} of {one.domain.stack} on the same Tier-0{met.others}",
                    "give one of the two another range",
                    use.domain,
                )
        for use in of_one:
            known.add(use.network, use)


@fleet_rule(
    "vrf-differs-from-its-parent",
    Severity.ERROR,
    "a VRF gateway has its parent's HA mode",
    explanation="A VRF gateway inherits edges and HA mode. A file that says otherwise makes the wrong kind of NAT rule.",
    source="NSX administration guide, VRF gateways",
)
def vrf_differs(domains: Sequence[WorkloadDomain]) -> Outcomes:
    known = {GatewayKey.of(domain): domain for domain in domains}
    for domain in domains:
        parent_key = GatewayKey.parent_of(domain)
        if parent_key is None:
            continue
        parent = known.get(parent_key)
        if parent is None:
            yield CannotKnow(f"parent {domain.tier0.vrf_of} is in none of these files", domain)
        elif parent.tier0.nat_action is not domain.tier0.nat_action or parent.tier0.ha_mode is not domain.tier0.ha_mode:
            yield Broken(
                ("tier0", "ha_mode"),
                f"{domain.tier0.ha_mode} differs from {parent.tier0.ha_mode} of parent {domain.tier0.vrf_of} ({where(parent, ('tier0', 'ha_mode'))})",
                "write the parent's ha_mode and stateful_active_active",
                domain,
            )


@fleet_rule(
    "tier1-behind-two-gateways",
    Severity.ERROR,
    "a Tier-1 is behind one Tier-0",
    explanation="A Tier-1 has one Tier-0 above it. Where two files place one Tier-1 behind different gateways, one of them makes rules "
    "for traffic that never comes by.",
    source="NSX Policy API, Tier1.tier0_path",
)
def tier1_twice(domains: Sequence[WorkloadDomain]) -> Outcomes:
    seen: dict[tuple[ManagerKey, str], tuple[WorkloadDomain, Path]] = {}
    for domain in domains:
        own = GatewayKey.of(domain)
        for name in domain.tier1s:
            at: Path = ("tier1s", name)
            first, first_at = seen.setdefault((own.manager, name), (domain, at))
            if GatewayKey.of(first) != own:
                yield Broken(
                    at,
                    f"Tier-1 {name} is behind {tier0_name(first.tier0)} in {where(first, first_at)}, and behind {own.name} here",
                    "name the Tier-1 in the domain whose Tier-0 it hangs on",
                    domain,
                )


@fleet_rule(
    "state-in-two-domains",
    Severity.ERROR,
    "every stack has a state of its own",
    explanation="Two stacks on one state destroy each other's objects: the next plan of each removes what the other made.",
    source="Terraform, state",
)
def state_twice(domains: Sequence[WorkloadDomain]) -> Outcomes:
    seen: dict[tuple[str, ...], WorkloadDomain] = {}
    for domain in domains:
        place = state_place(domain)
        first = seen.setdefault(place, domain)
        if first is not domain:
            yield Broken(
                ("state",),
                f"the state of {domain.stack} is that of {first.stack} ({where(first, ('state',))})",
                "give each its own: leave schema_name or key out, or another address",
                domain,
            )


def state_place(domain: WorkloadDomain) -> tuple[str, ...]:
    """Where a domain's state is: that of no other one."""
    match domain.state:
        case PgState(schema_name=schema):
            return ("pg", schema or domain.stack)
        case S3State(endpoint=endpoint, bucket=bucket, key=key):
            return ("s3", endpoint or "", bucket, key or f"{domain.stack}.tfstate")
        case HttpState(address=address):
            return ("http", address.rstrip("/"))
        case _:
            return ("local", domain.stack)


@rule(
    "state-is-local",
    Severity.NOTE,
    "a state that several people use is kept with locks",
    explanation="A local state is a file on one machine: nobody else sees it, nobody is kept from applying at the same time, and it is "
    "lost with the disk.",
    source="Terraform, backends",
)
def state_local(domain: WorkloadDomain) -> Outcomes:
    if isinstance(domain.state, LocalState):
        yield Broken(
            ("state",),
            f"the state of {domain.stack} is a file in this project folder",
            "fine for one person; for a team write state: {backend: pg}, s3 or http",
        )
