"""Held against each other: the egress addresses that are really there, and what the domain files of their Tier-0 say.

Covered is what a mapping translates, what a declared return route leads back to, and what lies in an uplink's subnet, where the Tier-0
answers for it. Everything else leaves and never comes back: image pulls time out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from egress.domain import WorkloadDomain
from egress.domain.addresses import as_network
from egress.inventory.senders import EgressAddress
from egress.policy.owned import NatRule, owned
from egress.vocabulary import ANYWHERE

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
    own = [one for one in addresses if belongs(one, domain, neighbours)]
    found = {one: next(_ways(one, everyone), None) for one in own}
    uncovered = tuple(one for one, way in found.items() if way is None)
    idle = [rule for rule in owned(domain).rules if _idle(rule, addresses)] if complete else []
    moved = tuple(_moved(domain, idle, uncovered))
    gone = {one.rule.key for one in moved}
    return Coverage(
        covered=tuple(way for way in found.values() if way),
        uncovered=uncovered,
        moved=moved,
        stale=tuple(rule for rule in idle if rule.key not in gone),
    )


def belongs(address: EgressAddress, domain: WorkloadDomain, neighbours: Sequence[WorkloadDomain]) -> bool:
    """Whether a domain answers for an address: it names the Tier-1, or holds the address in a range, or a neighbour does neither."""
    if _names(domain, address):
        return True
    if any(_names(other, address) for other in neighbours):
        return False
    if _ranges_hold(domain, address):
        return True
    return not any(_ranges_hold(other, address) for other in neighbours) and not neighbours


def mapping_name(address: EgressAddress) -> str:
    """The key that a mapping of an address gets below `egress.more`: the namespace's name, else the Tier-1's or VPC's id."""
    wanted = (address.owner.namespace or address.name).lower()
    plain = "".join(one if one.isascii() and one.isalnum() else "-" for one in wanted)
    return "-".join(part for part in plain.split("-") if part)[:48].strip("-") or "egress"


def _names(domain: WorkloadDomain, address: EgressAddress) -> bool:
    return address.name in domain.tier1s


def _ranges_hold(domain: WorkloadDomain, address: EgressAddress) -> bool:
    return any(address.network.subnet_of(one) for one in domain.egress_ranges)


def _ways(address: EgressAddress, everyone: Sequence[WorkloadDomain]) -> Iterator[Covered]:
    """Every way in which an address finds out and back, mappings first."""
    for domain in everyone:
        for rule in owned(domain).rules:
            whole = rule.destination is None and address.network.subnet_of(as_network(rule.source))
            if whole or (rule.source == ANYWHERE and rule.destination is None):
                yield Covered(address, Way.MAPPING, domain.stack, rule.key)
    for domain in everyone:
        for route in domain.return_routes:
            if route.host == "upstream" and address.network.subnet_of(route.to):
                yield Covered(address, Way.RETURN_ROUTE, domain.stack, str(route.host))
        for uplink in domain.tier0.uplinks:
            if uplink.nat and address.network.subnet_of(uplink.address.network):
                yield Covered(address, Way.UPLINK_SUBNET, domain.stack, uplink.id)


def _idle(rule: NatRule, addresses: Sequence[EgressAddress]) -> bool:
    """Whether a mapping translates nothing that is there. One of any source, or limited to a destination, is not asked."""
    if rule.source == ANYWHERE or rule.destination is not None:
        return False
    source = as_network(rule.source)
    return not any(one.network.overlaps(source) for one in addresses)


def _moved(domain: WorkloadDomain, idle: Sequence[NatRule], uncovered: Sequence[EgressAddress]) -> Iterator[Moved]:
    """A mapping of one address whose Tier-1, by the file, or whose namespace, by its name, sends with another one now."""
    left = list(idle)
    for address in uncovered:
        rule = next((one for one in left if _was_of(domain, one, address)), None)
        if rule is not None and as_network(rule.source).num_addresses == address.network.num_addresses:
            left.remove(rule)
            yield Moved(rule, address)


def _was_of(domain: WorkloadDomain, rule: NatRule, address: EgressAddress) -> bool:
    declared = domain.tier1s.get(address.name)
    by_file = (
        declared is not None and declared.egress is not None and as_network(declared.egress) == as_network(rule.source)
    )
    return by_file or rule.key == mapping_name(address)
