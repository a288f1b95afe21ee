"""Nodes and segments ready to be asked: whose an address is, which way to it, who answers for it. Of an earlier time all is taken over
that has not changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from operator import attrgetter, itemgetter
from typing import NamedTuple, TypeAlias

from egress.domain.addresses import Network
from egress.reachability.flow import DropReason
from egress.reachability.tables import Prefix, PrefixTable, Remembered, change, key, made, prefix, same
from egress.reachability.topology import Interface, Node, NodeKind, Route
from egress.reachability.translation import Translator

Exit: TypeAlias = tuple[str, str]
"""Where a packet goes on: node and the interface it arrives by."""


class _Way(NamedTuple):
    """A compiled hop of a route."""

    interface: str
    via: int | None
    origin: str


_Ways: TypeAlias = tuple[_Way, ...]


class _Faces:
    """What the interfaces of a node make of it, whatever they answer ARP for beside their addresses.

    own: the addresses as keys, each with how many have it. connected: the networks. `before`: earlier ones; only what differs is made anew.
    """

    def __init__(self, interfaces: tuple[Interface, ...], before: _Faces | None = None) -> None:
        self.interfaces = interfaces
        self.segments = {interface.name: interface.segment for interface in interfaces}
        self.strict = frozenset(interface.name for interface in interfaces if interface.strict)
        self.on: dict[str, list[Interface]] = {}
        for interface in interfaces:
            self.on.setdefault(interface.segment, []).append(interface)
        known = before.interfaces if before else ()
        start, old, new = change(known, interfaces)
        gone, come = known[start:old], interfaces[start:new]
        self.own: dict[int, int] = dict(before.own) if before else {}
        for number in _keys(gone):
            self.own[number] -= 1
            if not self.own[number]:
                del self.own[number]
        for number in _keys(come):
            self.own[number] = self.own.get(number, 0) + 1
        connected = before.connected.changed(_connected(gone), _connected(come)) if before else None
        self.connected: PrefixTable[_Ways] = connected or PrefixTable(_connected(interfaces))

    @classmethod
    def of(cls, interfaces: tuple[Interface, ...], before: _Faces | None) -> _Faces:
        """Those of some interfaces: the earlier ones if they are as they were."""
        if before is not None:
            start, old, new = change(before.interfaces, interfaces)
            if [*map(_BARE, before.interfaces[start:old])] == [*map(_BARE, interfaces[start:new])]:
                return before
        return cls(interfaces, before)

    def first(self, version: int) -> int | None:
        """The first address of a family."""
        found = (one for interface in self.interfaces for one in interface.addresses if one.version == version)
        return next((key(one.ip) for one in found), None)


_BARE = attrgetter("name", "segment", "addresses", "strict")
"""What of an interface is no matter of NAT."""


def _keys(interfaces: Sequence[Interface]) -> Iterator[int]:
    return (key(one) for interface in interfaces for one in interface.addresses)


def _connected(interfaces: Sequence[Interface]) -> Iterator[tuple[Prefix, _Ways]]:
    for interface in interfaces:
        for network in dict.fromkeys(prefix(one.network) for one in interface.addresses):
            yield network, (_Way(interface.name, None, "connected"),)


class _Networks:
    """Networks that an interface stands for. `before`: earlier ones; only what differs is made anew."""

    def __init__(self, networks: tuple[Network, ...], before: _Networks | None = None) -> None:
        self.networks = networks
        known = before.networks if before else ()
        start, old, new = change(known, networks)
        gone, come = ([(prefix(one), True) for one in some] for some in (known[start:old], networks[start:new]))
        changed = before.table.changed(gone, come) if before else None
        self.table: PrefixTable[bool] = changed or PrefixTable(come)

    @classmethod
    def of(cls, networks: tuple[Network, ...], before: _Networks | None) -> _Networks:
        """The same; the earlier ones if they are as they were."""
        return before if before is not None and same(before.networks, networks) else cls(networks, before)


class Place:
    """A node with its lookups. `before`: an earlier one of that name, of which all is taken over that has not changed."""

    def __init__(self, node: Node, before: Place | None = None) -> None:
        self.node = node
        self.name = node.name
        self.is_end = node.kind in (NodeKind.HOST, NodeKind.POD)
        self.answers: dict[str, _Networks]
        """What the interfaces answer ARP for, by their names."""
        self.relays: dict[str, _Networks]
        self.faces: _Faces = _Faces.of(node.interfaces, before.faces if before else None)
        same_interfaces = before is not None and before.node.interfaces is node.interfaces
        if before and same_interfaces:
            self.answers, self.relays = before.answers, before.relays
        else:
            answers = {face.name: face.answers for face in node.interfaces if face.answers}
            relays = {face.name: face.relays for face in node.interfaces if face.relays}
            self.answers = _stood_for(answers, before.answers if before else {})
            self.relays = _stood_for(relays, before.relays if before else {})
        self._routes = _routes_of(node, before)
        self.translator: Translator | None = None
        if node.rules:
            translator = before.translator if before else None
            same_rules = before is not None and same(before.node.rules, node.rules)
            self.translator = translator if same_rules else Translator(node.rules, translator)
        tables = [one.table for one in self.answers.values()]
        self.owns = Remembered(partial(_owns, self.faces.own, tables))
        """Whether the node takes an address for its own: it has it, or answers ARP for it and does not forward."""
        self.ways = Remembered(partial(_ways, self.faces.connected, self._routes))
        """Ways to an address: of its longest prefix the first route given (connected, static, Tier-1); () is no route."""
        self.leaving_by = Remembered(partial(_interfaces, self.ways))
        """The interfaces of these ways."""
        self._first = Remembered(self.faces.first)

    def looks_unlike(self, other: Place | None) -> set[str]:
        """The segments on which neighbours see a difference to another, None: to nobody."""
        if other is None:
            return {*self.faces.on}
        before, now = other.node.interfaces, self.node.interfaces
        start, old, new = change(before, now)
        concerned = {face.segment for face in (*before[start:old], *now[start:new])}
        return {segment for segment in concerned if self._seen_on(segment) != other._seen_on(segment)}

    def _seen_on(self, segment: str) -> list[tuple[object, ...]]:
        """What neighbours on a segment see of the node."""
        there = self.faces.on.get(segment, ())
        return [(one.name, one.addresses, self.answers.get(one.name), self.relays.get(one.name)) for one in there]

    def source(self, number: int, version: int) -> int | None:
        """The address that the node speaks from to another: that of the interface it leaves by, of a host or pod always the first."""
        if not self.is_end:
            for way in self.ways[number]:
                own = [key(one.ip) for one in self.node.interface(way.interface).addresses if one.version == version]
                if own:
                    return own[0]
        return self._first[version]

    def stands_for(self, number: int) -> bool:
        """Whether the node answers ARP for an address beside those it has."""
        return any(one.table.longest(number) for one in (*self.answers.values(), *self.relays.values()))


def _owns(addresses: Mapping[int, int], answered: Iterable[PrefixTable[bool]], number: int) -> bool:
    return number in addresses or any(table.longest(number) for table in answered)


def _ways(connected: PrefixTable[_Ways], routes: PrefixTable[_Ways], number: int) -> _Ways:
    near, far = connected.longest(number), routes.longest(number)
    best = far if near is None or (far and far[0] < near[0]) else near
    return best[1] if best else ()


def _interfaces(ways: Mapping[int, _Ways], number: int) -> frozenset[str]:
    return frozenset(way.interface for way in ways[number])


def _stood_for(held: Mapping[str, tuple[Network, ...]], before: Mapping[str, _Networks]) -> dict[str, _Networks]:
    """What interfaces stand for, by their names; the earlier of a name if it is as it was."""
    return {name: _Networks.of(networks, before.get(name)) for name, networks in held.items()}


def _routes_of(node: Node, before: Place | None) -> PrefixTable[_Ways]:
    """The routes beside the connected networks."""
    if before is None:
        return PrefixTable(_routes(node.routes))
    start, old, new = change(before.node.routes, node.routes)
    gone, come = before.node.routes[start:old], node.routes[start:new]
    if gone == come:
        return before._routes
    return before._routes.changed(_routes(gone), _routes(come)) or PrefixTable(_routes(node.routes))


def _routes(routes: Sequence[Route]) -> Iterator[tuple[Prefix, _Ways]]:
    for route in routes:
        origin = route.origin
        ways = [made(_Way, (face, None if via is None else key(via), origin)) for face, via in route.hops]
        yield prefix(route.to), tuple(ways)


class Segment:
    """Who is on a segment, and who answers there for which address."""

    def __init__(self, name: str, members: Sequence[Place]) -> None:
        self.members = tuple(place.name for place in members)
        self._exact: dict[int, tuple[Exit, ...]] = {}
        self._standing_in: list[tuple[Exit, PrefixTable[bool]]] = []
        for place in members:
            for face in place.faces.on[name]:
                here = (place.name, face.name)
                for number in _keys([face]):
                    self._exact[number] = (*self._exact.get(number, ()), here)
                held = (place.answers.get(face.name), place.relays.get(face.name))
                self._standing_in += [(here, one.table) for one in held if one]

    def answering(self, number: int) -> tuple[Exit, ...]:
        """Who answers ARP for an address: the node that has it, else every node that stands in for it, by its longest prefix."""
        exact = self._exact.get(number)
        if exact:
            return exact
        there = [(best[0], here) for here, table in self._standing_in if (best := table.longest(number))]
        there.sort(key=itemgetter(0))
        return tuple(dict.fromkeys(here for _, here in there))


class Onward(NamedTuple):
    """A way on from a node, to its end: who answers there, or that nobody does. The rest as of a way."""

    interface: str
    via: int | None
    origin: str
    exits: tuple[Exit, ...]
    drop: DropReason | None


def onward(place: Place, segments: Mapping[str, Segment], number: int) -> tuple[Onward, ...]:
    """The ways on from a place to an address; () is no route."""
    found = []
    for way in place.ways[number]:
        segment = segments[place.faces.segments[way.interface]]
        exits = segment.answering(number if way.via is None else way.via)
        found.append(made(Onward, (*way, exits, None if exits else DropReason.NO_NEIGHBOUR)))
    return tuple(found)
