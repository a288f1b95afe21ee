"""A Topology compiled for walking: lookups by address, and what one node does with one packet (docs/world.md, steps 1 to 8)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cached_property, partial
from typing import NamedTuple, TypeAlias

from egress.reachability.flow import DropReason
from egress.reachability.layered import Layered
from egress.reachability.places import Exit, Onward, Place, Segment, onward
from egress.reachability.tables import Remembered
from egress.reachability.topology import Topology
from egress.reachability.translation import Raw, Translator

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


_made = tuple.__new__
"""Makes a Step of its values as Step(...) does, in half of the time: there is one for each node of each path."""


class CompiledNetwork:
    """All nodes of a topology with their lookups, and the segments with who answers for which address.

    `before`: an earlier network, of which all is taken over that has not changed. `differs`: names of the nodes that are not the very same in
    both, whatever has become of them; left out: all. `compiled`: how many nodes were not taken over.
    """

    def __init__(
        self, topology: Topology, before: CompiledNetwork | None = None, differs: Iterable[str] | None = None
    ) -> None:
        self.topology = topology
        known = before.places if before else Layered[Place]({})
        made: dict[str, Place] = {}
        gone: list[str] = []
        changed: set[str] = set()
        self.compiled = 0
        for name in known.keys() | topology.nodes.keys() if differs is None else differs:
            node, place = topology.nodes.get(name), known.get(name)
            if node is None:
                if place is not None:
                    changed.update(place.faces.on)
                    gone.append(name)
            elif place is None or place.node is not node:
                earlier = known.below(name)
                if earlier is None or earlier.node is not node:
                    earlier = Place(node, place)
                    self.compiled += 1
                made[name] = earlier
                changed.update(earlier.looks_unlike(place))
        self.places: Layered[Place] = known.changed(made, gone)
        segments = before._segments if before else Layered[Segment]({})
        gathered = self._gather(changed, made.keys(), segments)
        self._segments: Layered[Segment] = segments.changed(gathered, changed - gathered.keys())
        self._further: dict[str, Remembered[tuple[Onward, ...]]] = {}

    def _gather(self, changed: set[str], fresh: Collection[str], before: Mapping[str, Segment]) -> dict[str, Segment]:
        """The segments on which somebody has changed, with who is on them in the order of the nodes. fresh: nodes that were made."""
        there = {name for segment in changed if segment in before for name in before[segment].members}
        members: dict[str, list[Place]] = {}
        for name in self.topology.in_order(there.union(fresh)):
            place = self.places[name]
            for segment in place.faces.on.keys() & changed:
                members.setdefault(segment, []).append(place)
        return {segment: Segment(segment, found) for segment, found in members.items()}

    def holds(self, number: int) -> bool:
        """Whether a node has an address, or stands in for it."""
        return number in self._held or any(place.stands_for(number) for place in self._standing_in)

    @cached_property
    def _held(self) -> frozenset[int]:
        return frozenset().union(*(place.faces.own for place in self.places.values()))

    @cached_property
    def _standing_in(self) -> list[Place]:
        return [place for place in self.places.values() if place.answers or place.relays]

    def send(self, origin: str, packet: Raw, state: State, reply: bool = False) -> list[Step]:
        """The sender's own step: one Step for each of its ways. A gateway's own answer meets no rule."""
        place = self.places[origin]
        if place.owns[packet[1]]:
            return [_end(place, None, packet, packet, (), state, None)]
        return self._onward(place, None, packet, packet, (), state, settled=reply)

    def step(self, name: str, arrived: str, packet: Raw, reply: bool, state: State) -> list[Step]:
        """What a node does with a packet that arrived: one Step for each way it can go on, or one that ends it."""
        place = self.places[name]
        if arrived in place.faces.strict and arrived not in place.leaving_by[packet[0]]:
            return [_end(place, arrived, packet, packet, (), state, DropReason.REVERSE_PATH)]
        if place.owns[packet[0]]:
            return [_end(place, arrived, packet, packet, (), state, DropReason.OWN_SOURCE)]
        after: Raw = packet
        rules: tuple[str, ...] = ()
        settled = False
        if place.translator is not None and place.node.forwards:
            after, rules, settled = _translated_in(place, place.translator, arrived, packet, reply, state)
        if place.owns[after[1]]:
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
        further = self._further.get(place.name)
        if further is None:
            further = self._further[place.name] = Remembered(partial(onward, place, self._segments))
        ways = further[packet[1]]
        if not ways:
            return [_end(place, arrived, before, packet, rules, state, DropReason.NO_ROUTE)]
        steps = []
        translator = None if settled else place.translator
        remembers = None if settled or arrived is None else place.node.state
        for interface, via, origin, exits, drop in ways:
            after, applied, kept = packet, rules, state
            changed = translator.outbound(packet, interface) if translator else None
            if changed:
                after, applied = changed[0], (*rules, changed[1])
            if remembers is not None:
                kept = (*state, (remembers, reversed_packet(after), reversed_packet(before)))
            step = (place.name, arrived, before, after, applied, origin, interface, via, drop, exits, kept)
            steps.append(_made(Step, step))
        return steps


def _translated_in(
    place: Place, translator: Translator, arrived: str, packet: Raw, reply: bool, state: State
) -> tuple[Raw, tuple[str, ...], bool]:
    """Destination translation: the packet after it, what did it, and whether the rules have no more say."""
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
    changed = translator.inbound(packet, arrived)
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
    return _made(Step, (place.name, arrived, before, after, rules, None, None, None, drop, (), state))


def reversed_packet(packet: Raw) -> Raw:
    """The answer to a packet."""
    return (packet[1], packet[0], packet[3], packet[2], packet[4])
