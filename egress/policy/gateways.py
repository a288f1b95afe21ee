"""The gateways in a set of Policy objects: Tier-0s with interfaces, static routes and NAT rules, and Tier-1s. Typed once, here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address, ip_interface, ip_network
from typing import Any

from egress.domain import EgressError, HaMode, NatAction
from egress.domain.addresses import Address, InterfaceAddress, Network
from egress.policy.paths import INFRA, Collection, Section, last
from egress.policy.tree import Json, PolicyObjects, children


@dataclass(frozen=True)
class Tier0Interface:
    """An interface of a Tier-0. `edge` is None for a service interface that names none."""

    path: str
    name: str
    external: bool
    edge: str | None
    addresses: tuple[InterfaceAddress, ...]
    strict: bool


@dataclass(frozen=True)
class HaVip:
    """Addresses that the active edge holds, on one of the interfaces with these paths."""

    addresses: tuple[InterfaceAddress, ...]
    interfaces: frozenset[str]


@dataclass(frozen=True)
class StaticNextHop:
    """A next hop. `address` None discards. `scope`: interface paths, empty means that the address decides."""

    address: Address | None
    distance: int
    scope: frozenset[str]


@dataclass(frozen=True)
class StaticRoute:
    """A static route of a Tier-0."""

    path: str
    network: Network
    next_hops: tuple[StaticNextHop, ...]


@dataclass(frozen=True)
class Rule:
    """A NAT rule that counts. `scope`: interface paths, empty means every external and service interface."""

    path: str
    section: Section
    priority: int
    action: NatAction
    sources: tuple[Network, ...]
    destinations: tuple[Network, ...]
    translated: Network | None
    scope: frozenset[str]


@dataclass(frozen=True)
class Tier0:
    """A Tier-0 gateway. `edges`: in the order in which its interfaces name them. `ignored`: rules that do not count, and why."""

    id: str
    path: str
    ha_mode: HaMode
    shares_state: bool
    interfaces: tuple[Tier0Interface, ...]
    vips: tuple[HaVip, ...]
    routes: tuple[StaticRoute, ...]
    rules: tuple[Rule, ...]
    ignored: tuple[str, ...]

    @property
    def edges(self) -> tuple[str, ...]:
        """Ids of the edges."""
        return tuple(dict.fromkeys(interface.edge for interface in self.interfaces if interface.edge))


@dataclass(frozen=True)
class Tier1:
    """A Tier-1 gateway and the path of the Tier-0 that it hangs on, None for one that hangs on nothing."""

    id: str
    path: str
    tier0: str | None


def tier0s(objects: PolicyObjects) -> tuple[Tier0, ...]:
    """Every Tier-0 in the objects, by id. Errors: EgressError, naming the object and the value."""
    return tuple(
        sorted((_tier0(objects, path, body) for path, body in children(objects, INFRA, Collection.TIER0S)), key=_id)
    )


def tier1s(objects: PolicyObjects) -> tuple[Tier1, ...]:
    """Every Tier-1 in the objects, by id."""
    found = children(objects, INFRA, Collection.TIER1S)
    return tuple(sorted((Tier1(last(path), path, body.get("tier0_path") or None) for path, body in found), key=_id))


def _id(gateway: Tier0 | Tier1) -> str:
    return gateway.id


def _tier0(objects: PolicyObjects, path: str, body: Json) -> Tier0:
    interfaces: list[Tier0Interface] = []
    vips: list[HaVip] = []
    for services, service in children(objects, path, Collection.LOCALE_SERVICES):
        held = children(objects, services, Collection.INTERFACES)
        interfaces += [
            _interface(*found) for found in held if found[1].get("type", "EXTERNAL") in ("EXTERNAL", "SERVICE")
        ]
        vips += [
            _vip(services, config) for config in service.get("ha_vip_configs") or () if config.get("enabled", True)
        ]
    rules: list[Rule] = []
    ignored: list[str] = []
    for nat, _ in children(objects, path, Collection.NAT):
        for found in children(objects, nat, Collection.NAT_RULES):
            rule = _rule(last(nat), *found)
            (ignored if isinstance(rule, str) else rules).append(rule)  # type: ignore[arg-type]
    return Tier0(
        id=last(path),
        path=path,
        ha_mode=_typed(path, HaMode, body.get("ha_mode") or HaMode.ACTIVE_ACTIVE),
        shares_state=bool((body.get("stateful_services") or {}).get("enabled")),
        interfaces=tuple(one for one in interfaces if one.addresses),
        vips=tuple(vips),
        routes=tuple(_route(*found) for found in children(objects, path, Collection.STATIC_ROUTES)),
        rules=tuple(rules),
        ignored=tuple(ignored),
    )


def _interface(path: str, body: Json) -> Tier0Interface:
    edge = body.get("edge_path")
    return Tier0Interface(
        path=path,
        name=last(path),
        external=body.get("type", "EXTERNAL") == "EXTERNAL",
        edge=last(edge) if edge else None,
        addresses=_subnets(path, body.get("subnets")),
        strict=body.get("urpf_mode", "STRICT") == "STRICT",
    )


def _subnets(path: str, subnets: Iterable[Json] | None) -> tuple[InterfaceAddress, ...]:
    pairs = [(one, subnet.get("prefix_len")) for subnet in subnets or () for one in subnet.get("ip_addresses") or ()]
    return tuple(_typed(path, ip_interface, f"{one}/{length}") for one, length in pairs)


def _vip(services: str, config: Json) -> HaVip:
    return HaVip(_subnets(services, config.get("vip_subnets")), frozenset(config.get("external_interface_paths") or ()))


def _route(path: str, body: Json) -> StaticRoute:
    hops = tuple(
        StaticNextHop(
            _typed(path, ip_address, hop["ip_address"]) if hop.get("ip_address") else None,
            int(hop.get("admin_distance") or 1),
            frozenset(hop.get("scope") or ()),
        )
        for hop in body.get("next_hops") or ()
    )
    return StaticRoute(path, _typed(path, ip_network, body.get("network")), hops)


def _rule(section: str, path: str, body: Json) -> Rule | str:
    """The rule, or a sentence about why it does not count."""
    action = str(body.get("action"))
    if not body.get("enabled", True):
        return f"rule {last(path)} is disabled"
    if section not in Section.__members__ or action not in NatAction.__members__:
        return f"rule {last(path)} ({section}, {action}) is of a kind that the walk does not know"
    if body.get("service"):
        return f"rule {last(path)} matches a service, which the walk does not look into"
    rule = Rule(
        path=path,
        section=Section(section),
        priority=int(body.get("sequence_number") or 0),
        action=NatAction(action),
        sources=_networks(path, body.get("source_network")),
        destinations=_networks(path, body.get("destination_network")),
        translated=next(iter(_networks(path, body.get("translated_network"))), None),
        scope=frozenset(body.get("scope") or ()),
    )
    return _unusable(rule) or rule


def _unusable(rule: Rule) -> str:
    """Why NSX could not realize the rule, or nothing."""
    name = last(rule.path)
    if rule.translated is None and rule.action not in (NatAction.NO_SNAT, NatAction.NO_DNAT):
        return f"rule {name} has no translated network"
    if rule.action is NatAction.REFLEXIVE:
        if len(rule.sources) != 1 or rule.translated is None:
            return f"rule {name} is REFLEXIVE and needs exactly one source network"
        if rule.sources[0].num_addresses != rule.translated.num_addresses:
            return f"rule {name} is REFLEXIVE and maps {rule.sources[0]} to {rule.translated}: the sizes differ"
    return ""


def _networks(path: str, text: str | None) -> tuple[Network, ...]:
    parts = [part.strip() for part in (text or "").split(",")]
    return tuple(_typed(path, ip_network, part) for part in parts if part and part.upper() != "ANY")


@lru_cache(maxsize=16384)
def _parsed(parse: Any, value: Any) -> Any:
    return parse(value)


def _typed(path: str, parse: Any, value: Any) -> Any:
    try:
        return _parsed(parse, value)
    except (ValueError, TypeError) as error:
        raise EgressError(f"{path}: {value!r} cannot be used: {error}") from None
