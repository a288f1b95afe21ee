"""A Topology compiled for walking: the nodes with their lookups by address, and who is on which segment."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import partial

from egress.reachability.forwarding import Forwarder
from egress.reachability.layered import Layered
from egress.reachability.places import Place, Segment
from egress.reachability.tables import Remembered
from egress.reachability.topology import Topology


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
        self.forwarders = Remembered(partial(_forwarder, self.places, self._segments))
        """The nodes at work, by name: of those that a packet has come to. They do not hold the network, which goes with the last who has it."""

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
        known = self.places.of_ground(_Held)
        names = {*known.by_address.get(number, ()), *known.standing_in, *self.places.layer}
        there = [place for name in names if (place := self.places.get(name))]
        return any(number in place.faces.own or place.stands_for(number) for place in there)


def _forwarder(places: Mapping[str, Place], segments: Mapping[str, Segment], name: str) -> Forwarder:
    return Forwarder(places[name], segments)


class _Held:
    """Names of the nodes that have an address, by its key, and of those that answer ARP for further ones."""

    def __init__(self, places: Mapping[str, Place]) -> None:
        self.by_address: dict[int, list[str]] = {}
        for name, place in places.items():
            for number in place.faces.own:
                self.by_address.setdefault(number, []).append(name)
        self.standing_in = [name for name, place in places.items() if place.answers or place.relays]
