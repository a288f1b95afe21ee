"""A Topology compiled for walking: lookups by address, and what one node does with one packet (docs/world.md, steps 1 to 8)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

from egress.reachability.flow import DropReason
from egress.reachability.places import Exit, Place, Segment
from egress.reachability.topology import Topology
from egress.reachability.translation import Raw

State: TypeAlias = tuple[tuple[str, Raw, Raw], ...]
"""NAT state: where it lives, the reply as it will arrive there, the reply as it is sent on."""


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


class CompiledNetwork:
    """All nodes of a topology with their lookups, and the segments with who answers for which address.

    `before`: an earlier network, of which all is taken over that has not changed. `differs`: names of the nodes that are not the very same in
    both, whatever has become of them; left out: all. `compiled`: how many nodes were not taken over.
    """

    def __init__(
        self, topology: Topology, before: CompiledNetwork | None = None, differs: Iterable[str] | None = None
    ) -> None:
        self.topology = topology
        known = before.places if before else {}
        self.places: dict[str, Place] = dict(known)
        changed: set[str] = set()
        fresh: set[str] = set()
        for name in known.keys() | topology.nodes.keys() if differs is None else differs:
            node, place = topology.nodes.get(name), known.get(name)
            if node is None:
                if place is not None:
                    changed.update(place.faces.on)
                    del self.places[name]
            elif place is None or place.node is not node:
                made = self.places[name] = Place(node, place)
                fresh.add(name)
                if place is None or not made.looks_like(place):
                    changed.update(made.faces.on, place.faces.on if place else ())
        self.compiled = len(fresh)
        self._segments: dict[str, Segment] = dict(before._segments if before else {})
        self._gather(changed, fresh)

    def _gather(self, changed: set[str], fresh: set[str]) -> None:
        """Makes the segments anew on which somebody has changed, with who is on them in the order of the nodes. fresh: nodes that were made."""
        there = {name for segment in changed if segment in self._segments for name in self._segments[segment].members}
        members: dict[str, list[Place]] = {segment: [] for segment in changed}
        for name in filter((there | fresh).__contains__, self.topology.nodes):
            place = self.places[name]
            for segment in place.faces.on.keys() & changed:
                members[segment].append(place)
        self._segments.update((segment, Segment(segment, found)) for segment, found in members.items())

    def answering(self, segment: str, number: int) -> tuple[Exit, ...]:
        """Who answers ARP for an address on a segment: the node that has it, else every node that stands in for it."""
        return self._segments[segment].answering(number)

    def send(self, origin: str, packet: Raw, state: State, reply: bool = False) -> list[Step]:
        """The sender's own step: one Step for each of its ways. A gateway's own answer meets no rule."""
        place = self.places[origin]
        if place.owns(packet[1]):
            return [_end(place, None, packet, packet, (), state, None)]
        return self._onward(place, None, packet, packet, (), state, settled=reply)

    def step(self, name: str, arrived: str, packet: Raw, reply: bool, state: State) -> list[Step]:
        """What a node does with a packet that arrived: one Step for each way it can go on, or one that ends it."""
        place = self.places[name]
        if arrived in place.faces.strict and not any(way.interface == arrived for way in place.ways(packet[0])):
            return [_end(place, arrived, packet, packet, (), state, DropReason.REVERSE_PATH)]
        if place.owns(packet[0]):
            return [_end(place, arrived, packet, packet, (), state, DropReason.OWN_SOURCE)]
        after, rules, settled = _translated_in(place, arrived, packet, reply, state)
        if place.owns(after[1]):
            answered = packet[4] == "icmp" and not reply and after[1] in place.faces.own
            drop = None if place.is_end or answered else DropReason.TAKEN_HERE
            return [_end(place, arrived, packet, after, rules, state, drop)]
        if not place.node.forwards:
            return [_end(place, arrived, packet, after, rules, state, DropReason.NOT_FORWARDING)]
        return self._onward(place, arrived, packet, after, rules, state, settled)

    def _onward(
        self,
        place: Place,
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
            exits = self.answering(place.faces.segments[way.interface], target)
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
    place: Place, arrived: str, packet: Raw, reply: bool, state: State
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
    place: Place,
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
