"""The BFD peers of static routes: a file says them once for all next hops, with ids of its own, so that few made by hand fit."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Interface
from typing import Any

from egress.domain.fields import listed, quoted
from egress.inventory.survey import Survey
from egress.policy import paths
from egress.policy.paths import Collection, collection, last
from egress.policy.tree import Json, children
from egress.scan.bodies import CannotHoldError, identity, refuse_strange, texts
from egress.scan.found import Gathered, Kind
from egress.scan.gateway import Seen
from egress.scan.routes import Route, hops

_PEER = frozenset({"peer_address", "bfd_profile_path", "source_addresses", "enabled", "scope"})
MARK = "bfd"


def bfd(survey: Survey, seen: Seen, default: Route | None, stack: str, gathered: Gathered) -> dict[str, Any] | None:
    """The values of `default_route.bfd`, where the peers that are there are those that a file of this stack makes; else None, and each
    of them is foreign."""
    given = sorted(children(survey.objects, collection(seen.path, Collection.STATIC_ROUTES), Collection.BFD_PEERS))
    wanted = {} if default is None else {paths.bfd_peer(seen.path, _id(stack, hop)): hop for hop in hops(default)}
    own = [(path, body) for path, body in given if path in wanted]
    if MARK in gathered.refused:
        for path, _ in own:
            gathered.leave(path, Kind.PEER, gathered.refused[MARK])
        own = []
    for path, _ in [one for one in given if one[0] not in wanted]:
        why = f"its id is {last(path)}, and a file's peers are called {stack}-bfd-ADDRESS, one for each next hop"
        gathered.leave(path, Kind.PEER, why)
    try:
        return _values(seen, own, wanted) if own else None
    except CannotHoldError as error:
        for path, _ in own:
            gathered.leave(path, Kind.PEER, str(error))
        return None


def _id(stack: str, hop: str) -> str:
    """As egress.policy.owned derives it."""
    return f"{stack}-bfd-{hop.replace('.', '-')}"


def _values(seen: Seen, own: Sequence[tuple[str, Json]], wanted: dict[str, str]) -> dict[str, Any]:
    """Errors: CannotHoldError."""
    missing = sorted(set(wanted) - {path for path, _ in own})
    if missing:
        raise CannotHoldError(
            f"a file has a peer for every next hop, and {listed([last(one) for one in missing])} is not there"
        )
    made = [_peer(path, body, wanted[path], seen) for path, body in own]
    if any(one != made[0] for one in made):
        raise CannotHoldError("a file says profile, sources and tags once for all peers, and these differ")
    return made[0]


def _peer(path: str, body: Json, hop: str, seen: Seen) -> dict[str, Any]:
    """Errors: CannotHoldError."""
    refuse_strange(body, _PEER)
    if body.get("scope"):
        raise CannotHoldError("it has a scope, which a file has no key for")
    if body.get("peer_address") != hop:
        raise CannotHoldError(f"it is for {quoted(body.get('peer_address'))}, and its id says {hop}")
    named = identity(path, body)
    if "display_name" in named or "description" in named:
        raise CannotHoldError("it has a name or a description of its own, and a file's peers have none")
    uplinks = {str(one.values["address"]).partition("/")[0]: str(one.values["id"]) for one in seen.uplinks}
    sources = texts(body.get("source_addresses"))
    if not sources or any(one not in uplinks for one in sources):
        raise CannotHoldError(f"it is sent from {listed(sources) or 'no address'}, which are no uplinks of this file")
    profile = body.get("bfd_profile_path")
    values: dict[str, Any] = {"profile": last(profile) if isinstance(profile, str) and profile else "default"}
    if sources != _neighbours(hop, seen):
        values["sources"] = [uplinks[one] for one in sources]
    return values | ({"enabled": False} if body.get("enabled", True) is False else {}) | {"tags": named["tags"]}


def _neighbours(hop: str, seen: Seen) -> list[str]:
    """The addresses that a file's peers are sent from where it names none: of the uplinks in whose subnet the hop is, the widest first."""
    beside = [
        address for one in seen.uplinks if IPv4Address(hop) in (address := IPv4Interface(one.values["address"])).network
    ]
    return [str(one.ip) for one in sorted(beside, key=lambda one: one.network.prefixlen)]
