"""Addresses as NAT rules, routes and interfaces write them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_interface, ip_network

from nsx_lab.manager.store.store import Object

SHORT = 100
"""Characters of a text that is worth to be remembered: nobody fills the memory with long ones."""
Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address


def networks(text: str) -> tuple[Network, ...]:
    """Networks of a comma-separated list of addresses and blocks; ValueError for a range or anything else. Host bits are dropped."""
    return _remembered(text) if len(text) <= SHORT else _networks(text)


def _networks(text: str) -> tuple[Network, ...]:
    found: list[Network] = []
    for part in text.split(","):
        word = part.strip()
        if "-" in word:
            raise ValueError(f"{word!r} is a range; an address, a block, or a list of them is expected")
        found.append(ip_network(word, strict=False))
    return tuple(found)


_remembered = lru_cache(maxsize=4096)(_networks)


def readable(text: str) -> tuple[Network, ...]:
    """As `networks`; () for what is none. For objects that were taken over unchecked."""
    try:
        return networks(text)
    except ValueError:
        return ()


def size(found: Sequence[Network]) -> int:
    """How many addresses the networks hold."""
    return sum(network.num_addresses for network in found)


def address(text: str) -> Address:
    """One address; ValueError otherwise."""
    return ip_address(text)


def interface_addresses(interface: Object) -> Iterator[tuple[Address, Network]]:
    """Addresses of an interface object with the network each stands in. Unreadable ones are left out."""
    for subnet in interface.get("subnets") or []:
        for text in subnet.get("ip_addresses") or []:
            try:
                found = ip_interface(f"{text}/{subnet.get('prefix_len', 32)}")
            except ValueError:
                continue
            yield found.ip, found.network


def segment_networks(segment: Object) -> Iterator[Network]:
    """Networks of a segment's gateway addresses (`172.16.1.1/24`). Unreadable ones are left out."""
    for subnet in segment.get("subnets") or []:
        for key in ("gateway_address", "network"):
            text = subnet.get(key)
            if not text:
                continue
            try:
                yield ip_interface(text).network
            except ValueError:
                continue
            break
