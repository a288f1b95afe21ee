"""The next hops of a route: what a file has to say of them, and what no file can say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from egress.adoption.attributes import canonical
from egress.adoption.objects import CHANGE_FIRST, Own
from egress.adoption.place import Place
from egress.domain.editing import Edit
from egress.domain.fields import listed
from egress.policy.owned import Route
from egress.policy.paths import last


def hop_whys(hop: tuple[str, int, tuple[str, ...]], place: Place, *, discards: bool) -> Iterator[str]:
    address, distance, scope = hop
    name = f"its next hop {address}" if address else "its way out"
    if len(scope) > 1:
        kept = listed([last(path) for path in scope])
        yield f"{name} leaves by {len(scope)} interfaces ({kept}), of which the provider keeps the first alone: {CHANGE_FIRST}, one a next hop"
    elif scope and (discards or place.interface(scope[0]) is None):
        yield f"{name} leaves by {last(scope[0])}, which the file does not have: write that interface into tier0, or {CHANGE_FIRST}"
    if address and not canonical(address):
        yield f"{name} is spelt in another way than a stack writes it: {CHANGE_FIRST}"
    if not 1 <= distance <= 255 or (discards and distance != 1):
        allowed = "1, that of a route that drops" if discards else "1 to 255"
        yield f"{name} has admin distance {distance or 'nothing, which the provider takes for 0'}, allowed is {allowed}: {CHANGE_FIRST}"


def hop_edits(
    own: Own, route: Route, found: Sequence[tuple[str, int, tuple[str, ...]]], place: Place
) -> Iterator[Edit]:
    """The next hops as the manager has them: in place where their order is that of the file, as a new list where it is not."""
    left = [_entry(hop) for hop in route.next_hops]
    now = list(left)
    wanted: list[dict[str, Any]] = []
    for address, distance, scope in found:
        interface = place.interface(scope[0]) if scope else None
        mine = next((one for one in left if (one["address"], one.get("interface")) == (address, interface)), None)
        mine = mine or next(one for one in left if one["address"] == address)
        left.remove(mine)
        hop = {"address": address, "admin_distance": distance, "interface": interface, "shared": mine.get("shared")}
        wanted.append(
            {key: value for key, value in hop.items() if value is not None and (key, value) != ("admin_distance", 1)}
        )
    at = (*own.at, "next_hops")
    in_order = [one["address"] for one in wanted] == [one["address"] for one in now]
    if wanted == now:
        return
    if not in_order or not place.gives_list(at):
        yield Edit(at, wanted)
        return
    for index, (before, after) in enumerate(zip(now, wanted, strict=True)):
        for key, absent in (("admin_distance", 1), ("interface", None)):
            if before.get(key) != after.get(key):
                yield Edit((*at, index, key), after.get(key, absent))


def _entry(hop: Any) -> dict[str, Any]:
    """A next hop as a file says it, without what it need not say."""
    entry: dict[str, Any] = {"address": str(hop.address)}
    if hop.admin_distance != 1:
        entry["admin_distance"] = hop.admin_distance
    if hop.interface:
        entry["interface"] = hop.interface
    if getattr(hop, "shared", False):
        entry["shared"] = True
    return entry
