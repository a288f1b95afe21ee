"""What decides about routes besides their configuration: BFD, which takes a static route away, and BGP, which brings others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from egress.policy.gateways import Tier0
from egress.policy.paths import Collection, last
from egress.policy.sighting import Doubt, Forwarded, Sighting, Unseen
from egress.policy.tree import PolicyObjects


def _peers(objects: PolicyObjects) -> dict[str, str]:
    """Ids of the BFD peers of static routes that watch a next hop, by its address."""
    found = {}
    for path, body in objects.items():
        if path.split("/")[-2:-1] == [Collection.BFD_PEERS] and body.get("enabled", True) is not False:
            found[str(body.get("peer_address"))] = last(path)
    return found


def silent_hops(seen: Sighting) -> frozenset[str]:
    """Next hops that a BFD peer watches, and that no edge forwards to although nothing better is there: NSX withdraws a static route while
    the session is down (NSX administration guide, BFD for static routes). Without a forwarding table nothing is known of it."""
    if seen.forwarded is None:
        return frozenset()
    watched = _peers(seen.objects)
    silent: set[str] = set()
    for path, body in seen.objects.items():
        hops = body.get("next_hops")
        if path.split("/")[-2:-1] == [Collection.STATIC_ROUTES] and path not in seen.states and isinstance(hops, list):
            silent |= _unused(
                str(body.get("network")), [hop for hop in hops if isinstance(hop, dict)], seen.forwarded, watched
            )
    return frozenset(silent)


def _unused(
    network: str, hops: list[dict[str, object]], forwarded: frozenset[Forwarded], watched: dict[str, str]
) -> set[str]:
    used = [_distance(hop) for hop in hops if Forwarded(network, str(hop.get("ip_address"))) in forwarded]
    best = min(used, default=256)
    return {
        str(hop["ip_address"])
        for hop in hops
        if str(hop.get("ip_address")) in watched
        and _distance(hop) <= best
        and Forwarded(network, str(hop["ip_address"])) not in forwarded
    }


def _distance(hop: dict[str, object]) -> int:
    text = str(hop.get("admin_distance") or 1)
    return int(text[:9]) if text.isdecimal() else 1


def without_silent(tier0: Tier0, silent: frozenset[str]) -> Tier0:
    """A Tier-0 without the next hops that do not answer."""
    if not silent:
        return tier0
    kept = [
        replace(route, next_hops=tuple(hop for hop in route.next_hops if str(hop.address) not in silent))
        for route in tier0.routes
    ]
    return replace(tier0, routes=tuple(route for route in kept if route.next_hops))


def watched_hops(tier0: Tier0, objects: PolicyObjects, silent: frozenset[str]) -> Iterator[str]:
    """What BFD means for the static routes that are in use, and for those that are not."""
    for address, name in _peers(objects).items():
        if address in silent:
            yield f"BFD peer {name} watches next hop {address}, which does not answer: NSX has withdrawn it (alarms: static routing removed, BFD down)"
            continue
        for route in tier0.routes:
            if address in [str(hop.address) for hop in route.next_hops]:
                only = "the only next hop" if len(route.next_hops) == 1 else "next hop"
                lost = (
                    "withdraws the route, and the service router goes down (alarms: static routing removed, Routing Down)"
                    if only == "the only next hop"
                    else "withdraws it (alarm: static routing removed)"
                )
                yield f"BFD peer {name} watches {address}, {only} of {last(route.path)}: while that router does not answer BFD, NSX {lost}"


def bgp(objects: PolicyObjects) -> Iterator[Unseen]:
    """BGP neighbours: routes that they bring may let a flow through which fails by static routes alone."""
    names = [last(path) for path in objects if path.split("/")[-2:-1] == [Collection.NEIGHBORS]]
    if names:
        yield Unseen(
            "routes of BGP",
            f"neighbours {', '.join(names)} are configured, and what they bring is not walked",
            doubt=Doubt.FAILING,
        )
