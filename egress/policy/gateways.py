"""The Tier-0s in a set of Policy objects, with interfaces, static routes and NAT rules. Typed once, here.

The objects may be anybody's. One that cannot be read is passed over with a note and ends nothing; a gateway that cannot be
read is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address, ip_interface, ip_network
from typing import Any, TypeVar

from egress.domain import EgressError, HaMode, NatAction
from egress.domain.addresses import Address, InterfaceAddress, Network, host_bits
from egress.policy.fields import network_parts, networks_of
from egress.policy.paths import Collection, Section, collection, last, nat_section
from egress.policy.tree import Json, PolicyObjects, children, within
from egress.vocabulary import INFRA

T = TypeVar("T")
_KEPT = 50_000
"""Objects that a memory keeps: more are forgotten all at once."""


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
    """A Tier-0 gateway. `edges`: in the order in which its interfaces name them. `notes`: what was
    passed over or read otherwise than it is written, and why; `unread`: those of them that may well do something to packets. `proxies`: it
    answers ARP for addresses that no interface has."""

    id: str
    path: str
    ha_mode: HaMode
    shares_state: bool
    interfaces: tuple[Tier0Interface, ...]
    vips: tuple[HaVip, ...]
    routes: tuple[StaticRoute, ...]
    rules: tuple[Rule, ...]
    notes: tuple[str, ...]
    unread: tuple[str, ...] = ()
    proxies: bool = True

    @property
    def edges(self) -> tuple[str, ...]:
        """Ids of the edges."""
        return tuple(dict.fromkeys(interface.edge for interface in self.interfaces if interface.edge))


class Memory:
    """What was read last of each object and of each collection: one that is the very same is not read again, and gives the very same value."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[PolicyObjects, Sequence[Any], tuple[tuple[str, ...], ...]]] = {}

    def read(self, path: str, body: PolicyObjects, read: Callable[[], Sequence[T]], *told: list[str]) -> Sequence[T]:
        """What `read` gives and what it adds to the lists `told`, remembered. `body` is kept, so that its identity stays its own."""
        known = self._known.get(path)
        if known is None or known[0] is not body:
            before = [len(one) for one in told]
            found = read()
            added = tuple(tuple(one[start:]) for one, start in zip(told, before, strict=True))
            if len(self._known) >= _KEPT:
                self._known.clear()
            self._known[path] = (body, found, added)
            return found
        for one, added_then in zip(told, known[2], strict=True):
            one += added_then
        return known[1]


def tier0s(objects: PolicyObjects, memory: Memory | None = None) -> tuple[Tier0, ...]:
    """Every Tier-0 in the objects, by id. `memory`: of an earlier reading. Errors: EgressError, naming the gateway and the value."""
    found = children(objects, INFRA, Collection.TIER0S)
    memory = memory or Memory()
    return tuple(sorted((Reader(path, memory).tier0(objects, body) for path, body in found), key=_id))


def _id(gateway: Tier0) -> str:
    return gateway.id


class _PassedOverError(Exception):
    """A sentence about why an object does not count."""


