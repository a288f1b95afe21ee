"""A Topology compiled for walking: lookups by address, and what one node does with one packet (docs/world.md, steps 1 to 8)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

from egress.domain.addresses import InterfaceAddress
from egress.reachability.flow import DropReason
from egress.reachability.tables import Prefix, PrefixTable, alone, key, prefix
from egress.reachability.topology import Node, NodeKind, Topology
from egress.reachability.translation import Raw, Translator

State: TypeAlias = tuple[tuple[str, Raw, Raw], ...]
"""NAT state: where it lives, the reply as it will arrive there, the reply as it is sent on."""
Exit: TypeAlias = tuple[str, str]
"""Where a packet goes on: node and the interface it arrives by."""


class Step(NamedTuple):
    """What one node did, in keys. `exits` is empty where the packet ended, well (drop is None) or badly."""

    node: str
    arrived: str | None
    before: Raw
    after: Raw
    rules: tuple[str, ...]
    route: str | None
    left: str | None
    via: int | None
    drop: DropReason | None
    exits: tuple[Exit, ...]
    state: State


class _Way(NamedTuple):
    """A compiled hop of a route."""

    interface: str
    via: int | None
    origin: str


class _Place:
    """A node with its lookups. `before`: an earlier one of that name, of which all is taken over that has not changed."""

    def __init__(self, node: Node, before: _Place | None = None) -> None:
        self.node = node
        self.name = node.name
        self.is_end = node.kind in (NodeKind.HOST, NodeKind.POD)
        self.strict = frozenset(interface.name for interface in node.interfaces if interface.strict)
        self.segments = {interface.name: interface.segment for interface in node.interfaces}
        self.on = frozenset(self.segments.values())
        same_faces = before is not None and before.node.interfaces == node.interfaces
        self.own: PrefixTable[str] = before.own if before and same_faces else _own(node)
        same_routes = (
            before is not None and _connected(before.node) == _connected(node) and before.node.routes == node.routes
        )
        self.routes: PrefixTable[tuple[_Way, ...]] = (
            before.routes if before and same_routes else PrefixTable(_routes(node))
        )
        self.translator: Translator | None = None
        if node.rules:
            translator = before.translator if before else None
            same_rules = before is not None and before.node.rules == node.rules
            self.translator = translator if same_rules else Translator(node.rules, translator)
        self.addresses = {key(one.ip) for interface in node.interfaces for one in interface.addresses}
        self.first: dict[int, int] = {}
        for interface in node.interfaces:
            for one in interface.addresses:
                self.first.setdefault(one.version, key(one.ip))

    def source(self, number: int, version: int) -> int | None:
        """The address that the node speaks from to another: that of the interface it leaves by, of a host or pod always the first."""
        if not self.is_end:
            for way in self.ways(number):
                own = [key(one.ip) for one in self.node.interface(way.interface).addresses if one.version == version]
                if own:
                    return own[0]
        return self.first.get(version)

    def ways(self, number: int) -> tuple[_Way, ...]:
        """Ways to an address: of its longest prefix the first route given (connected, static, Tier-1); () is no route."""
        found = self.routes.longest(number)
        return found[0] if found else ()


def _own(node: Node) -> PrefixTable[str]:
    """What a node takes for its own: addresses, and what it answers ARP for."""
    entries = [(alone(one.ip), node.name) for interface in node.interfaces for one in interface.addresses]
    answered = [network for interface in node.interfaces for network in interface.answers]
    return PrefixTable(entries + [(prefix(network), node.name) for network in answered])


def _connected(node: Node) -> list[tuple[str, tuple[InterfaceAddress, ...]]]:
    return [(interface.name, interface.addresses) for interface in node.interfaces]


def _routes(node: Node) -> Iterable[tuple[Prefix, tuple[_Way, ...]]]:
    for interface in node.interfaces:
        for one in interface.addresses:
            yield prefix(one.network), (_Way(interface.name, None, "connected"),)
    for route in node.routes:
        yield (
            prefix(route.to),
            tuple(_Way(hop.interface, None if hop.via is None else key(hop.via), route.origin) for hop in route.hops),
        )


class CompiledNetwork:
    """All nodes of a topology with their lookups, and the segments with who answers for which address.

    `before`: an earlier network, of which all is taken over that has not changed: nodes that are the very same, and segments on which
    nobody has changed. `compiled`: how many nodes were not taken over.
    """

    def __init__(self, topology: Topology, before: CompiledNetwork | None = None) -> None:
        self.topology = topology
        known = before.places if before else {}
        self.places: dict[str, _Place] = {}
        self.compiled = 0
        changed: set[str] = set()
        for name, node in topology.nodes.items():
            place = known.get(name)
            if place is None or place.node is not node:
                made = _Place(node, place)
                if place is None or place.node.interfaces != node.interfaces:
                    changed |= made.on | (place.on if place else frozenset())
                place = made
                self.compiled += 1
            self.places[name] = place
        for name in known.keys() - topology.nodes.keys():
            changed |= known[name].on
        self._on: dict[str, list[str]] = {**(before._on if before else {}), **{segment: [] for segment in changed}}
        for name, place in self.places.items():
            for segment in place.on & changed:
                self._on[segment].append(name)
        self._exact: dict[str, PrefixTable[Exit]] = dict(before._exact) if before else {}
        self._proxied: dict[str, PrefixTable[Exit]] = dict(before._proxied) if before else {}
        for segment in changed:
            nodes = [topology.nodes[name] for name in self._on[segment]]
            there = [(node.name, face) for node in nodes for face in node.interfaces if face.segment == segment]
            self._exact[segment] = PrefixTable(
                (alone(one.ip), (name, face.name)) for name, face in there for one in face.addresses
            )
            self._proxied[segment] = PrefixTable(
                (prefix(network), (name, face.name))
                for name, face in there
                for network in (*face.answers, *face.relays)
            )

    def answering(self, segment: str, number: int) -> tuple[Exit, ...]:
        """Who answers ARP for an address on a segment: the node that has it, else every node that stands in for it."""
        return self._exact[segment].matches(number) or tuple(dict.fromkeys(self._proxied[segment].matches(number)))

    def send(self, origin: str, packet: Raw, state: State, reply: bool = False) -> list[Step]:
        """The sender's own step: one Step for each of its ways. A gateway's own answer meets no rule."""
        place = self.places[origin]
        if place.own.matches(packet[1]):
            return [_end(place, None, packet, packet, (), state, None)]
        return self._onward(place, None, packet, packet, (), state, settled=reply)

    def step(self, name: str, arrived: str, packet: Raw, reply: bool, state: State) -> list[Step]:
        """What a node does with a packet that arrived: one Step for each way it can go on, or one that ends it."""
        place = self.places[name]
        if arrived in place.strict and not any(way.interface == arrived for way in place.ways(packet[0])):
            return [_end(place, arrived, packet, packet, (), state, DropReason.REVERSE_PATH)]
        if place.own.matches(packet[0]):
            return [_end(place, arrived, packet, packet, (), state, DropReason.OWN_SOURCE)]
        after, rules, settled = _translated_in(place, arrived, packet, reply, state)
        if place.own.matches(after[1]):
            answered = packet[4] == "icmp" and not reply and after[1] in place.addresses
            drop = None if place.is_end or answered else DropReason.TAKEN_HERE
            return [_end(place, arrived, packet, after, rules, state, drop)]
        if not place.node.forwards:
            return [_end(place, arrived, packet, after, rules, state, DropReason.NOT_FORWARDING)]
        return self._onward(place, arrived, packet, after, rules, state, settled)

    def _onward(
        self,
        place: _Place,
        arrived: str | None,
        before: Raw,
        packet: Raw,
        rules: tuple[str, ...],
        state: State,
        settled: bool = False,
    ) -> list[Step]:
        """Route, source translation, state, neighbour."""
        ways = place.ways(packet[1])
        if not ways:
            return [_end(place, arrived, before, packet, rules, state, DropReason.NO_ROUTE)]
        steps = []
        for way in ways:
            after, applied = packet, rules
            if place.translator and not settled:
                changed = place.translator.outbound(packet, way.interface)
                if changed:
                    after, applied = changed[0], (*rules, changed[1])
            kept = state
            if place.node.state is not None and not settled and arrived is not None:
                kept = (*state, (place.node.state, reversed_packet(after), reversed_packet(before)))
            target = packet[1] if way.via is None else way.via
            exits = self.answering(place.segments[way.interface], target)
            drop = None if exits else DropReason.NO_NEIGHBOUR
            steps.append(
                Step(
                    place.name,
                    arrived,
                    before,
                    after,
                    applied,
                    way.origin,
                    way.interface,
                    way.via,
                    drop,
                    exits,
                    kept,
                )
            )
        return steps


def _translated_in(
    place: _Place, arrived: str, packet: Raw, reply: bool, state: State
) -> tuple[Raw, tuple[str, ...], bool]:
    """Destination translation: the packet after it, what did it, and whether the rules have no more say."""
    if place.translator is None or not place.node.forwards:
        return packet, (), False
    if place.node.state is not None:
        again = reversed_packet(packet)
        for where, answer, restored in state:
            if where != place.node.state:
                continue
            if answer == packet:
                return restored, ("state",), True
            if restored == again:  # came back as it first arrived: what was done to it then is done to it now
                return reversed_packet(answer), ("state",), True
        if reply and packet[4] != "udp":
            return packet, (), True  # Linux: neither a SYN-ACK nor an echo reply begins a connection
    changed = place.translator.inbound(packet, arrived)
    return (changed[0], (changed[1],), False) if changed else (packet, (), False)


def _end(
    place: _Place,
    arrived: str | None,
    before: Raw,
    after: Raw,
    rules: tuple[str, ...],
    state: State,
    drop: DropReason | None,
) -> Step:
    return Step(place.name, arrived, before, after, rules, None, None, None, drop, (), state)


def reversed_packet(packet: Raw) -> Raw:
    """The answer to a packet."""
    return (packet[1], packet[0], packet[3], packet[2], packet[4])
