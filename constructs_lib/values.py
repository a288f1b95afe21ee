"""Values at the door of a construct: typed ones pass, text is parsed once, Terraform expressions pass unchecked.

Refusals quote NSX or the provider. Where a reason is quoted, its source is named beside it; APIDOC is the NSX Policy API
reference (4.1.0 and later), "provider" is vmware/nsxt 3.11.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TypeAlias, TypeVar

from cdktf import Token

Ipv4Value: TypeAlias = IPv4Address | IPv4Network | str
"""An IPv4 address or network; text is parsed, a Terraform expression is taken as it is."""
AddressValue: TypeAlias = IPv4Address | IPv6Address | str
"""One address of either family; text is parsed, a Terraform expression is taken as it is."""

# $${ is how Terraform writes a plain ${; the second form is what cdktf puts into a list that is a token.
_EXPRESSION = re.compile(r"(?<!\$)\$\{|#\{TfToken\[")
_TIER0 = re.compile(r"/infra/tier-0s/[^/]+")
_POLICY_PATH = re.compile(r"/(infra|global-infra|orgs)(/[^/]+){2,}")

E = TypeVar("E", bound=StrEnum)


class RefusedValueError(ValueError):
    """A construct cannot take a value: what was given, what is allowed, what to change."""


def unresolved(value: object) -> bool:
    """True for CDKTF tokens and for text with a Terraform expression in it: known only when Terraform runs.

    Text is told by its marker, as `Token.is_unresolved` does in JavaScript, without the trip there (0.3 ms each). A number
    token is a huge negative double, so in Python a float and never an int.
    """
    if isinstance(value, str):
        return _EXPRESSION.search(value) is not None
    return isinstance(value, float) and bool(Token.is_unresolved(value))


def ipv4(value: object, prop: str) -> Ipv4Value:
    """One IPv4 address or network with no host bits set."""
    if isinstance(value, IPv4Address | IPv4Network) or unresolved(value):
        return value  # type: ignore[return-value]  # narrowed: only text can be unresolved here
    allowed = "allowed is one IPv4 address or network, such as 30.0.0.5 or 30.0.0.0/28"
    if isinstance(value, IPv6Address | IPv6Network) or (isinstance(value, str) and ":" in value):
        raise RefusedValueError(f"{prop}: {str(value)!r} is IPv6, {allowed}: NSX has no NAT66")
    if not isinstance(value, str):
        raise RefusedValueError(f"{prop}: {value!r} is not an address, {allowed}")
    if "-" in value or "," in value:
        # APIDOC, PolicyNatRule.source_network; the provider's own check lets ranges through.
        reason = 'NSX "does not support IP range or IP sets", make one mapping for each address or network'
        raise RefusedValueError(f"{prop}: {value!r} is a range or a list, {allowed}: {reason}")
    try:
        if "/" not in value:
            return IPv4Address(value)
        network = IPv4Network(value, strict=False)
    except ValueError:
        raise RefusedValueError(f"{prop}: {value!r} is not an IPv4 address or network, {allowed}") from None
    if IPv4Address(value.split("/", 1)[0]) != network.network_address:
        # provider: "expected .. to contain a valid CIDR".
        raise RefusedValueError(f"{prop}: {value!r} has host bits set, the provider refuses it: write {str(network)!r}")
    return network


def address(value: object, prop: str) -> AddressValue:
    """One IPv4 or IPv6 address, without a zone."""
    allowed = "allowed is one IPv4 or IPv6 address, such as 10.27.51.1 or 2001:db8:51::1"
    if isinstance(value, str) and not unresolved(value):
        try:
            value = ip_address(value)
        except ValueError:
            raise RefusedValueError(f"{prop}: {value!r} is not an address, {allowed}") from None
    if isinstance(value, IPv6Address) and value.scope_id is not None:
        raise RefusedValueError(
            f"{prop}: {str(value)!r} has a zone, {allowed}: name the interface in interface_path instead"
        )
    if isinstance(value, IPv4Address | IPv6Address | str):
        return value
    raise RefusedValueError(f"{prop}: {value!r} is not an address, {allowed}")


def whole_number(value: object, prop: str, low: int, high: int) -> int:
    """A whole number within bounds. A number token passes."""
    if unresolved(value):
        return value  # type: ignore[return-value]  # a number token is a float that JavaScript understands
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise RefusedValueError(f"{prop}: {value!r} is not allowed, allowed is a whole number from {low} to {high}")
    return value


def choice(kind: type[E], value: str, prop: str) -> E:
    """A member of an enumeration, given as such or as its text."""
    try:
        return kind(value)
    except ValueError:
        raise RefusedValueError(f"{prop}: {value!r} is not allowed, allowed is {' or '.join(kind)}") from None


def object_id(value: str, prop: str = "nsx_id") -> str:
    """An NSX id: 1 to 1,024 characters without '/' and '&' (provider schema; its next release checks the characters)."""
    if unresolved(value):
        return value
    if not value or len(value) > 1024 or "/" in value or "&" in value:
        raise RefusedValueError(f"{prop}: {value!r} is no NSX id, allowed are 1 to 1024 characters without '/' and '&'")
    return value


def tier0_path(value: str, prop: str = "gateway_path") -> str:
    """Policy path of a Tier-0 gateway of a local manager."""
    if unresolved(value) or _TIER0.fullmatch(value):
        return value
    allowed = "allowed is the path of a Tier-0 gateway, such as /infra/tier-0s/T0-wld01"
    if value.startswith("/orgs/"):
        # provider: "context use not supported with Tier0 gateways".
        reason = "projects and VPCs have no Tier-0 of their own, and their rules are other object types"
        raise RefusedValueError(f"{prop}: {value!r} lies in a project, {allowed}: {reason}")
    if value.startswith("/global-infra/"):
        reason = "a Global Manager's gateway is changed on the Global Manager, which these constructs do not talk to"
        raise RefusedValueError(f"{prop}: {value!r} belongs to a Global Manager, {allowed}: {reason}")
    # provider, parseGatewayPolicyPath: takes the last segment as the id of a Tier-1 unless `tier-0s` stands before it.
    reason = "the provider takes any other path for that of a Tier-1, without a word"
    raise RefusedValueError(f"{prop}: {value!r} is no Tier-0 path, {allowed}: {reason}")


def policy_path(value: str, prop: str) -> str:
    """A path of any object in NSX Policy (provider: "Invalid policy path")."""
    if unresolved(value) or _POLICY_PATH.fullmatch(value):
        return value
    raise RefusedValueError(f"{prop}: {value!r} is no policy path, allowed is one such as /infra/bfd-profiles/default")


def interface_of(path: str, gateway_path: str, prop: str) -> str:
    """A policy path that, if it is a gateway interface's, is one of this gateway's."""
    policy_path(path, prop)
    known = not unresolved(path) and not unresolved(gateway_path)
    if known and "/interfaces/" in path and not path.startswith(f"{gateway_path}/"):
        # APIDOC, PolicyNatRule.scope and RouterNexthop.scope: interfaces of the same router.
        raise RefusedValueError(
            f"{prop}: {path!r} is no interface of {gateway_path!r}, allowed are interfaces of that gateway"
        )
    return path


def first_repeated(values: Iterable[object]) -> object | None:
    """The first known value that occurs twice; Terraform expressions are not compared."""
    seen: set[object] = set()
    for value in values:
        if unresolved(value):
            continue
        if value in seen:
            return value
        seen.add(value)
    return None
