"""How much is left: addresses to translate the next egress address to, and room in the IP blocks and pools that vSphere takes them from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, collapse_addresses

from egress.domain import NatAction, WorkloadDomain
from egress.domain.addresses import Coverage, as_network
from egress.inventory.blocks import backings
from egress.inventory.senders import EgressAddress
from egress.inventory.taken import taken
from egress.inventory.workings import Workings
from egress.policy.owned import owned
from egress.policy.sighting import Sighting
from egress.verification.finding import Finding, found


@dataclass(frozen=True)
class Room:
    """What is left. total, left: addresses for translations in the places that are declared; None where none is needed for the next egress
    address. blocks: name, total and left of each IP block or pool behind an egress range, as far as the manager says."""

    total: int | None
    left: int | None
    blocks: tuple[tuple[str, int | None, int | None], ...] = ()


def room(
    domain: WorkloadDomain,
    neighbours: Sequence[WorkloadDomain],
    seen: Sighting,
    addresses: Sequence[EgressAddress],
    workings: Workings,
) -> Room:
    """What is left on this Tier-0. addresses: of what sends."""
    blocks = tuple(
        (one.name, usage.total, usage.left)
        for one in backings(domain, workings.objects)
        if (usage := workings.usage.get(one.path)) is not None
    )
    if not needs_more(domain):
        return Room(None, None, tuple(dict.fromkeys(blocks)))
    places = _places(domain)
    held = taken((domain, *neighbours), seen.objects, addresses)
    total = sum(one.num_addresses for one in places)
    return Room(total, total - sum(held.count(one) for one in places), tuple(dict.fromkeys(blocks)))


def needs_more(domain: WorkloadDomain) -> bool:
    """Whether the next egress address needs a translated one of its own: SNAT rules share one unless there is a pool, and a mapping of whole
    ranges has it."""
    if domain.tier0.nat_action is NatAction.SNAT and not domain.egress.pool:
        return False
    mapped = Coverage(as_network(rule.source) for rule in owned(domain).rules if rule.destination is None)
    return not all(mapped.holds(one) for one in domain.egress_ranges)


def left(domain: WorkloadDomain, there: Room) -> Iterator[Finding]:
    """Findings where nothing is left."""
    if there.left == 0:
        yield found(
            "no-address-left",
            domain,
            ("egress",),
            domain.stack,
            f"all {there.total} addresses for translations are taken",
            "",
            "add addresses to egress.pool, have a network routed to the Tier-0 (egress.routed), or translate whole ranges (docs/domain-files.md)",
        )
    for name, total, free in there.blocks:
        if free == 0:
            seen = f"all {total} addresses are taken"
            yield found("ip-block-full", domain, ("egress", "ranges"), name, seen, "", "give vSphere a further range")


def _places(domain: WorkloadDomain) -> list[IPv4Network]:
    """Where translated addresses may come from: egress.pool, else the uplinks' subnets and what is routed to the Tier-0."""
    if domain.egress.pool:
        return list(collapse_addresses(map(as_network, domain.egress.pool)))
    uplinks = [uplink.address.network for uplink in domain.tier0.uplinks if uplink.nat]
    return list(collapse_addresses([*uplinks, *domain.egress.routed]))
