"""What one node does with one packet (docs/world.md, steps 1 to 8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple, TypeAlias

from egress.reachability.flow import DropReason
from egress.reachability.places import Exit, Onward, Place, Segment, onward
from egress.reachability.tables import Remembered, made
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


class Forwarder:
    """A node at work: what every packet asks of it is at hand, and the ways on to an address are looked for once."""

    def __init__(self, place: Place, segments: Mapping[str, Segment]) -> None:
        self.place = place
        self._name = place.name
        self._strict = place.faces.strict
        self._leaving_by = place.leaving_by
        self._owns = place.owns
        self._forwards = place.node.forwards
        self._state = place.node.state
        self._outward: Translator | None = place.translator
        self._inward: Translator | None = place.translator if place.node.forwards else None
        self._ways = Remembered(partial(_ways, place, segments))

    def send(self, packet: Raw, state: State, reply: bool = False) -> list[Step]:
        """The sender's own step: one Step for each of its ways. A gateway's own answer meets no rule."""
        ways = self._ways[packet[1]]
        if ways is None:
            return [self._end(None, packet, packet, (), state, None)]
        return self._forward(ways, None, packet, packet, (), state, settled=reply)

    def receive(self, arrived: str, packet: Raw, reply: bool, state: State) -> list[Step]:
        """What it does with a packet that arrived: one Step for each way it can go on, or one that ends it."""
        if arrived in self._strict and arrived not in self._leaving_by[packet[0]]:
            return [self._end(arrived, packet, packet, (), state, DropReason.REVERSE_PATH)]
        if self._owns[packet[0]]:
            return [self._end(arrived, packet, packet, (), state, DropReason.OWN_SOURCE)]
        after: Raw = packet
        rules: tuple[str, ...] = ()
        settled = False
        if self._inward is not None:
            after, rules, settled = self._translated_in(self._inward, arrived, packet, reply, state)
        ways = self._ways[after[1]]
        if ways is None:
            answered = packet[4] == "icmp" and not reply and after[1] in self.place.faces.own
            drop = None if self.place.is_end or answered else DropReason.TAKEN_HERE
            return [self._end(arrived, packet, after, rules, state, drop)]
        if not self._forwards:
            return [self._end(arrived, packet, after, rules, state, DropReason.NOT_FORWARDING)]
        return self._forward(ways, arrived, packet, after, rules, state, settled)

    def _forward(
        self,
        ways: Sequence[Onward],
        arrived: str | None,
        before: Raw,
        packet: Raw,
        rules: tuple[str, ...],
        state: State,
        settled: bool,
    ) -> list[Step]:
        """Source translation and state, on each way that the packet goes. settled: the rules have no more say."""
        if not ways:
            return [self._end(arrived, before, packet, rules, state, DropReason.NO_ROUTE)]
        steps = []
        translator = None if settled else self._outward
        remembers = None if settled or arrived is None else self._state
        for interface, via, origin, exits, drop in ways:
            after, applied, kept = packet, rules, state
            changed = translator.outbound(packet, interface) if translator else None
            if changed:
                after, applied = changed[0], (*rules, changed[1])
            if remembers is not None:
                kept = (*state, (remembers, reversed_packet(after), reversed_packet(before)))
            step = (self._name, arrived, before, after, applied, origin, interface, via, drop, exits, kept)
            steps.append(made(Step, step))
        return steps

    def _translated_in(
        self, translator: Translator, arrived: str, packet: Raw, reply: bool, state: State
    ) -> tuple[Raw, tuple[str, ...], bool]:
        """Destination translation: the packet after it, what did it, and whether the rules have no more say."""
        here = self._state
        if here is not None:
            for where, answer, restored in state:
                if where != here:
                    continue
                if answer == packet:
                    return restored, ("state",), True
                if (
                    reversed_packet(restored) == packet
                ):  # came back as it first arrived: what was done to it then is done to it now
                    return reversed_packet(answer), ("state",), True
            if reply and packet[4] != "udp":
                return packet, (), True  # Linux: neither a SYN-ACK nor an echo reply begins a connection
        changed = translator.inbound(packet, arrived)
        return (changed[0], (changed[1],), False) if changed else (packet, (), False)

    def _end(
        self,
        arrived: str | None,
        before: Raw,
        after: Raw,
        rules: tuple[str, ...],
        state: State,
        drop: DropReason | None,
    ) -> Step:
        return made(Step, (self._name, arrived, before, after, rules, None, None, None, drop, (), state))


def _ways(place: Place, segments: Mapping[str, Segment], number: int) -> tuple[Onward, ...] | None:
    """The ways on to an address, None if it is the node's own."""
    return None if place.owns[number] else onward(place, segments, number)


def reversed_packet(packet: Raw) -> Raw:
    """The answer to a packet."""
    return (packet[1], packet[0], packet[3], packet[2], packet[4])
