"""Addresses and networks of either family, and the little arithmetic on them that several rooms need."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
    collapse_addresses,
)
from itertools import accumulate
from typing import TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
InterfaceAddress: TypeAlias = IPv4Interface | IPv6Interface
Network: TypeAlias = IPv4Network | IPv6Network


def single(address: Address) -> Network:
    """The network that holds just this address."""
    return IPv4Network(address) if address.version == 4 else IPv6Network(address)


def as_network(value: IPv4Address | IPv4Network) -> IPv4Network:
    """An address as the network that holds only it; a network as it is."""
    return value if isinstance(value, IPv4Network) else IPv4Network((int(value), 32))


def first_host(network: IPv4Network) -> IPv4Address:
    """The first host address of a network, the network's own where it has no other."""
    return network[1] if network.num_addresses > 1 else network[0]


def with_length(address: Address, network: Network) -> InterfaceAddress:
    """An address with the prefix length of its network."""
    if isinstance(address, IPv4Address):
        return IPv4Interface((address, network.prefixlen))
    return IPv6Interface((address, network.prefixlen))


def overlap(one: Network, other: Network) -> bool:
    """Whether two networks share an address; networks of different families do not."""
    if isinstance(one, IPv4Network) and isinstance(other, IPv4Network):
        return one.overlaps(other)
    return isinstance(one, IPv6Network) and isinstance(other, IPv6Network) and one.overlaps(other)


class Coverage:
    """Networks laid together: what of another network they hold. Asking takes as long for many of them as for few."""

    def __init__(self, networks: Iterable[IPv4Network]) -> None:
        self._parts = list(collapse_addresses(networks))
        self._starts = [int(part.network_address) for part in self._parts]
        self._sums = [0, *accumulate(part.num_addresses for part in self._parts)]

    def holds(self, network: IPv4Network) -> bool:
        """Whether every address of the network is in one of them."""
        before = bisect_right(self._starts, int(network.network_address))
        return before > 0 and network.subnet_of(self._parts[before - 1])

    def count(self, network: IPv4Network) -> int:
        """How many addresses of the network are in one of them."""
        if self.holds(network):
            return network.num_addresses
        first = bisect_left(self._starts, int(network.network_address))
        last = bisect_right(self._starts, int(network.broadcast_address))
        return self._sums[last] - self._sums[first]
