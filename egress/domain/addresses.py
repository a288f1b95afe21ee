"""Addresses and networks of either family, and the little arithmetic on them that several rooms need."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from typing import TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
InterfaceAddress: TypeAlias = IPv4Interface | IPv6Interface
Network: TypeAlias = IPv4Network | IPv6Network


def single(address: Address) -> Network:
    """The network that holds just this address."""
    return IPv4Network(address) if address.version == 4 else IPv6Network(address)


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
