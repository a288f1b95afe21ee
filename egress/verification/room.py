"""How much is left: addresses to translate the next egress address to, and room in the IP blocks and pools that vSphere takes them from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, ip_interface

from egress.domain import NatAction, WorkloadDomain
from egress.domain.addresses import Coverage, as_network
from egress.inventory.blocks import backings
from egress.inventory.workings import Workings
from egress.policy.owned import owned
from egress.policy.sighting import Sighting
from egress.policy.tree import Json
from egress.verification import meaning
from egress.verification.finding import Finding, found


@dataclass(frozen=True)
class Room:
    """What is left. total, left: addresses for translations in the places that are declared; None where none is needed for the next egress
    address. blocks: name, total and left of each IP block or pool behind an egress range, as far as the manager says."""

    total: int | None
    left: int | None
    blocks: tuple[tuple[str, int | None, int | None], ...] = ()


def room(domain: WorkloadDomain, neighbours: Sequence[WorkloadDomain], seen: Sighting, workings: Workings) -> Room:
    """What is left on this Tier-0."""
    blocks = tuple(
        (one.name, usage.total, usage.left)
        for one in backings(domain, workings.objects)
        if (usage := workings.usage.get(one.path)) is not None
    )
    if not needs_more(domain):
        return Room(None, None, tuple(dict.fromkeys(blocks)))
    places = _places(domain)
    taken = Coverage(
        [one for each in (domain, *neighbours) for one in _by_file(each)]
        + [one for path, body in seen.objects.items() if path.startswith(seen.gateway) for one in _by_object(body)]
    )
    total = sum(one.num_addresses for one in places)
    return Room(total, total - sum(taken.count(one) for one in places), tuple(dict.fromkeys(blocks)))


def needs_more(domain: WorkloadDomain) -> bool:
    """Whether the next egress address needs a translated one of its own: SNAT rules share one, and a mapping of whole ranges has it."""
    if domain.tier0.nat_action is NatAction.SNAT:
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
            "have a network routed to the Tier-0 and add it to egress.routed, or translate whole ranges (docs/domain-files.md)",
        )
    for name, total, free in there.blocks:
        if free == 0:
            seen = f"all {total} addresses are taken"
            yield found("ip-block-full", domain, ("egress", "ranges"), name, seen, "", "give vSphere a further range")


def _places(domain: WorkloadDomain) -> list[IPv4Network]:
    """Where translated addresses may come from: egress.pool, else the uplinks' subnets and what is routed to the Tier-0."""
    pool = getattr(domain.egress, "pool", ())
    if pool:
        return [as_network(one) for one in pool]
    uplinks = [uplink.address.network for uplink in domain.tier0.uplinks if uplink.nat]
    return list(dict.fromkeys([*uplinks, *domain.egress.routed]))


def _by_file(domain: WorkloadDomain) -> Iterator[IPv4Network]:
    tier0 = domain.tier0
    held = [one.address for one in tier0.uplinks] + [one.address for one in tier0.service_interfaces]
    for address in [*held, *(one.address for one in tier0.ha_vips)]:
        yield as_network(address.ip)
        if address.network.prefixlen < 31:
            yield from (as_network(address.network.network_address), as_network(address.network.broadcast_address))
    for route in owned(domain).routes:
        for hop in route.next_hops:
            if hop.address.version == 4:
                yield as_network(hop.address)
    for rule in owned(domain).rules:
        yield as_network(rule.translated)
    for server in domain.dns_addresses:
        if server.version == 4:
            yield as_network(server)


def _by_object(body: Json) -> Iterator[IPv4Network]:
    """Translated addresses and next hops of what stands on the gateway, whoever made it; its interfaces' own addresses."""
    hops = body.get("next_hops")
    values = [body.get("translated_network"), body.get("peer_address")]
    values += [one.get("ip_address") for one in hops if isinstance(one, dict)] if isinstance(hops, list) else []
    for value in values:
        for network in meaning.networks(value):
            if isinstance(network, IPv4Network):
                yield network
    subnets = body.get("subnets")
    for subnet in subnets if isinstance(subnets, list) else ():
        for address in (subnet.get("ip_addresses") or ()) if isinstance(subnet, dict) else ():
            try:
                one = ip_interface(str(address)).network
            except ValueError:
                continue
            if isinstance(one, IPv4Network):
                yield one
