"""Address arithmetic: networks as NSX writes them, intervals, longest prefixes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
    collapse_addresses,
    ip_address,
    ip_interface,
    ip_network,
    summarize_address_range,
)

from nsx_lab.dataplane.errors import WorldError

Address = IPv4Address | IPv6Address
Interface = IPv4Interface | IPv6Interface
Network = IPv4Network | IPv6Network


def read_address(text: object, where: str) -> Address:
    try:
        return ip_address(str(text))
    except ValueError as error:
        raise WorldError(f"{where}: {text!r} is not an IP address") from error


def read_interface(text: object, where: str) -> Interface:
    try:
        return ip_interface(str(text))
    except ValueError as error:
        raise WorldError(f"{where}: {text!r} is not an address with prefix length, like 10.0.0.1/24") from error


def read_network(text: object, where: str) -> Network:
    try:
        return ip_network(str(text), strict=False)
    except ValueError as error:
        raise WorldError(f"{where}: {text!r} is not a prefix, like 10.0.0.0/24") from error


def intervals(text: str) -> list[tuple[Address, Address]]:
    """First and last address of each part of a comma list of addresses, prefixes and ranges `a-b`. Errors: ValueError."""
    found: list[tuple[Address, Address]] = []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        first, dash, last = part.partition("-")
        if dash:
            found.append((ip_address(first.strip()), ip_address(last.strip())))
        else:
            network = ip_network(part, strict=False)
            found.append((network[0], network[-1]))
    return found


def prefixes_v4(text: str) -> list[IPv4Network] | None:
    """The IPv4 prefixes that cover a comma list; None for a list with anything but IPv4 in it."""
    covered: list[IPv4Network] = []
    for first, last in intervals(text):
        if not (isinstance(first, IPv4Address) and isinstance(last, IPv4Address)) or last < first:
            return None
        covered += summarize_address_range(first, last)
    return list(collapse_addresses(covered))


def host_prefix(address: Address) -> Network:
    """/32 or /128."""
    return ip_network(address)


def first_host(network: Network) -> Address:
    """The address a Tier-1 has on a pod network: the first after the network address."""
    return network[1] if network.num_addresses > 1 else network[0]


def inside(address: Address, networks: Iterable[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)


def longest(address: Address, networks: Sequence[Network]) -> Network | None:
    """The most specific of the networks that contain the address."""
    fitting = [network for network in networks if address.version == network.version and address in network]
    return max(fitting, key=lambda network: network.prefixlen, default=None)
