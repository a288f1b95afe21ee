"""The static routes of a Tier-0 as entries of a domain file: the default routes, and those beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from egress.domain.fields import listed, quoted
from egress.inventory.survey import Survey
from egress.policy.owned import EVERYTHING
from egress.policy.paths import Collection, last
from egress.policy.tree import Json, children
from egress.scan.bodies import CannotHoldError, identity, interfaces, mappings, number, refuse_strange, text, texts
from egress.scan.found import Gathered, Kind
from egress.scan.gateway import Seen
from egress.scan.names import Names

_ROUTE = frozenset({"network", "next_hops", "enabled_on_secondary"})
_HOP = frozenset({"ip_address", "admin_distance", "scope"})
"""What a file holds of a route and of a hop. enabled_on_secondary is for Global Managers: true is strange (NSX Policy API, StaticRoutes)."""


@dataclass(frozen=True)
class Route:
    """A static route that a file can hold: the path of its object, its key below `routes`, its values there."""

    path: str
    key: str
    network: str
    values: dict[str, Any]


@dataclass(frozen=True)
class Routes:
    """The routes of a file. default, default_v6: None where there is none that it can hold. unheld: path of a default route that is there
    and that the file cannot hold, empty where there is none."""

    default: Route | None = None
    default_v6: Route | None = None
    further: tuple[Route, ...] = ()
    unheld: str = ""


@dataclass
class _Sorted:
    """The routes so far, by their networks."""

    held: dict[str, Route] = field(default_factory=dict)
    unheld: str = ""


def routes(survey: Survey, seen: Seen, gathered: Gathered) -> Routes:
    """The static routes below a Tier-0. One that the file cannot hold is foreign."""
    names, found = Names(), _Sorted()
    given = sorted(children(survey.objects, seen.path, Collection.STATIC_ROUTES))
    for path, body in given:
        try:
            route = _route(path, body, seen.interfaces, names)
            first = found.held.get(route.network)
            if first is not None:
                raise CannotHoldError(f"{route.network} has a route already, {first.path}, and a file has room for one")
        except CannotHoldError as error:
            gathered.leave(path, Kind.ROUTE, str(error))
        else:
            if not gathered.refuses(path, path, Kind.ROUTE):
                found.held[route.network] = route
                continue
        if body.get("network") == EVERYTHING[4]:
            found.unheld = path
    return _told(found, gathered)


def _told(found: _Sorted, gathered: Gathered) -> Routes:
    default, v6 = (found.held.get(EVERYTHING[version]) for version in (4, 6))
    if v6 is not None and default is None:
        why = "a file has room for it beside an IPv4 default route of its own only, and there is none that it holds"
        gathered.leave(v6.path, Kind.ROUTE, why)
        v6 = None
    further = tuple(one for one in found.held.values() if one.network not in EVERYTHING.values())
    return Routes(default, v6, further, "" if default else found.unheld)


def _route(path: str, body: Json, held: Mapping[str, str], names: Names) -> Route:
    """Errors: CannotHoldError."""
    refuse_strange(body, _ROUTE)
    if body.get("enabled_on_secondary"):
        raise CannotHoldError("it is enabled on secondary sites, which a file has no key for")
    network = _network(text(body, "network"))
    values = identity(path, body)
    everything = str(network) in EVERYTHING.values()
    hops = mappings(body.get("next_hops"))
    if not hops:
        raise CannotHoldError("it has no next hop that could be read")
    if not any(hop.get("ip_address") for hop in hops):
        values |= _discarded(hops, everything)
    else:
        values["next_hops"] = [_hop(hop, network, held) for hop in hops]
    key = names.give(str(body.get("display_name") or last(path)))
    return Route(path, key, str(network), values if everything else {"network": str(network), **values})


def _network(given: str) -> IPv4Network | IPv6Network:
    try:
        network = ip_network(given)
    except ValueError:
        raise CannotHoldError(f"its network {quoted(given)} is none that a file could name") from None
    if given != str(network):
        raise CannotHoldError(f"its network is written {quoted(given)}, and a file would write {network}")
    return network


def _discarded(hops: list[Json], everything: bool) -> dict[str, Any]:
    """A null route is one hop without an address, of the distance 1. Errors: CannotHoldError."""
    if everything:
        raise CannotHoldError("it drops everything, and a file's default route leads to a router")
    if len(hops) > 1 or number(hops[0], "admin_distance", 1) != 1 or hops[0].get("scope"):
        raise CannotHoldError(
            "it drops packets in a way that a file's discard does not: with a distance or an interface"
        )
    return {"discard": True}


def _hop(hop: Json, network: IPv4Network | IPv6Network, held: Mapping[str, str]) -> dict[str, Any]:
    """A next hop. Errors: CannotHoldError."""
    refuse_strange(hop, _HOP)
    address = text(hop, "ip_address")
    try:
        version = ip_address(address).version
    except ValueError:
        raise CannotHoldError(f"its next hop {quoted(address)} is no address") from None
    if version != network.version:
        raise CannotHoldError(f"its next hop {address} is of another family than {network}")
    found: dict[str, Any] = {"address": address}
    distance = number(hop, "admin_distance", 1)
    if distance != 1:
        found["admin_distance"] = distance
    scope = texts(hop.get("scope"))
    if len(scope) > 1:
        raise CannotHoldError(
            f"its next hop {address} has {len(scope)} interfaces, {listed(scope)}, and a file names one"
        )
    by = interfaces(scope, held)
    return found | ({"interface": by[0]} if by else {})


def hops(route: Route) -> Iterator[str]:
    """Addresses of the next hops."""
    return (str(hop["address"]) for hop in route.values.get("next_hops", ()))
