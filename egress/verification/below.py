"""What hangs below the Tier-0, held against the file: its Tier-1s, and whether every egress address finds out and back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

from egress.domain import WorkloadDomain
from egress.domain.addresses import as_network
from egress.domain.fields import listed
from egress.inventory.coverage import Coverage
from egress.inventory.senders import EgressAddress, Holder, short, tells_networks
from egress.inventory.vpcs import egress_addresses, not_shown, vpcs
from egress.policy import paths
from egress.policy.paths import Collection as Kind
from egress.policy.sighting import INGRESS, Doubt, Sighting, Unseen, hidden, out_of_sight
from egress.policy.tier1s import whole_tier1s
from egress.verification.finding import Finding, found
from egress.vocabulary import INFRA


def sending(seen: Sighting) -> tuple[EgressAddress, ...]:
    """The egress addresses that were seen below the Tier-0."""
    return egress_addresses(seen.objects, seen.gateway, seen.unseen)


def networks_unseen(seen: Sighting) -> Iterator[Unseen]:
    """Where segments could not be read: of Tier-1s that leave with the networks behind them, nothing is known then."""
    why = next((one.why for one in seen.unseen if one.path == paths.collection(INFRA, Kind.SEGMENTS)), None)
    for tier1 in whole_tier1s(seen.objects, seen.gateway) if why is not None else ():
        if tells_networks(tier1):
            yield Unseen(f"networks behind Tier-1 {tier1.id}, which it leaves with", str(why), tier1.id)


def weighed(seen: Sighting, unseen: Iterable[Unseen]) -> Iterator[Unseen]:
    """What could not be seen, with the doubt that it is here: the walk asks from the VPCs that it knows, and here no other may be left out."""
    about_vpcs = set(not_shown(seen.objects, seen.gateway, seen.unseen))
    collections = {paths.collection(INFRA, Kind.GATEWAY_CONNECTIONS)}
    if vpcs(seen.objects, seen.gateway):
        collections.add(paths.collection(INFRA, Kind.IP_BLOCKS))
    for one in unseen:
        matters = one in about_vpcs or one.path in collections or one.path.startswith("/orgs/")
        yield replace(one, doubt=Doubt.ANY) if matters else one


def complete(unseen: Sequence[Unseen]) -> bool:
    """Whether all that sends was seen. What concerns load balancers alone does not matter, nor do segments with SNAT before them."""
    return not any(one.doubt is Doubt.ANY and one.about != INGRESS for one in unseen)


def idle(seen: Sighting) -> frozenset[str]:
    """Ids of the Tier-1s below the Tier-0 through which nothing sends, as far as was seen: they have neither a NAT rule nor a segment."""
    if any(one.path == paths.collection(INFRA, Kind.SEGMENTS) for one in seen.unseen):
        return frozenset()
    return frozenset(
        one.id
        for one in whole_tier1s(seen.objects, seen.gateway)
        if not one.rules and not one.segments and not one.unread
        if not hidden(seen.unseen, paths.collection(one.path, Kind.NAT))
    )


def without_waiting(domain: WorkloadDomain, cover: Coverage, still: Collection[str]) -> Coverage:
    """A coverage without the mappings that wait for a routed Tier-1 which is there and through which nothing sends yet."""
    waiting = [
        one for name, tier1 in domain.tier1s.items() if name in still and not tier1.nat for one in tier1.networks
    ]
    stale = [rule for rule in cover.stale if not any(one.overlaps(as_network(rule.source)) for one in waiting)]
    return replace(cover, stale=tuple(stale))


def below(
    domain: WorkloadDomain, seen: Sighting, addresses: Sequence[EgressAddress], cover: Coverage
) -> Iterator[Finding]:
    """What of it is not as the file says."""
    if not out_of_sight(seen.unseen, paths.collection(INFRA, Kind.TIER1S)):
        yield from _tier1s(domain, seen, addresses, cover)
    moved = {one.now for one in cover.moved}
    for address in cover.uncovered:
        if address not in moved:
            yield _uncovered(domain, address)
    for one in cover.moved:
        yield found(
            "egress-moved",
            domain,
            (*one.rule.at, "source"),
            f"mapping {one.rule.key}",
            f"{one.now.holder} {one.now.name} sends with {short(one.now.network)} now",
            short(as_network(one.rule.source)),
            f"egress propose {domain.stack} writes source: {short(one.now.network)}",
        )
    for rule in cover.stale:
        yield found(
            "mapping-stale",
            domain,
            rule.at,
            f"mapping {rule.key}",
            f"nothing below the Tier-0 sends with {short(as_network(rule.source))}",
            "",
            "take the mapping out once that is so for good",
        )


def _uncovered(domain: WorkloadDomain, address: EgressAddress) -> Finding:
    via = listed([str(vip.address.ip) for vip in domain.tier0.ha_vips] or [str(domain.tier0.uplinks[0].address.ip)])
    route = (
        f"have {short(address.network)} routed to this Tier-0 ({via}) and write it into return_routes (host: upstream)"
    )
    fix = (
        f"egress propose {domain.stack} shows the mapping that is missing; or {route}" if address.translated else route
    )
    own = "" if address.translated else ", with its own addresses"
    return found(
        "egress-uncovered",
        domain,
        ("egress",),
        str(address),
        f"it leaves by the Tier-0{own}, and no mapping, return route or uplink subnet is for it",
        "",
        fix,
    )


def _tier1s(
    domain: WorkloadDomain, seen: Sighting, addresses: Sequence[EgressAddress], cover: Coverage
) -> Iterator[Finding]:
    below_it = [
        paths.last(path)
        for path, body in seen.objects.items()
        if path.split("/")[-2:-1] == [Kind.TIER1S] and body.get("tier0_path") == seen.gateway
    ]
    told, still = {one.name for one in cover.uncovered if one.holder is Holder.TIER1}, idle(seen)
    for name, declared in domain.tier1s.items():
        hidden_nat = hidden(seen.unseen, paths.collection(paths.tier1(name), Kind.NAT))
        real = [one.network for one in addresses if one.name == name and one.holder is Holder.TIER1 and one.translated]
        if name not in below_it:
            there = f"{len(below_it)} others do" if below_it else "none does"
            fix = "look whether it was made anew under another id; take it out of the file if it is gone for good"
            absent = f"it does not hang below this Tier-0: {there}"
            id_ = "tier1-gone" if any(one in below_it for one in domain.tier1s) else "tier1-missing"
            yield found(id_, domain, ("tier1s", name), f"Tier-1 {name}", absent, "", fix)
        elif declared.egress is not None and name not in told and not hidden_nat:
            yield from _translates(domain, name, declared.egress, real)
        elif name in still:
            seen_ = "it has neither a NAT rule nor a segment, so nothing sends through it, and nothing is asked of it"
            fix = "look again once its cluster or namespace is there"
            yield found("tier1-idle", domain, ("tier1s", name), f"Tier-1 {name}", seen_, "", fix)
    if not below_it and not domain.tier1s:
        fix = "look whether tier0 names the right gateway"
        yield found("nothing-sends", domain, ("tier0",), paths.last(seen.gateway), "no Tier-1 hangs below it", "", fix)


def _translates(
    domain: WorkloadDomain, name: str, egress: IPv4Address | IPv4Network, real: Sequence[IPv4Network]
) -> Iterator[Finding]:
    """Whether a Tier-1 sends with the address that the file gives it. One whose new address is not covered is told for that."""
    at = ("tier1s", name, "egress")
    if not real:
        seen = "no SNAT rule of it acts, or it does not advertise what it translates to"
        fix = "look at its NAT rules, its edge cluster and its route advertisement (TIER1_NAT)"
        yield found("tier1-translates-nothing", domain, at, f"Tier-1 {name}", seen, str(egress), fix)
    elif as_network(egress) not in real:
        seen = f"it sends with {listed([short(one) for one in real])}"
        yield found("tier1-differs", domain, at, f"Tier-1 {name}", seen, str(egress), "correct the file")
