"""A plan in network words: what becomes of each route, rule and BFD peer, and from what to what. Pure.

The engine's words for three objects are a hundred lines, half of them about looking whether they are realized. A reviewer decides
by these: `default route: next hop 10.27.51.1 -> 10.27.51.2`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from egress.delivery.content.drift import BOOKKEEPING
from egress.delivery.content.plan_content import UNKNOWN, Change, PlanContent
from egress.policy import paths
from egress.policy.planned import BFD_PEER, ROUTE, RULE
from egress.vocabulary import FirewallMatch, NatAction

NO_CHANGES = "No changes. Your infrastructure matches the configuration."
NOTHING_LEFT = "No changes. No objects need to be destroyed."
"""What the engines say of plans that do nothing, which people and scripts know."""
NOTHING = "nothing"
"""In place of a value that is not set."""
_ROUTES = {"0.0.0.0/0": "default route", "::/0": "IPv6 default route"}
_HOP = frozenset({"ip_address", "admin_distance", "interface"})
_KINDS = (ROUTE, BFD_PEER, RULE)
"""In the order in which they are told; others come last."""
_SHORT_KINDS: Mapping[str, str] = {
    paths.Collection.STATIC_ROUTES: "route",
    paths.Collection.BFD_PEERS: "BFD peer",
    paths.Collection.NAT_RULES: "rule",
}
_ATTRIBUTES = {
    "rule_priority": "priority",
    "source_networks": "source network",
    "destination_networks": "destination network",
    "translated_networks": "translated network",
    "translated_ports": "translated port",
    "source_addresses": "source address",
    "bfd_profile_path": "BFD profile",
    "gateway_path": "gateway",
    "nsx_id": "id",
    "tag": "tags",
}
"""Where an attribute of the provider is called otherwise than with its underscores taken out."""
_COMPUTED = BOOKKEEPING | {"id", "path", "policy_based_vpn_mode"}
"""Attributes that NSX gives. That they are not known yet says nothing."""


class Became(StrEnum):
    """What a plan does with an object, as a person says it."""

    NEW = "new"
    CHANGED = "changed"
    DELETED = "deleted"
    REPLACED = "deleted, then made anew"
    REPLACED_LATE = "made anew, then the old one deleted"
    IMPORTED = "taken into the state as it is"
    IMPORTED_CHANGED = "taken into the state, and changed"
    FORGOTTEN = "no longer tracked, stays on the manager"
    MOVED = "moved in the state"

    @property
    def sign(self) -> str:
        """The engine's sign for it."""
        return _SIGNS[self]


_SIGNS = {
    Became.NEW: "+",
    Became.CHANGED: "~",
    Became.DELETED: "-",
    Became.REPLACED: "-/+",
    Became.REPLACED_LATE: "+/-",
    Became.IMPORTED: "=",
    Became.IMPORTED_CHANGED: "~",
    Became.FORGOTTEN: ".",
    Became.MOVED: "=",
}
_ACTIONS = {
    ("create",): Became.NEW,
    ("update",): Became.CHANGED,
    ("delete",): Became.DELETED,
    ("delete", "create"): Became.REPLACED,
    ("create", "delete"): Became.REPLACED_LATE,
    ("forget",): Became.FORGOTTEN,
    ("create", "forget"): Became.NEW,
}


@dataclass(frozen=True)
class Value:
    """One attribute on both sides, in words."""

    attribute: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.attribute} {self.before} -> {self.after}"


@dataclass(frozen=True)
class Told:
    """An object and what becomes of it. `values`: what differs, for an object that is there before and after.

    before, after: the object in a few words, empty where it is not there.
    """

    address: str
    object: str
    became: Became
    values: tuple[Value, ...]
    before: str
    after: str

    def __str__(self) -> str:
        values = "; ".join(str(value) for value in self.values)
        what = {
            Became.NEW: self.after,
            Became.CHANGED: values,
            Became.DELETED: self.before and f"was {self.before}",
        }.get(self.became, values)
        said = "" if self.became is Became.CHANGED and values else str(self.became)
        return f"{self.object}: {', '.join(part for part in (said, what) if part)}"


def told(content: PlanContent) -> tuple[Told, ...]:
    """What a plan does with each object that it does anything with: routes, BFD peers, rules by their priority, others."""
    changes = sorted((change for change in content.changes if change.matters), key=_order)
    names = [_name(change) for change in changes]
    often = Counter(names)
    return tuple(
        _told(change, f"{name} ({change.nsx_id or change.address})" if often[name] > 1 else name)
        for change, name in zip(changes, names, strict=True)
    )


def headline(content: PlanContent) -> str:
    """The counts, as the engines say them. `content`: of a plan that changes something, if only the state."""
    if not any(change.matters for change in content.changes):
        return "Plan: nothing on the manager changes, only what the state remembers."
    counts = content.counts()
    imported = f"{counts['import']} to import, " if counts["import"] else ""
    return f"Plan: {imported}{counts['add']} to add, {counts['change']} to change, {counts['destroy']} to destroy."


def short_name(path: str) -> str:
    """An object on the manager by its Policy path: `rule wld01-egress-supervisor`."""
    kind = (["", *path.rstrip("/").split("/")])[-2]
    return f"{_SHORT_KINDS.get(kind, kind or 'object')} {paths.last(path)}"


def value(attribute: str, before: Any, after: Any) -> Value:
    """One attribute on both sides. Values that differ are told differently, however alike they look in short."""
    one, other = _text(before), _text(after)
    if one == other:
        one, other = json.dumps(before, ensure_ascii=False), json.dumps(after, ensure_ascii=False)
    return Value(_called(attribute), one, other)


