"""Which of many networks overlap one, without a look at all of them."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable, Iterator

from nsx_lab.manager.nsx.rules.addresses import Network, segment_networks
from nsx_lab.manager.store.store import Change, Object

_Place = tuple[int, int, int]
"""Version, first address, length of the prefix: in this order a network stands before those inside it."""


class Networks:
    """Networks, each with the names of those who have it."""

    def __init__(self) -> None:
        self._places: list[_Place] = []
        self._names: dict[_Place, dict[str, None]] = {}
        self._lengths: Counter[tuple[int, int]] = Counter()

    def add(self, network: Network, name: str) -> None:
        place = _place(network)
        if place not in self._names:
            insort(self._places, place)
            self._lengths[network.version, network.prefixlen] += 1
        self._names.setdefault(place, {})[name] = None

    def drop(self, network: Network, name: str) -> None:
        """Takes out what was added, once for each name."""
        place = _place(network)
        names = self._names.get(place, {})
        names.pop(name, None)
        if place in self._names and not names:
            del self._names[place]
            del self._places[bisect_left(self._places, place)]
            self._lengths[network.version, network.prefixlen] -= 1

    def overlapping(self, network: Network) -> Iterator[str]:
        """Names of those that have a network around this one, or inside it."""
        version, first, own = _place(network)
        for (family, length), count in self._lengths.items():
            if count and family == version and length < own:
                inside = network.max_prefixlen - length
                yield from self._names.get((version, first >> inside << inside, length), ())
        last = (version, int(network.broadcast_address), network.max_prefixlen)
        for index in range(bisect_left(self._places, (version, first, own)), len(self._places)):
            if self._places[index] > last:
                return
            yield from self._names[self._places[index]]

    def clear(self) -> None:
        self._places.clear()
        self._names.clear()
        self._lengths.clear()


def _place(network: Network) -> _Place:
    return network.version, int(network.network_address), network.prefixlen


class SegmentNetworks(Networks):
    """Networks of all segments by path, kept in step with the store."""

    def apply(self, changes: Iterable[Change]) -> None:
        for change in changes:
            for network in _of_segment(change.before):
                self.drop(network, change.path)
            for network in _of_segment(change.after):
                self.add(network, change.path)


def _of_segment(obj: Object | None) -> Iterable[Network]:
    return segment_networks(obj) if obj is not None and obj["resource_type"] == "Segment" else ()
