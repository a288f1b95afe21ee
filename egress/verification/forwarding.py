"""Whether each edge forwards what the file's routes are for: by the forwarding table of each, not of all together."""

from __future__ import annotations

from collections.abc import Iterator

from egress.domain import WorkloadDomain
from egress.policy.gateways import Tier0
from egress.policy.owned import EVERYTHING, Route, owned
from egress.policy.paths import last, static_route
from egress.policy.sighting import Sighting, Unseen
from egress.policy.watching import silent_hops
from egress.verification.finding import Finding, found


def untabled(seen: Sighting) -> Iterator[Unseen]:
    """Where no forwarding table could be read: then it is not known whether an edge forwards anything."""
    if seen.tables is None:
        yield Unseen(f"forwarding tables of {last(seen.gateway)}", seen.untabled or "they were not asked for")


def forwarding(domain: WorkloadDomain, seen: Sighting, tier0: Tier0) -> Iterator[Finding]:
    """Edges and routes without a way. A route that is not there or not realized is told elsewhere."""
    if seen.tables is None:
        return
    made = owned(domain)
    for route in made.default_routes:
        if _acts(route, seen):
            yield from _edges(domain, seen, tier0, EVERYTHING[route.ip_version], route)
    if domain.default_route.external:
        yield from _edges(domain, seen, tier0, EVERYTHING[4], None)
    for route in made.further:
        if _acts(route, seen) and not any(_has(seen, edge, str(route.network)) for edge in seen.tables):
            yield found(
                "route-not-forwarded",
                domain,
                route.at,
                f"static route {route.identity.nsx_id}",
                f"no edge of {tier0.id} forwards {route.network}",
                "",
                "look whether an interface reaches its next hops, and what the routing table in NSX says",
            )
    for address in sorted(silent_hops(seen)):
        yield found(
            "next-hop-silent",
            domain,
            ("default_route", "bfd"),
            f"next hop {address}",
            "it does not answer BFD, so NSX has withdrawn it",
            "",
            f"let {address} answer BFD, or disable its BFD peer; look at the alarms static routing removed and Routing Down",
        )


def _acts(route: Route, seen: Sighting) -> bool:
    path = static_route(seen.gateway, route.identity.nsx_id)
    return path in seen.objects and path not in seen.states


def _has(seen: Sighting, edge: str, network: str) -> bool:
    return any(way.network == network for way in (seen.tables or {}).get(edge, ()))


def _edges(
    domain: WorkloadDomain, seen: Sighting, tier0: Tier0, network: str, route: Route | None
) -> Iterator[Finding]:
    """Edges that do not forward a network. The manager may call edges otherwise in tables than in interfaces: then each table is one."""
    assert seen.tables is not None
    external = {one.edge for one in tier0.interfaces if one.external and one.edge}
    expected = [edge for edge in tier0.edges if edge in external]
    known = set(expected) & seen.tables.keys()
    edges = expected if known or not seen.tables else list(seen.tables)
    at = ("default_route", "ipv6") if route is not None and route.ip_version == 6 else ("default_route",)
    for edge in edges:
        if not _has(seen, edge, network):
            there = f"it does not forward {network}" if edge in seen.tables else "it gives no forwarding table"
            yield found(
                "edge-without-default-route",
                domain,
                at,
                f"edge {edge}",
                there,
                "",
                f"look whether {edge} is up, and whether one of its uplinks is in the network of a next hop",
            )
    missing = len(expected) - len(seen.tables)
    if not known and seen.tables and missing > 0:
        few = f"{len(seen.tables)} of {len(expected)} edges give a forwarding table"
        yield found("edge-without-default-route", domain, at, tier0.id, few, "", "look which edge is down")
