"""Held against each other: the egress addresses that are really there, and what the domain files of their Tier-0 say.

Covered is what a mapping translates, what a declared return route leads back to, and what lies in an uplink's subnet, where the Tier-0
answers for it. Everything else leaves and never comes back: image pulls time out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network

from egress.domain import WorkloadDomain
from egress.domain.addresses import Coverage as Together
from egress.domain.addresses import as_network
from egress.domain.fields import listed
from egress.inventory.senders import EgressAddress, Holder
from egress.inventory.whose import owner
from egress.policy.owned import NatRule, NoSnatRule, owned
from egress.vocabulary import ANYWHERE, TITLES

__all__ = ["Coverage", "Covered", "Moved", "Way", "belongs", "coverage", "mapping_name"]


class Way(StrEnum):
    """Why an egress address finds out and back."""

    MAPPING = "mapping"
    RETURN_ROUTE = "return route"
    UPLINK_SUBNET = "uplink subnet"


@dataclass(frozen=True)
class Covered:
    """An address that finds out and back. stack: of the domain that sees to it; by: the mapping's key, or where the route is."""

    address: EgressAddress
    way: Way
    stack: str
    by: str


@dataclass(frozen=True)
class Moved:
    """A mapping whose Tier-1 or namespace sends with another address now."""

    rule: NatRule
    now: EgressAddress


@dataclass(frozen=True)
class Coverage:
    """Egress addresses of a domain: those that are covered, and those that are not; its mappings that translate nothing that is there.

    `moved`: of the uncovered ones those that a mapping was for under another address; they are in `uncovered`, and the mappings are not
    in `stale`. Both `moved` and `stale` are empty where not everything was seen: what is not seen may well be there.
    """

    covered: tuple[Covered, ...] = ()
    uncovered: tuple[EgressAddress, ...] = ()
    moved: tuple[Moved, ...] = ()
    stale: tuple[NatRule, ...] = ()


def coverage(
    domain: WorkloadDomain, neighbours: Sequence[WorkloadDomain], addresses: Sequence[EgressAddress], *, complete: bool
) -> Coverage:
    """How far a domain, with the other domains on its Tier-0, covers what is there. complete: whether all that sends was seen."""
    everyone = (domain, *neighbours)
    own = dict.fromkeys(one for one in addresses if belongs(one, domain, neighbours))
    found = {one: next(_ways(one, everyone), None) for one in own}
    uncovered = tuple(one for one, way in found.items() if way is None)
    idle = [rule for rule in owned(domain).rules if _idle(domain, rule, addresses)] if complete else []
    moved = tuple(_moved(domain, idle, uncovered))
    gone = {one.rule.key for one in moved}
    return Coverage(
        covered=tuple(way for way in found.values() if way),
        uncovered=uncovered,
        moved=moved,
        stale=tuple(rule for rule in idle if rule.key not in gone),
    )


def belongs(address: EgressAddress, domain: WorkloadDomain, neighbours: Sequence[WorkloadDomain]) -> bool:
    """Whether a domain answers for an address: one of those on the Tier-0 always does.

    Whose file names the Tier-1; else who has the smallest range around it; else who has a mapping for it; else who owns the default route.
    Among equals the first by the name of its stack.
    """
    everyone = sorted((domain, *neighbours), key=lambda one: one.stack)
    naming = [one.stack for one in everyone if address.holder is Holder.TIER1 and address.name in one.tier1s]
    if naming:
        return domain.stack in naming
    return domain.stack == min(everyone, key=lambda one: _claim(one, address)).stack


def _claim(domain: WorkloadDomain, address: EgressAddress) -> tuple[int, int, bool]:
    """How well a domain that does not name its Tier-1 is entitled to an address: the least is the best."""
    ranges = [one.prefixlen for one in domain.egress_ranges if address.network.subnet_of(one)]
    sources = [as_network(rule.source) for rule in owned(domain).rules]
    mapped = [one.prefixlen for one in sources if address.network.subnet_of(one)]
    return -max(ranges, default=-1), -max(mapped, default=-1), domain.default_route.external


