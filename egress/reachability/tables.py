"""Addresses as integers, and lookups by prefix: what makes the walk fast enough to ask many questions.

A key is an address as one integer: IPv4 as it is, IPv6 with bit 128 set, so that both families live in one table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Generic, TypeAlias, TypeVar

from egress.domain.addresses import Address, Network

T = TypeVar("T")
V6 = 1 << 128
Prefix: TypeAlias = tuple[int, int]
"""A network as (bits to shift away, what is left): a key is inside if the shifted key equals what is left."""
_KEPT = 50_000
"""Answers remembered per table: more are forgotten all at once, so that a long run does not grow."""


def key(address: Address) -> int:
    """The address as a key."""
    return int(address) | V6 if address.version == 6 else int(address)


def alone(address: Address) -> Prefix:
    """The prefix that holds just this address."""
    return 0, key(address)


@lru_cache(maxsize=65536)
def address(number: int) -> Address:
    """The address of a key."""
    return IPv6Address(number ^ V6) if number & V6 else IPv4Address(number)


@lru_cache(maxsize=65536)
def prefix(network: Network) -> Prefix:
    """A network as a Prefix."""
    shift = network.max_prefixlen - network.prefixlen
    return shift, key(network.network_address) >> shift


class PrefixTable(Generic[T]):
    """Values by prefix. Longest prefix first, and for equal prefixes in the order in which they were given.

    `order`: what `matches` sorts by instead.
    """

    def __init__(self, entries: Iterable[tuple[Prefix, T]], order: Callable[[T], Any] | None = None) -> None:
        levels: dict[int, dict[int, list[T]]] = {}
        for (shift, rest), value in entries:
            levels.setdefault(shift, {}).setdefault(rest, []).append(value)
        self._levels = sorted(levels.items())
        self._order = order
        self._all: dict[int, tuple[T, ...]] = {}
        self._longest: dict[int, tuple[T, ...]] = {}

    def matches(self, number: int) -> tuple[T, ...]:
        """All values whose network contains the key."""
        found = self._all.get(number)
        if found is None:
            found = tuple(value for shift, level in self._levels for value in level.get(number >> shift, ()))
            if self._order:
                found = tuple(sorted(found, key=self._order))
            _remember(self._all, number, found)
        return found

    def longest(self, number: int) -> tuple[T, ...]:
        """The values of the longest prefix that contains the key, or nothing."""
        found = self._longest.get(number)
        if found is None:
            found = ()
            for shift, level in self._levels:
                if number >> shift in level:
                    found = tuple(level[number >> shift])
                    break
            _remember(self._longest, number, found)
        return found


def _remember(memory: dict[int, tuple[T, ...]], number: int, found: tuple[T, ...]) -> None:
    if len(memory) >= _KEPT:
        memory.clear()
    memory[number] = found
