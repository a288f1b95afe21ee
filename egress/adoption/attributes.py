"""What the provider reads of an object, held against what a stack would say of it: text by text, as the engine compares them.

The provider suppresses no difference: an address that is written another way is one for ever (provider 3.11.1, measured). Lists of
networks travel as one text with commas between, and are not trimmed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

from egress.policy.fields import OF_EVERY_OBJECT
from egress.policy.paths import is_nat_rule, is_static_route
from egress.policy.tree import Json
from egress.vocabulary import ANYWHERE, NatAction

_KNOWN = {
    "rule": frozenset(
        [
            "action",
            "destination_network",
            "enabled",
            "firewall_match",
            "logging",
            "sequence_number",
            "service",
            "source_network",
            "translated_network",
            "translated_ports",
            "scope",
            "policy_based_vpn_mode",
        ]
    ),
    "route": frozenset({"network", "next_hops"}),
    "peer": frozenset({"bfd_profile_path", "enabled", "peer_address", "source_addresses"}),
}
"""Keys of bodies that the provider writes (resource_nsxt_policy_nat_rule.go, .._static_route.go, .._static_route_bfd_peer.go of 3.11.1)."""
_HOP = frozenset({"ip_address", "admin_distance", "scope"})


@dataclass(frozen=True)
class Difference:
    """An attribute, as the stack would write it and as the manager has it."""

    attribute: str
    ours: Any
    theirs: Any


def differences(path: str, ours: Json, theirs: Json) -> tuple[Difference, ...]:
    """How an object of a stack differs from one on the manager, both as Policy JSON, attribute by attribute. path: of ours.

    Empty: an import of theirs leaves the plan with nothing to change."""
    one, other = read(path, ours), read(path, theirs)
    return tuple(Difference(name, one[name], other[name]) for name in one if not _alike(name, one, other))


def read(path: str, body: Json) -> Mapping[str, Any]:
    """What the provider reads of a body, by attribute. Order counts in lists; tags and scope are sets."""
    if is_nat_rule(path):
        return _identity(body) | _rule(body)
    return _identity(body) | (_route(body) if is_static_route(path) else _peer(body))


def lost(path: str, body: Json) -> tuple[str, ...]:
    """Attributes of a body that say something and that the provider does not know: its PATCH is the whole object, so they would be gone
    (NSX Policy API, partial patch is off by default)."""
    kind = "rule" if is_nat_rule(path) else "route" if is_static_route(path) else "peer"
    known = _KNOWN[kind] | OF_EVERY_OBJECT
    found = [name for name, value in body.items() if value and name not in known and not name.startswith("_")]
    hops = [hop for hop in _list(body.get("next_hops")) if isinstance(hop, dict)]
    found += [f"next_hops.{name}" for hop in hops for name, value in hop.items() if value and name not in _HOP]
    return tuple(dict.fromkeys(found))


def texts(value: Any) -> tuple[str, ...]:
    """The parts of a network field."""
    return tuple(part for part in str(value or "").split(",") if part)


def canonical(text: str) -> bool:
    """Whether a file that says this address or network makes the stack write the very same text."""
    try:
        return str(ip_network(text) if "/" in text else ip_address(text)) == text
    except ValueError:
        return False


def _alike(name: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether an attribute is no difference. The destination of an SNAT rule that has none is not compared (issue 1152)."""
    if name == "destinations" and one.get("action") == NatAction.SNAT and not one[name]:
        return all(part == str(ANYWHERE) for part in other[name])
    return bool(one[name] == other[name])


def _identity(body: Json) -> dict[str, Any]:
    return {
        "display_name": str(body.get("display_name") or ""),
        "description": str(body.get("description") or ""),
        "tags": pairs(body),
    }


def pairs(body: Json) -> tuple[tuple[str, str], ...]:
    """Tags as scope and tag, sorted: a scope may stand there twice."""
    held = [one for one in _list(body.get("tags")) if isinstance(one, dict)]
    return tuple(sorted((str(one.get("scope") or ""), str(one.get("tag") or "")) for one in held))


def _rule(body: Json) -> dict[str, Any]:
    return {
        "action": str(body.get("action") or ""),
        "sources": texts(body.get("source_network")),
        "destinations": texts(body.get("destination_network")),
        "translated": texts(body.get("translated_network")),
        "priority": body.get("sequence_number") or 0,
        "firewall_match": str(body.get("firewall_match") or ""),
        "scope": frozenset(map(str, _list(body.get("scope")))),
        "enabled": body.get("enabled") is not False,
        "logging": bool(body.get("logging")),
        "service": str(body.get("service") or ""),
        "translated_ports": str(body.get("translated_ports") or ""),
        "policy_based_vpn_mode": str(body.get("policy_based_vpn_mode") or ""),
    }


def _route(body: Json) -> dict[str, Any]:
    return {"network": str(body.get("network") or ""), "next_hops": tuple(map(_hop, _list(body.get("next_hops"))))}


def _hop(hop: Any) -> tuple[str, int, tuple[str, ...]]:
    given = hop if isinstance(hop, dict) else {}
    distance = given.get("admin_distance")
    return (
        str(given.get("ip_address") or ""),
        distance if isinstance(distance, int) else 0,
        tuple(map(str, _list(given.get("scope")))),
    )


def _peer(body: Json) -> dict[str, Any]:
    return {
        "peer_address": str(body.get("peer_address") or ""),
        "bfd_profile_path": str(body.get("bfd_profile_path") or ""),
        "source_addresses": tuple(map(str, _list(body.get("source_addresses")))),
        "enabled": body.get("enabled") is not False,
    }


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
