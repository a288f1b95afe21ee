"""A Topology compiled for walking: lookups by address, and what one node does with one packet (docs/world.md, steps 1 to 8)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

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
    """A node with its lookups."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.name = node.name
        self.is_end = node.kind in (NodeKind.HOST, NodeKind.POD)
        self.strict = frozenset(interface.name for interface in node.interfaces if interface.strict)
        self.segments = {interface.name: interface.segment for interface in node.interfaces}
        self.own: PrefixTable[str] = PrefixTable(
            [(alone(one.ip), node.name) for interface in node.interfaces for one in interface.addresses]
            + [(prefix(network), node.name) for interface in node.interfaces for network in interface.answers]
        )
        self.routes: PrefixTable[tuple[_Way, ...]] = PrefixTable(_routes(node))
        self.translator = Translator(node.rules) if node.rules else None
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
    """All nodes of a topology with their lookups, and the segments with who answers for which address."""

    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        self.places = {name: _Place(node) for name, node in topology.nodes.items()}
        exact: dict[str, list[tuple[Prefix, Exit]]] = {}
        proxied: dict[str, list[tuple[Prefix, Exit]]] = {}
        for node in topology.nodes.values():
            for interface in node.interfaces:
                here = (node.name, interface.name)
                exact.setdefault(interface.segment, []).extend((alone(one.ip), here) for one in interface.addresses)
                proxied.setdefault(interface.segment, []).extend(
                    (prefix(network), here) for network in (*interface.answers, *interface.relays)
                )
        self._exact = {segment: PrefixTable(entries) for segment, entries in exact.items()}
        self._proxied = {segment: PrefixTable(entries) for segment, entries in proxied.items()}

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
