"""Networks by prefix: which of many overlap a given one, without looking at each of them.

Two networks overlap only if one holds the other, so a network has at most 32 others that can hold it (128 for IPv6), and what it holds is
counted at each of these when it is added.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Generic, TypeAlias, TypeVar

T = TypeVar("T")
Net: TypeAlias = IPv4Network | IPv6Network
_Key = tuple[int, int]


@dataclass(frozen=True)
class Overlap(Generic[T]):
    """The first of the added networks that overlap, and how many do."""

    first: T
    count: int

    @property
    def others(self) -> str:
        """The rest, for the end of a sentence; empty where there is none."""
        return f" and {self.count - 1} more" if self.count > 1 else ""


class Prefixes(Generic[T]):
    """An index of networks of one address family, each with an item that stands for it.

    Adding and asking take 33 steps, for IPv6 129, whatever the index holds.
    """

    def __init__(self) -> None:
        self._equal: dict[_Key, tuple[int, T, int]] = {}
        self._inside: dict[_Key, tuple[int, T, int]] = {}
        self._added = 0

    def add(self, network: Net, item: T) -> None:
        """Adds a network."""
        number, self._added = self._added, self._added + 1
        keys = _keys(network)
        self._count(self._equal, keys[-1], number, item)
        for key in keys[:-1]:
            self._count(self._inside, key, number, item)

    def equal(self, network: Net) -> Overlap[T] | None:
        """The added networks that are this one."""
        return _found([self._equal.get(_keys(network)[-1])])

    def nested(self, network: Net) -> Overlap[T] | None:
        """The added networks that overlap this one and are another."""
        keys = _keys(network)
        return _found([*(self._equal.get(key) for key in keys[:-1]), self._inside.get(keys[-1])])

    def holding(self, network: Net) -> Overlap[T] | None:
        """The added networks that hold the whole of this one, itself included."""
        return _found([self._equal.get(key) for key in _keys(network)])

    def inside(self, network: Net) -> Overlap[T] | None:
        """The added networks that lie inside this one and are another."""
        return _found([self._inside.get(_keys(network)[-1])])

    def within(self, network: Net) -> Overlap[T] | None:
        """The added networks that this one holds, itself included."""
        key = _keys(network)[-1]
        return _found([self._equal.get(key), self._inside.get(key)])

    def overlapping(self, network: Net) -> Overlap[T] | None:
        """The added networks that overlap this one, itself included."""
        keys = _keys(network)
        return _found([*(self._equal.get(key) for key in keys), self._inside.get(keys[-1])])

    @staticmethod
    def _count(where: dict[_Key, tuple[int, T, int]], key: _Key, number: int, item: T) -> None:
        first, found, count = where.get(key, (number, item, 0))
        where[key] = (first, found, count + 1)


def _keys(network: Net) -> list[_Key]:
    """A network and all that hold it, the largest first: length and the bits that they share."""
    bits, length = int(network.network_address), network.prefixlen
    return [(n, bits >> (network.max_prefixlen - n)) for n in range(length + 1)]


def _found(parts: list[tuple[int, T, int] | None]) -> Overlap[T] | None:
    there = [part for part in parts if part is not None]
    if not there:
        return None
    _, first, _ = min(there, key=lambda part: part[0])
    return Overlap(first, sum(count for _, _, count in there))
