"""Addresses and networks at the door of a construct."""

from __future__ import annotations

from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import TypeAlias

from egress.vocabulary import ANYWHERE

from .values import RefusedValueError, hint, refuse_unknown_list, shown, unresolved

ANY = "any"
"""Every IPv4 address."""
Ipv4Value: TypeAlias = IPv4Address | IPv4Network | str
"""An IPv4 address or network; text is parsed, a Terraform expression is taken as it is."""
NetworkValue: TypeAlias = IPv4Network | IPv6Network | IPv4Address | IPv6Address | str
"""A network or address of either family; text is parsed, a Terraform expression is taken as it is."""
AddressValue: TypeAlias = IPv4Address | IPv6Address | str
"""One address of either family; text is parsed, a Terraform expression is taken as it is."""


def ipv4(value: object, prop: str) -> Ipv4Value:
    """One IPv4 address or network with no host bits set."""
    allowed = "allowed is one IPv4 address or network, such as 30.0.0.5 or 30.0.0.0/28"
    if isinstance(value, IPv4Interface):  # a kind of IPv4Address in Python, whose text has a length
        value = str(value)
    if isinstance(value, IPv4Address | IPv4Network):
        return value
    if isinstance(value, IPv6Address | IPv6Network):
        raise RefusedValueError(f"{prop}: {shown(value)} is IPv6, {allowed}: NSX has no NAT66")
    refuse_unknown_list(value, prop, allowed)
    if not isinstance(value, str):
        raise RefusedValueError(f"{prop}: {shown(value)} is not an address, {allowed}{hint(value)}")
    return value if unresolved(value) else _parsed(value, prop, allowed)


def _parsed(value: str, prop: str, allowed: str) -> Ipv4Value:
    if ":" in value:
        raise RefusedValueError(f"{prop}: {shown(value)} is IPv6, {allowed}: NSX has no NAT66")
    if "-" in value or "," in value:
        # APIDOC, PolicyNatRule.source_network; the provider's own check lets ranges through.
        reason = 'NSX "does not support IP range or IP sets", make one mapping for each address or network'
        raise RefusedValueError(f"{prop}: {shown(value)} is a range or a list, {allowed}: {reason}")
    try:
        if "/" not in value:
            return IPv4Address(value)
        network = IPv4Network(value, strict=False)
    except ValueError:
        raise RefusedValueError(f"{prop}: {shown(value)} is not an IPv4 address or network, {allowed}") from None
    if IPv4Address(value.split("/", 1)[0]) != network.network_address:
        # provider: "expected .. to contain a valid CIDR".
        raise RefusedValueError(
            f"{prop}: {shown(value)} has host bits set, the provider refuses it: write {str(network)!r}"
        )
    return network


def ipv4_or_any(value: object, prop: str) -> Ipv4Value:
    """One IPv4 address or network, or any."""
    return ANYWHERE if isinstance(value, str) and value == ANY else ipv4(value, prop)


def network_of(value: Ipv4Value) -> IPv4Network | None:
    """The value as a network, a single address as a /32; None for a Terraform expression."""
    if isinstance(value, str):
        return None
    return value if isinstance(value, IPv4Network) else IPv4Network((int(value), 32))


def any_network(value: object, prop: str) -> IPv4Network | IPv6Network | str:
    """One network of either family with no host bits set; an address is the network that holds only it."""
    allowed = "allowed is one network or address, such as 10.0.0.0/8, 10.0.0.5 or 2001:db8::/32"
    if isinstance(value, IPv4Network | IPv6Network):
        return value
    refuse_unknown_list(value, prop, allowed)
    if isinstance(value, IPv4Interface | IPv6Interface):
        value = str(value)
    if isinstance(value, str) and unresolved(value):
        return value
    if not isinstance(value, str | IPv4Address | IPv6Address):
        raise RefusedValueError(f"{prop}: {shown(value)} is not a network, {allowed}{hint(value)}")
    try:
        found = ip_network(str(value), strict=False)
    except ValueError:
        raise RefusedValueError(f"{prop}: {shown(value)} is not a network, {allowed}") from None
    if ip_address(str(value).partition("/")[0]) != found.network_address:
        # provider: "expected .. to contain a valid CIDR".
        raise RefusedValueError(
            f"{prop}: {shown(value)} has host bits set, the provider refuses it: write {str(found)!r}"
        )
    return found


def address(value: object, prop: str) -> AddressValue:
    """One IPv4 or IPv6 address, without a zone."""
    allowed = "allowed is one IPv4 or IPv6 address, such as 10.27.51.1 or 2001:db8:51::1"
    refuse_unknown_list(value, prop, allowed)
    if isinstance(value, str):
        if unresolved(value):
            return value
        try:
            value = ip_address(value)
        except ValueError:
            raise RefusedValueError(f"{prop}: {shown(value)} is not an address, {allowed}") from None
    if isinstance(value, IPv4Interface | IPv6Interface) or not isinstance(value, IPv4Address | IPv6Address):
        raise RefusedValueError(f"{prop}: {shown(value)} is not an address, {allowed}{hint(value)}")
    if isinstance(value, IPv6Address) and value.scope_id is not None:
        raise RefusedValueError(
            f"{prop}: {shown(value)} has a zone, {allowed}: name the interface in interface_path instead"
        )
    return value


def ipv4_address(value: object, prop: str) -> IPv4Address | str:
    """One IPv4 address, for BFD."""
    parsed = address(value, prop)
    if isinstance(parsed, IPv6Address):
        raise RefusedValueError(
            f"{prop}: {shown(value)} is IPv6, allowed is an IPv4 address: the provider takes no other peers"
        )
    return parsed
