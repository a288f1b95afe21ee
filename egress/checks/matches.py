"""NAT rules of a gateway by the packets that they are for: which of them hide another, without comparing all pairs.

A rule is hidden by one whose networks hold its own, and there are at most 33 of each; only lengths that some rule has are looked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network
from typing import Generic, TypeAlias, TypeVar

from egress.vocabulary import Match

T = TypeVar("T")
_Key: TypeAlias = tuple[int, int]


class Matches(Generic[T]):
    """Rules by what they match; of those that match the same, the one that is asked first. Each has an item that stands for it."""

    def __init__(self, rules: Iterable[tuple[Match, T]]) -> None:
        self._first: dict[tuple[_Key, _Key], tuple[Match, T]] = {}
        for match, item in rules:
            key = _key(match.source), _key(match.destination)
            if key not in self._first or match.priority < self._first[key][0].priority:
                self._first[key] = match, item
        self._lengths = sorted({(source[0], destination[0]) for source, destination in self._first})

    def hiding(self, match: Match) -> T | None:
        """A rule that hides one for `match`: the widest, None where there is none."""
        source, destination = int(match.source.network_address), int(match.destination.network_address)
        for of, to in self._lengths:
            if of > match.source.prefixlen or to > match.destination.prefixlen:
                continue
            found = self._first.get(((of, source >> (32 - of)), (to, destination >> (32 - to))))
            if found and match.hidden_by(found[0]):
                return found[1]
        return None


def _key(network: IPv4Network) -> _Key:
    return network.prefixlen, int(network.network_address) >> (32 - network.prefixlen)
