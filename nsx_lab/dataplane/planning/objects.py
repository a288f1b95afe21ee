"""Realized Policy objects, as far as packets feel them. Pure.

Input: objects by path, as `Lab.realized()` gives them, or flattened from the hierarchical form (`flatten`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nsx_lab.dataplane.errors import WorldError
from nsx_lab.dataplane.planning.networks import Address, Interface, Network, read_address, read_interface, read_network

Json = Mapping[str, Any]
Realized = Mapping[str, Json]

SECTIONS = ("INTERNAL", "USER", "DEFAULT")
"""NAT sections in the order in which they are looked at (PolicyNat schema). NAT64 is left out: rules here are IPv4."""

_COLLECTIONS = {
    "Tier0": "tier-0s",
    "Tier1": "tier-1s",
    "LocaleServices": "locale-services",
    "Tier0Interface": "interfaces",
    "StaticRoutes": "static-routes",
    "PolicyNat": "nat",
    "PolicyNatRule": "nat-rules",
}


@dataclass(frozen=True)
class GatewayInterface:
    """EXTERNAL or SERVICE interface of a Tier-0. `edge` is None where it has no edge_path."""

    path: str
    id: str
    external: bool
    edge: str | None
    addresses: tuple[Interface, ...]
    strict: bool


@dataclass(frozen=True)
class NextHop:
    """`scope`: interface paths; empty means any. `address` None discards."""

    address: Address | None
    distance: int
    scope: tuple[str, ...]


@dataclass(frozen=True)
class StaticRoute:
    network: Network
    hops: tuple[NextHop, ...]


@dataclass(frozen=True)
class NatRule:
    """As stored: `source`, `destination`, `translated` are comma lists, empty means any (or, translated, none)."""

    id: str
    section: str
    sequence: int
    action: str
    source: str
    destination: str
    translated: str
    scope: tuple[str, ...]

    @property
    def order(self) -> tuple[int, int, str]:
        return SECTIONS.index(self.section), self.sequence, self.id


@dataclass(frozen=True)
class HaVip:
    interfaces: tuple[str, ...]
    addresses: tuple[Interface, ...]


@dataclass(frozen=True)
class Tier0:
    """`rules` in the order in which they are looked at; without disabled ones, NAT64, and rules with a service."""

    id: str
    active_standby: bool
    interfaces: tuple[GatewayInterface, ...]
    vips: tuple[HaVip, ...]
    routes: tuple[StaticRoute, ...]
    rules: tuple[NatRule, ...]

    @property
    def edges(self) -> tuple[str, ...]:
        """Edges in the order in which the interfaces name them."""
        return tuple(dict.fromkeys(interface.edge for interface in self.interfaces if interface.edge))


@dataclass(frozen=True)
class Tier1:
    """`above`: id of its Tier-0, or None. `rules`: as a Tier-0's. `serviced`: it has a locale service, so its NAT is what `rules` say and
    not what a world file says of it."""

    id: str
    above: str | None
    serviced: bool
    rules: tuple[NatRule, ...]


@dataclass(frozen=True)
class Configuration:
    """Tier-0s and Tier-1s by id."""

    tier0s: Mapping[str, Tier0]
    tier1s: Mapping[str, Tier1]


def flatten(infra: Json) -> dict[str, Json]:
    """Objects by path from the hierarchical form. `infra`: the Infra object with its children."""
    return dict(_below("/infra", infra))


def _below(path: str, parent: Json) -> Iterator[tuple[str, Json]]:
    for child in parent.get("children", ()):
        kind = str(child.get("resource_type", "")).removeprefix("Child")
        body = child.get(kind)
        if kind not in _COLLECTIONS or not isinstance(body, Mapping) or "id" not in body:
            continue
        own = f"{path}/{_COLLECTIONS[kind]}/{body['id']}"
        yield own, {key: value for key, value in body.items() if key != "children"} | {"resource_type": kind}
        yield from _below(own, body)


def read(realized: Realized) -> Configuration:
    """The configuration of all Tier-0s and Tier-1s. Errors: WorldError for an address that is none."""
    tier0s = {
        str(body["id"]): _tier0(path, body, realized) for path, body in realized.items() if _is(path, "tier-0s", 3)
    }
    tier1s = {
        str(body["id"]): _tier1(path, body, realized) for path, body in realized.items() if _is(path, "tier-1s", 3)
    }
    return Configuration(tier0s, tier1s)


def _is(path: str, collection: str, depth: int) -> bool:
    parts = path.strip("/").split("/")
    return len(parts) == depth and parts[-2] == collection


def _last(path: object) -> str | None:
    return str(path).rsplit("/", 1)[-1] if path else None


def _children(parent: str, collection: str, realized: Realized) -> list[tuple[str, Json]]:
    start = f"{parent}/{collection}/"
    return [(path, body) for path, body in realized.items() if path.startswith(start) and "/" not in path[len(start) :]]


def _tier0(path: str, body: Json, realized: Realized) -> Tier0:
    services = _children(path, "locale-services", realized)
    interfaces = [
        _interface(one, interface)
        for service, _ in services
        for one, interface in _children(service, "interfaces", realized)
        if interface.get("type", "EXTERNAL") in ("EXTERNAL", "SERVICE")
    ]
    vips = [_vip(service, vip) for service, config in services for vip in config.get("ha_vip_configs") or ()]
    return Tier0(
        id=str(body["id"]),
        active_standby=body.get("ha_mode", "ACTIVE_ACTIVE") == "ACTIVE_STANDBY",
        interfaces=tuple(interfaces),
        vips=tuple(vip for vip in vips if vip is not None),
        routes=tuple(_route(one, route) for one, route in _children(path, "static-routes", realized)),
        rules=_rules(path, realized),
    )


def _tier1(path: str, body: Json, realized: Realized) -> Tier1:
    return Tier1(
        id=str(body["id"]),
        above=_last(body.get("tier0_path")),
        serviced=bool(_children(path, "locale-services", realized)),
        rules=_rules(path, realized),
    )


def _rules(gateway: str, realized: Realized) -> tuple[NatRule, ...]:
    """The rules of a gateway that may act, in the order in which they are looked at."""
    rules = [
        _rule(section, rule)
        for section in SECTIONS
        for _, rule in _children(f"{gateway}/nat/{section}", "nat-rules", realized)
        if rule.get("enabled", True) and not rule.get("service")
    ]
    return tuple(sorted(rules, key=lambda rule: rule.order))


def _subnets(path: str, subnets: Any) -> tuple[Interface, ...]:
    return tuple(
        read_interface(f"{address}/{subnet['prefix_len']}", path)
        for subnet in subnets or ()
        for address in subnet.get("ip_addresses", ())
    )


def _interface(path: str, body: Json) -> GatewayInterface:
    return GatewayInterface(
        path=path,
        id=str(body["id"]),
        external=body.get("type", "EXTERNAL") == "EXTERNAL",
        edge=_last(body.get("edge_path")),
        addresses=_subnets(path, body.get("subnets")),
        strict=body.get("urpf_mode", "STRICT") == "STRICT",  # STRICT is the default: Tier0Interface schema
    )


def _vip(service: str, body: Json) -> HaVip | None:
    if not body.get("enabled", True):
        return None
    return HaVip(tuple(body.get("external_interface_paths", ())), _subnets(service, body.get("vip_subnets")))


def _route(path: str, body: Json) -> StaticRoute:
    hops = [
        NextHop(
            read_address(hop["ip_address"], path) if hop.get("ip_address") else None,
            int(hop.get("admin_distance") or 1),
            tuple(hop.get("scope") or ()),
        )
        for hop in body.get("next_hops") or ()
    ]
    return StaticRoute(read_network(body.get("network"), path), tuple(hops))


def _rule(section: str, body: Json) -> NatRule:
    def text(key: str) -> str:
        value = str(body.get(key) or "")
        return "" if value.upper() == "ANY" else value

    return NatRule(
        id=str(body["id"]),
        section=section,
        sequence=int(body.get("sequence_number") or 0),
        action=str(body.get("action", "")),
        source=text("source_network"),
        destination=text("destination_network"),
        translated=text("translated_network"),
        scope=tuple(body.get("scope") or ()),
    )


def check_format(document: Json) -> None:
    """Errors: WorldError when it is not a world file of a version known here."""
    if document.get("format") != "egress-world" or document.get("version") != 1:
        raise WorldError('not a world file: expected "format": "egress-world", "version": 1')
