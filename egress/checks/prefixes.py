"""Networks by prefix: which of many overlap a given one, without looking at each of them.

Two networks overlap only if one holds the other. So networks are kept by their length and the bits that they have of it: those that
hold another one are found by its first bits, once for each length that is there, and those that it holds in a table of all longer
ones by as many first bits, which is made when somebody asks for that length.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Generic, TypeAlias, TypeVar

T = TypeVar("T")
Net: TypeAlias = IPv4Network | IPv6Network | IPv4Address | IPv6Address
"""A network, or an address, which is the network that holds only it."""
_ADDRESSES = (IPv4Address, IPv6Address)
_Entry: TypeAlias = tuple[int, T, int]
"""The first of equal networks: its number and its item; and how many there are."""
_Table: TypeAlias = dict[int, _Entry[T]]
"""By the first bits, as many as the table is for."""


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

    Adding and asking take at most 33 steps, for IPv6 129, whatever the index holds; the first question for what lies inside networks
    of one length takes as many as there are networks.
    """

    def __init__(self) -> None:
        self._added: list[tuple[int, int, T]] = []
        self._equal: dict[int, _Table[T]] = {}
        self._longer: dict[int, _Table[T]] = {}

    def add(self, network: Net, item: T) -> None:
        """Adds a network."""
        bits, length, width = _bits(network)
        number = len(self._added)
        self._added.append((bits, length, item))
        _count(self._equal.setdefault(length, {}), bits >> (width - length), number, item)
        for asked, table in self._longer.items():
            if asked < length:
                _count(table, bits >> (width - asked), number, item)

    def equal(self, network: Net) -> Overlap[T] | None:
        """The added networks that are this one."""
        bits, length, width = _bits(network)
        return _found([self._equal[length].get(bits >> (width - length))] if length in self._equal else [])

    def nested(self, network: Net) -> Overlap[T] | None:
        """The added networks that overlap this one and are another."""
        bits, length, width = _bits(network)
        return _found([*self._around(bits, length - 1, width), self._in(bits, length, width)])

    def holding(self, network: Net) -> Overlap[T] | None:
        """The added networks that hold the whole of this one, itself included."""
        return _found(self._around(*_bits(network)))

    def inside(self, network: Net) -> Overlap[T] | None:
        """The added networks that lie inside this one and are another."""
        return _found([self._in(*_bits(network))])

    def within(self, network: Net) -> Overlap[T] | None:
        """The added networks that this one holds, itself included."""
        bits, length, width = _bits(network)
        same = self._equal[length].get(bits >> (width - length)) if length in self._equal else None
        return _found([same, self._in(bits, length, width)])

    def overlapping(self, network: Net) -> Overlap[T] | None:
        """The added networks that overlap this one, itself included."""
        bits, length, width = _bits(network)
        return _found([*self._around(bits, length, width), self._in(bits, length, width)])

    def _around(self, bits: int, longest: int, width: int) -> Iterator[_Entry[T] | None]:
        """The added networks that begin with the same bits, up to a length."""
        for length, table in self._equal.items():
            if length <= longest:
                yield table.get(bits >> (width - length))

    def _in(self, bits: int, length: int, width: int) -> _Entry[T] | None:
        """The added networks that are longer and begin with the same bits."""
        if length not in self._longer:
            table = self._longer[length] = {}
            for number, (added, longer, item) in enumerate(self._added):
                if length < longer:
                    _count(table, added >> (width - length), number, item)
        return self._longer[length].get(bits >> (width - length))


def _bits(network: Net) -> tuple[int, int, int]:
    """The first address as a number, the length, and that of an address of the family."""
    width = network.max_prefixlen
    if isinstance(network, _ADDRESSES):
        return int(network), width, width
    return int(network.network_address), network.prefixlen, width


def _count(table: _Table[T], bits: int, number: int, item: T) -> None:
    first, found, count = table.get(bits, (number, item, 0))
    table[bits] = (first, found, count + 1)


def _found(parts: Iterable[_Entry[T] | None]) -> Overlap[T] | None:
    """All of them together."""
    first: _Entry[T] | None = None
    total = 0
    for part in parts:
        if part is not None:
            total += part[2]
            if first is None or part[0] < first[0]:
                first = part
    return Overlap(first[1], total) if first is not None else None