class Reader:
    """Reads one gateway and what is below it; `notes` tells what was not read as it is written, `unread` what was not read at all."""

    def __init__(self, path: str, memory: Memory | None = None) -> None:
        self.path = path
        self.memory = memory or Memory()
        self.notes: list[str] = []
        self.unread: list[str] = []

    def tier0(self, objects: PolicyObjects, body: Json) -> Tier0:
        interfaces: list[Tier0Interface] = []
        vips: list[HaVip] = []
        for services, service in children(objects, self.path, Collection.LOCALE_SERVICES):
            for path, held in children(objects, services, Collection.INTERFACES):
                if held.get("type", "EXTERNAL") in ("EXTERNAL", "SERVICE"):
                    interfaces += self._readable("interface", path, held, self._interface)
            for config in _listed(service.get("ha_vip_configs")):
                if not isinstance(config, dict) or config.get("enabled", True):
                    vips += self._readable("HA VIP of", services, config, self._vip)
        rules = self.rules(objects)
        routes = self._collection("static route", objects, collection(self.path, Collection.STATIC_ROUTES), self._route)
        return Tier0(
            id=last(self.path),
            path=self.path,
            ha_mode=self._ha_mode(body),
            shares_state=_enabled(body.get("stateful_services")),
            interfaces=tuple(one for one in interfaces if one.addresses),
            vips=tuple(vips),
            routes=tuple(routes),
            rules=rules,
            notes=tuple(self.notes),
            unread=tuple(self.unread),
        )

    def rules(self, objects: PolicyObjects) -> tuple[Rule, ...]:
        """The NAT rules of the gateway that count."""
        found: list[Rule] = []
        for section in Section:
            above = collection(nat_section(self.path, section), Collection.NAT_RULES)
            found += self._collection("rule", objects, above, self._rule)
        return tuple(found)

    def _collection(self, kind: str, objects: PolicyObjects, above: str, read: Callable[[str, Json], T]) -> Sequence[T]:
        """What `read` makes of the objects of a collection, whose path is `above`. One that is the very same as before is not looked through."""
        held = within(objects, above)

        def each() -> list[T]:
            return [one for path, body in held.items() for one in self._readable(kind, path, body, read)]

        return self.memory.read(above, held, each, self.notes, self.unread)

    def _readable(self, kind: str, path: str, body: Json, read: Callable[[str, Json], T]) -> Sequence[T]:
        """What `read` makes of an object; nothing, and a note, if it cannot be read: it may be a stranger's."""
        return self.memory.read(path, body, lambda: self._tried(kind, path, body, read), self.notes, self.unread)

    def _tried(self, kind: str, path: str, body: Json, read: Callable[[str, Json], T]) -> list[T]:
        try:
            return [read(path, body)]
        except _PassedOverError as error:
            self.notes.append(f"{kind} {last(path)} {error}")
        except (ValueError, TypeError, AttributeError) as error:
            self.notes.append(f"{kind} {last(path)} cannot be read and is passed over: {error}")
            self.unread.append(self.notes[-1])
        return []

    def _ha_mode(self, body: Json) -> HaMode:
        value = body.get("ha_mode") or HaMode.ACTIVE_ACTIVE
        try:
            return HaMode(value)
        except ValueError:
            raise EgressError(
                f"{self.path}: ha_mode {value!r} cannot be used, known are {' and '.join(HaMode)}"
            ) from None

    def _interface(self, path: str, body: Json) -> Tier0Interface:
        edge = body.get("edge_path")
        return Tier0Interface(
            path=path,
            name=last(path),
            external=body.get("type", "EXTERNAL") == "EXTERNAL",
            edge=last(edge) if edge else None,
            addresses=_subnets(body.get("subnets")),
            strict=body.get("urpf_mode", "STRICT") == "STRICT",
        )

    def _vip(self, _: str, config: Json) -> HaVip:
        return HaVip(_subnets(config.get("vip_subnets")), frozenset(config.get("external_interface_paths") or ()))

    def _route(self, path: str, body: Json) -> StaticRoute:
        hops = tuple(
            StaticNextHop(
                _parsed(ip_address, str(hop["ip_address"])) if hop.get("ip_address") else None,
                int(hop.get("admin_distance") or 1),
                frozenset(hop.get("scope") or ()),
            )
            for hop in body.get("next_hops") or ()
        )
        return StaticRoute(path, self._network("static route", path, body.get("network")), hops)

    def _rule(self, path: str, body: Json) -> Rule:
        """A rule that counts. Errors: _PassedOverError for one that does not."""
        section, action = last(path.rsplit("/", 2)[0]), str(body.get("action"))
        if not body.get("enabled", True):
            raise _PassedOverError("is disabled")
        if section not in Section.__members__ or action not in NatAction.__members__:
            raise _PassedOverError(f"({section}, {action}) is of a kind that the walk does not know")
        if body.get("service"):
            raise _PassedOverError("matches a service, which the walk does not look into")
        rule = Rule(
            path=path,
            section=Section(section),
            priority=int(body.get("sequence_number") or 0),
            action=NatAction(action),
            sources=self._networks(path, body.get("source_network")),
            destinations=self._networks(path, body.get("destination_network")),
            translated=self._translated(path, body.get("translated_network")),
            scope=frozenset(body.get("scope") or ()),
        )
        _refuse_unusable(rule)
        return rule

    def _networks(self, path: str, text: str | None) -> tuple[Network, ...]:
        return tuple(network for part in network_parts(text) for network in self._part(path, part))

    def _translated(self, path: str, text: str | None) -> Network | None:
        """What a rule translates to. Of several networks the first stands for all of them, and that is a doubt."""
        found = self._networks(path, text)
        if len(found) > 1:
            self.notes.append(f"rule {last(path)} translates to {text}: {found[0]} stands for it")
            self.unread.append(self.notes[-1])
        return next(iter(found), None)

    def _part(self, path: str, text: str) -> tuple[Network, ...]:
        """The networks of one part of a list: a network, an address, or a range of addresses."""
        return networks_of(text) if "-" in text else (self._network("rule", path, text),)

    def _network(self, kind: str, path: str, text: Any) -> Network:
        """A network. Host bits are dropped with a note, as the manager of the lab does it (assumption for NSX)."""
        try:
            strict: Network = _parsed(ip_network, str(text))
            return strict
        except ValueError:
            network: Network = _parsed(ip_interface, str(text)).network
            self.notes.append(f"{kind} {last(path)}: {text} has host bits set, taken as {network}")
            return network


def _enabled(part: Any) -> bool:
    """Whether a part of an object is there and switched on."""
    return isinstance(part, dict) and bool(part.get("enabled"))


def _listed(value: Any) -> list[Any]:
    """The parts of a list; what should be one and is not stands for itself, so that it is told."""
    return value if isinstance(value, list) else [value] if value else []


def _subnets(subnets: Iterable[Json] | None) -> tuple[InterfaceAddress, ...]:
    pairs = [(one, subnet.get("prefix_len")) for subnet in subnets or () for one in subnet.get("ip_addresses") or ()]
    return tuple(_parsed(ip_interface, f"{one}/{length}") for one, length in pairs)


def _refuse_unusable(rule: Rule) -> None:
    """Errors: _PassedOverError for a rule that NSX could not realize."""
    if rule.translated is None and rule.action not in (NatAction.NO_SNAT, NatAction.NO_DNAT):
        raise _PassedOverError("has no translated network")
    if rule.action is NatAction.REFLEXIVE:
        if len(rule.sources) != 1 or rule.translated is None:
            raise _PassedOverError("is REFLEXIVE and needs exactly one source network")
        if host_bits(rule.sources[0]) != host_bits(rule.translated):
            raise _PassedOverError(f"is REFLEXIVE and maps {rule.sources[0]} to {rule.translated}: the sizes differ")


@lru_cache(maxsize=16384)
def _parsed(parse: Any, value: Any) -> Any:
    return parse(value)
