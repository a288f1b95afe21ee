"""Addresses and networks of either family, and the little arithmetic on them that several rooms need."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
)
from itertools import accumulate
from typing import TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
InterfaceAddress: TypeAlias = IPv4Interface | IPv6Interface
Network: TypeAlias = IPv4Network | IPv6Network


def single(address: Address) -> Network:
    """The network that holds just this address."""
    return IPv4Network((_number(address), 32)) if address.version == 4 else IPv6Network((_number(address), 128))


def _number(address: Address) -> int | Address:
    """An address as Python makes a network of it at once: of an address it makes a text first, and parses that. One with a zone stays."""
    return address if isinstance(address, IPv6Address) and address.scope_id is not None else int(address)


def as_network(value: IPv4Address | IPv4Network) -> IPv4Network:
    """An address as the network that holds only it; a network as it is."""
    return value if isinstance(value, IPv4Network) else IPv4Network((int(value), 32))


def first_host(network: IPv4Network) -> IPv4Address:
    """The first host address of a network, the network's own where it has no other."""
    return network[1] if host_bits(network) else network[0]


def host_bits(network: Network) -> int:
    """How many bits of an address are free in a network: two networks with as many are of one size."""
    return network.max_prefixlen - network.prefixlen


def with_length(address: Address, network: Network) -> InterfaceAddress:
    """An address with the prefix length of its network."""
    if isinstance(address, IPv4Address):
        return IPv4Interface((_number(address), network.prefixlen))
    return IPv6Interface((_number(address), network.prefixlen))


def around(address: Address, length: int) -> Network:
    """The network of a length that an address lies in."""
    if isinstance(address, IPv4Address):
        return IPv4Network((_number(address), length), strict=False)
    return IPv6Network((_number(address), length), strict=False)


def overlap(one: Network, other: Network) -> bool:
    """Whether two networks share an address, so that one holds the other; networks of different families do not."""
    if type(one) is not type(other):
        return False
    shift = one.max_prefixlen - min(one.prefixlen, other.prefixlen)
    return int(one.network_address) >> shift == int(other.network_address) >> shift


class Coverage:
    """Networks laid together: what of another network they hold. Asking takes as long for many of them as for few."""

    def __init__(self, networks: Iterable[IPv4Network]) -> None:
        self._starts: list[int] = []
        ends: list[int] = []
        for start, end in sorted(map(_bounds, networks)):
            if ends and start <= ends[-1]:
                ends[-1] = max(end, ends[-1])
            else:
                self._starts.append(start)
                ends.append(end)
        self._sizes = [end - start for start, end in zip(self._starts, ends, strict=True)]
        self._before = [0, *accumulate(self._sizes)]

    def holds(self, network: IPv4Network) -> bool:
        """Whether every address of the network is in one of them."""
        start, end = _bounds(network)
        return self._below(end) - self._below(start) == end - start

    def count(self, network: IPv4Network) -> int:
        """How many addresses of the network are in one of them."""
        start, end = _bounds(network)
        return self._below(end) - self._below(start)

    def _below(self, number: int) -> int:
        """How many of their addresses are below a number."""
        at = bisect_left(self._starts, number) - 1
        return self._before[at] + min(number - self._starts[at], self._sizes[at]) if at >= 0 else 0


def _bounds(network: IPv4Network) -> tuple[int, int]:
    """The first address as a number, and the one after the last."""
    start = int(network.network_address)
    return start, start + (1 << (network.max_prefixlen - network.prefixlen))
