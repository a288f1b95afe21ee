"""Addresses as integers, and lookups by prefix: what makes the walk fast enough to ask many questions.

A key is an address as one integer: IPv4 as it is, IPv6 with bit 128 set, so that both families live in one table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from operator import is_
from typing import Any, Generic, TypeAlias, TypeVar

from egress.domain.addresses import Address, Network, host_bits

K = TypeVar("K")
T = TypeVar("T")
V6 = 1 << 128
Prefix: TypeAlias = tuple[int, int]
"""A network as (bits to shift away, what is left): a key is inside if the shifted key equals what is left."""
_KEPT = 50_000
"""Answers remembered per table: more are forgotten all at once, so that a long run does not grow."""


made = tuple.__new__
"""Makes a tuple with names of its values as calling its class does, in half of the time: for those that there are many of."""


def key(address: Address) -> int:
    """The address as a key."""
    return int(address) if isinstance(address, IPv4Address) else int(address) | V6


@lru_cache(maxsize=65536)
def address(number: int) -> Address:
    """The address of a key."""
    return IPv6Address(number ^ V6) if number & V6 else IPv4Address(number)


def prefix(network: Network) -> Prefix:
    """A network as a Prefix."""
    shift = host_bits(network)
    return shift, key(network.network_address) >> shift


def same(one: Sequence[T], other: Sequence[T]) -> bool:
    """Whether two sequences are equal. The very same is, without a look at what it holds."""
    return one is other or one == other


def change(before: Sequence[T], now: Sequence[T]) -> tuple[int, int, int]:
    """Where two sequences differ, by identity: all before the first number is the very same in both, and all from the second on in the one,
    from the third on in the other. One of 1,000 that was put in, taken out or replaced is found without a look at the rest."""
    if before is now:
        return len(before), len(before), len(now)
    start = _alike(before, now)
    rest = min(len(before), len(now)) - start
    end = _alike(before[::-1][:rest], now[::-1][:rest])
    return start, len(before) - end, len(now) - end


def _alike(one: Sequence[T], other: Sequence[T]) -> int:
    """How many at the beginning are the very same."""
    same = [*map(is_, one, other)]
    return same.index(False) if False in same else len(same)


class PrefixTable(Generic[T]):
    """Values by prefix. Longest prefix first, and for equal prefixes in the order in which they were given.

    `order`: what `matches` sorts by instead.
    """

    def __init__(self, entries: Iterable[tuple[Prefix, T]] = (), order: Callable[[T], Any] | None = None) -> None:
        levels: dict[int, dict[int, list[T]]] = {}
        for (shift, rest), value in entries:
            levels.setdefault(shift, {}).setdefault(rest, []).append(value)
        self._levels = sorted(levels.items())
        self._order = order

    def changed(self, gone: Iterable[tuple[Prefix, T]], come: Iterable[tuple[Prefix, T]]) -> PrefixTable[T] | None:
        """A table without some of the entries, and with others. None where the order of two of one prefix would be open: then it is for the
        caller to begin anew. Lengths of prefixes that are not concerned are shared with this one."""
        levels = dict(self._levels)
        own: set[int] = set()

        def level(shift: int) -> dict[int, list[T]]:
            if shift not in own:
                own.add(shift)
                levels[shift] = dict(levels.get(shift, ()))
            return levels[shift]

        for (shift, rest), value in gone:
            left = list(level(shift).pop(rest))
            left.remove(value)
            if left:
                level(shift)[rest] = left
        for (shift, rest), value in come:
            there = level(shift).get(rest, [])
            if self._order is None and there.count(value) < len(there):
                return None
            level(shift)[rest] = [*there, value]
        made = PrefixTable[T](order=self._order)
        made._levels = sorted((shift, held) for shift, held in levels.items() if held)
        return made

    def matches(self, number: int) -> tuple[T, ...]:
        """All values whose network contains the key."""
        found = tuple(value for shift, level in self._levels for value in level.get(number >> shift, ()))
        return tuple(sorted(found, key=self._order)) if self._order else found

    def longest(self, number: int) -> tuple[int, T] | None:
        """The longest prefix that contains the key, as bits to shift away, and the first value that was given for it."""
        for shift, level in self._levels:
            found = level.get(number >> shift)
            if found:
                return shift, found[0]
        return None


class Remembered(dict[K, T]):
    """Answers by the key that they are for, found when somebody asks for the first time. Many are forgotten all at once."""

    def __init__(self, find: Callable[[K], T]) -> None:
        self._find = find

    def __missing__(self, asked: K) -> T:
        if len(self) >= _KEPT:
            self.clear()
        found = self[asked] = self._find(asked)
        return found
