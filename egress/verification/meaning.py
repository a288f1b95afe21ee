"""What values of Policy objects mean: two that are written otherwise and mean the same are equal.

The manager may leave a field out that has its default, give networks with host bits, and lists in another order than they were sent in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from egress.domain.addresses import Network
from egress.policy.fields import network_parts, networks_of
from egress.policy.paths import bfd_profile, last
from egress.policy.tree import Json
from egress.vocabulary import FirewallMatch

Meaning: TypeAlias = Any
"""A value that is equal where the meaning is."""


def networks(value: Any) -> frozenset[Network | str]:
    """The networks of a comma list; empty for any. What cannot be read stands for itself."""
    found = {one for part in network_parts(value) for one in _part(part)}
    return frozenset(one for one in found if isinstance(one, str) or one.prefixlen > 0)


def _part(text: str) -> tuple[Network | str, ...]:
    try:
        return networks_of(text)
    except ValueError:
        return (text,)


def addresses(value: Any) -> frozenset[str]:
    """Addresses of a list, in whatever order."""
    return frozenset(str(next(iter(networks(one)), one)) for one in _list(value))


def texts(value: Any) -> frozenset[str]:
    """Texts of a list, in whatever order."""
    return frozenset(map(str, _list(value)))


def tags(value: Any) -> frozenset[tuple[str, str]]:
    """Tags as scope and tag, in whatever order."""
    return frozenset(
        (str(one.get("scope") or ""), str(one.get("tag") or "")) for one in _list(value) if isinstance(one, dict)
    )


def hops(value: Any) -> frozenset[tuple[str, int | str, frozenset[str]]]:
    """Next hops as address, distance and interfaces. Their order means nothing: equal distances share the load."""
    return frozenset(
        (str(one.get("ip_address") or ""), number(one.get("admin_distance") or 1), texts(one.get("scope")))
        for one in _list(value)
        if isinstance(one, dict)
    )


def number(value: Any) -> int | str:
    """A number, also where it is given as text."""
    said = str(value).strip()
    return int(said) if said.isascii() and said.isdigit() and len(said) <= 20 else said


def text(value: Any) -> str:
    """A text; null is the empty one."""
    return "" if value is None else str(value)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


@dataclass(frozen=True)
class Attribute:
    """How an attribute is read. `default`: what it means where the manager leaves it out (NSX Policy API). `label`: no packet goes by it.
    `lists`: a list of networks, which the provider does not miss (measured with 3.11.1)."""

    means: Callable[[Any], Meaning]
    default: Any = None
    label: bool = False
    lists: bool = False


_NAMED = {
    "display_name": Attribute(text, label=True),
    "description": Attribute(text, label=True),
    "tags": Attribute(tags, label=True),
}
ATTRIBUTES: Mapping[str, Mapping[str, Attribute]] = {
    "StaticRoutes": {**_NAMED, "network": Attribute(networks), "next_hops": Attribute(hops)},
    "StaticRouteBfdPeer": {
        **_NAMED,
        "peer_address": Attribute(networks),
        "bfd_profile_path": Attribute(text, bfd_profile("default")),
        "source_addresses": Attribute(addresses),
        "enabled": Attribute(bool, True),
    },
    "PolicyNatRule": {
        **_NAMED,
        "action": Attribute(text),
        "sequence_number": Attribute(number, 0),
        "source_network": Attribute(networks, lists=True),
        "destination_network": Attribute(networks, lists=True),
        "translated_network": Attribute(networks, lists=True),
        "translated_ports": Attribute(text),
        "service": Attribute(text),
        "scope": Attribute(texts),
        "enabled": Attribute(bool, True),
        "logging": Attribute(bool, False),
        "firewall_match": Attribute(text, FirewallMatch.MATCH_INTERNAL_ADDRESS.value),
    },
}
"""What is compared, by the type of object. Whatever else an object has, the stack does not say."""


def of(body: Json, name: str, attribute: Attribute) -> Meaning:
    """What an attribute of an object means."""
    given = body.get(name)
    if given is None:
        given = body.get("id") if name == "display_name" else attribute.default
    return attribute.means(given)


def shown(body: Json, name: str, attribute: Attribute) -> str:
    """An attribute for people."""
    meaning = of(body, name, attribute)
    if attribute.means is hops:
        return " and ".join(sorted(map(_hop, meaning))) or "no next hop"
    if attribute.means is tags:
        return ", ".join(sorted(f"{scope}={tag}" for scope, tag in meaning)) or "no tag"
    if attribute.means is networks:
        return ", ".join(sorted(map(_network, meaning))) or "any"
    if attribute.means is texts:
        return ", ".join(sorted(map(last, meaning))) or "everywhere"
    if attribute.means is addresses:
        return ", ".join(sorted(meaning)) or "none"
    if attribute.means is bool:
        return "yes" if meaning else "no"
    return str(meaning) or "nothing"


def _network(value: Network | str) -> str:
    return str(value) if isinstance(value, str) or value.num_addresses > 1 else str(value.network_address)


def _hop(value: tuple[str, int | str, frozenset[str]]) -> str:
    address, distance, scope = value
    by = f" by {' and '.join(sorted(map(last, scope)))}" if scope else ""
    far = f" (distance {distance})" if distance != 1 else ""
    return f"{address or 'discard'}{by}{far}"