def mapping_name(address: EgressAddress) -> str:
    """The key that a mapping of an address gets below `egress.more`: the namespace's name, else the Tier-1's or VPC's id, as far as a key
    may hold it. It may be taken already: two clusters may have namespaces of one name."""
    wanted = (address.owner.namespace or address.name).lower()
    plain = "".join(one if one.isascii() and one.isalnum() else "-" for one in wanted)
    name = "-".join(part for part in plain.split("-") if part)[:48].rstrip("-") or "egress"
    return f"{name}-namespace" if name in TITLES else name


def _ways(address: EgressAddress, everyone: Sequence[WorkloadDomain]) -> Iterator[Covered]:
    """Every way in which an address finds out and back, mappings first."""
    kept = [one for domain in everyone for one in owned(domain).exceptions if one.destination is None]
    for domain in everyone:
        rules = [one for one in owned(domain).rules if _translates(one, address.network, kept)]
        whole = [rule.key for rule in rules if address.network.subnet_of(as_network(rule.source))]
        if whole:
            yield Covered(address, Way.MAPPING, domain.stack, whole[0])
        elif Together(as_network(rule.source) for rule in rules).holds(address.network):
            yield Covered(address, Way.MAPPING, domain.stack, listed([rule.key for rule in rules]))
    for domain in everyone:
        routed = [*domain.egress.routed, *(one.to for one in domain.return_routes if one.host == "upstream")]
        if Together(routed).holds(address.network):
            yield Covered(address, Way.RETURN_ROUTE, domain.stack, "upstream")
        for uplink in domain.tier0.uplinks:
            if address.translated and uplink.nat and address.network.subnet_of(uplink.address.network):
                yield Covered(address, Way.UPLINK_SUBNET, domain.stack, uplink.id)


def _translates(rule: NatRule, network: IPv4Network, kept: Sequence[NoSnatRule]) -> bool:
    """Whether a mapping translates some of a network wherever it goes: it is limited to no destination, and no exception takes that first."""
    if rule.destination is not None or not network.overlaps(as_network(rule.source)):
        return False
    return not any(network.overlaps(one.match.source) and rule.match.overtaken_by(one.match) for one in kept)


def _idle(domain: WorkloadDomain, rule: NatRule, addresses: Sequence[EgressAddress]) -> bool:
    """Whether a mapping translates nothing that is there. Not asked of one that is limited to a destination, nor of one for a whole range or
    for any source: it is there for what comes."""
    source = as_network(rule.source)
    if rule.destination is not None or any(one.subnet_of(source) for one in domain.egress_ranges or (ANYWHERE,)):
        return False
    return not any(one.network.overlaps(source) for one in addresses)


def _moved(domain: WorkloadDomain, idle: Sequence[NatRule], uncovered: Sequence[EgressAddress]) -> Iterator[Moved]:
    """A mapping of one address whose Tier-1, by the file, or whose namespace, by its name or by the mapping's tags, sends with another one
    now. Where the file says it that counts before a name does."""
    left, free = list(idle), list(uncovered)
    for was in (_by_file, _by_namespace):
        for address in tuple(free):
            rule = next((one for one in left if was(domain, one, address) and _as_large(one, address)), None)
            if rule is not None:
                left.remove(rule)
                free.remove(address)
                yield Moved(rule, address)


def _as_large(rule: NatRule, address: EgressAddress) -> bool:
    return as_network(rule.source).num_addresses == address.network.num_addresses


def _by_file(domain: WorkloadDomain, rule: NatRule, address: EgressAddress) -> bool:
    declared = domain.tier1s.get(address.name) if address.holder is Holder.TIER1 else None
    return (
        declared is not None and declared.egress is not None and as_network(declared.egress) == as_network(rule.source)
    )


def _by_namespace(domain: WorkloadDomain, rule: NatRule, address: EgressAddress) -> bool:
    held = owner({"tags": [{"scope": scope, "tag": tag} for scope, tag in rule.identity.tags.items()]})
    if held.namespace:
        same = not held.cluster or not address.owner.cluster or held.cluster == address.owner.cluster
        return same and held.namespace == address.owner.namespace
    return rule.key == mapping_name(address)