def _told(change: Change, name: str) -> Told:
    became = _became(change)
    both = change.before is not None and change.after is not None
    return Told(
        address=change.address,
        object=name,
        became=became,
        values=tuple(_values(change)) if both else (),
        before=_gist(change.type, change.before),
        after=_gist(change.type, change.after),
    )


def _became(change: Change) -> Became:
    if change.importing:
        return Became.IMPORTED_CHANGED if change.actions != ("no-op",) else Became.IMPORTED
    if change.actions == ("no-op",):
        return Became.MOVED
    return _ACTIONS.get(change.actions, Became.CHANGED)


def _values(change: Change) -> Iterator[Value]:
    for attribute, (before, after) in change.values.items():
        nothing_said = attribute in BOOKKEEPING or (attribute in _COMPUTED and UNKNOWN in (before, after))
        if not nothing_said and not (_empty(before) and _empty(after)):
            yield value(attribute, before, after)


def _order(change: Change) -> tuple[int, int, str, str]:
    values = change.before or change.after or {}
    kind = _KINDS.index(change.type) if change.type in _KINDS else len(_KINDS)
    priority = values.get("rule_priority")
    network = str(values.get("network") or "")
    place = str(list(_ROUTES).index(network)) if network in _ROUTES else network
    return kind, priority if isinstance(priority, int) else 0, place, change.address


def _name(change: Change) -> str:
    """What an object is called: by what it was, where it was there before."""
    values = change.before or change.after or {}
    if change.type == ROUTE:
        network = str(values.get("network") or UNKNOWN)
        return _ROUTES.get(network, f"route to {network}")
    if change.type == BFD_PEER:
        return f"BFD peer {values.get('peer_address') or UNKNOWN}"
    if change.type == RULE:
        if values.get("source_networks"):
            return f"NAT rule for {_text(values['source_networks'])}"
        if values.get("destination_networks"):
            return f"NAT rule towards {_text(values['destination_networks'])}"
        return "NAT rule for any source"
    return change.address


def _gist(kind: str, values: Mapping[str, Any] | None) -> str:
    """An object in a few words: what a person has to know to decide."""
    if values is None:
        return ""
    gists = {ROUTE: _route_gist, BFD_PEER: _peer_gist, RULE: _rule_gist}
    return ", ".join(gists[kind](values)) if kind in gists else ""


def _route_gist(values: Mapping[str, Any]) -> Iterator[str]:
    hops = values.get("next_hop") or ()
    if hops and all(_drops(hop) for hop in hops):
        yield "drops what is sent there"
        return
    yield f"next hop{'s' if len(hops) > 1 else ''} {_text(hops)}" if hops else "no next hop"


def _peer_gist(values: Mapping[str, Any]) -> Iterator[str]:
    yield f"profile {_text(values.get('bfd_profile_path'))}"
    if values.get("source_addresses"):
        yield f"from {_text(values['source_addresses'])}"
    if values.get("enabled") is False:
        yield "not enabled"


def _rule_gist(values: Mapping[str, Any]) -> Iterator[str]:
    action = str(values.get("action") or UNKNOWN)
    becomes = f" to {_text(values['translated_networks'])}" if values.get("translated_networks") else ""
    if action in (NatAction.NO_SNAT, NatAction.NO_DNAT):
        becomes = ", not translated"
    yield f"{action}{becomes}"
    if values.get("source_networks") and values.get("destination_networks"):
        yield f"towards {_text(values['destination_networks'])}"
    if values.get("service"):
        yield f"service {_text(values['service'])}"
    yield f"priority {_text(values.get('rule_priority') or 0)}"
    if values.get("enabled") is False:
        yield "not enabled"
    if values.get("logging"):
        yield "logged"
    if values.get("firewall_match") == FirewallMatch.BYPASS:
        yield "past the firewall"


def _called(attribute: str) -> str:
    return _ATTRIBUTES.get(attribute, attribute.removesuffix("_path").replace("_", " "))


def _empty(value: Any) -> bool:
    return value is None or value == "" or value == [] or value == {}


def _text(value: Any) -> str:
    """A value in short: ids in place of paths, next hops and tags as people write them."""
    if _empty(value):
        return NOTHING
    if isinstance(value, str):
        return paths.last(value) if paths.is_path(value) else value
    if isinstance(value, list):
        return ", ".join(_text(one) for one in value)
    if isinstance(value, dict):
        return _part(value)
    return json.dumps(value)


def _drops(hop: Any) -> bool:
    """Whether this is a next hop without an address, which NSX drops packets at."""
    return isinstance(hop, dict) and "admin_distance" in hop and set(hop) <= _HOP and _empty(hop.get("ip_address"))


def _part(part: Mapping[str, Any]) -> str:
    """An entry of a list of blocks: a next hop, a tag, or whatever else."""
    if _drops(part):
        return "none, dropped"
    if set(part) == {"scope", "tag"}:
        return f"{part['scope']}={part['tag']}"
    if "ip_address" in part and set(part) <= _HOP:
        further = [f"distance {part['admin_distance']}"] if part.get("admin_distance") not in (None, 1) else []
        further += [f"by {_text(part['interface'])}"] if part.get("interface") else []
        return f"{part['ip_address']} ({', '.join(further)})" if further else str(part["ip_address"])
    return json.dumps(part, ensure_ascii=False, sort_keys=True)
