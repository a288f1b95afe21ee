"""Ids and policy paths at the door of a construct. APIDOC and "provider" as in values.py."""

from __future__ import annotations

import re

from egress.policy import paths
from egress.vocabulary import RESERVED_IDS

from .values import RefusedValueError, shown, text, unresolved

_ID = re.compile(r"[^/&\x00-\x1f\x7f]{1,1024}")
_TIER0 = re.compile(paths.tier0(r"[^/\x00-\x1f\x7f]+"))
INTERFACE = paths.interface(paths.tier0("T0-wld01"), "default", "uplink1")
"""What an interface's path looks like."""
_POLICY_PATH = re.compile(r"/(infra|global-infra|orgs)(/[^/\x00-\x1f\x7f]+){2,}")


def object_id(value: object, prop: str) -> str:
    """An NSX id: 1 to 1,024 characters without '/' and '&' (provider schema; its next release checks the characters)."""
    allowed = "allowed are 1 to 1024 characters without '/', '&' and line breaks"
    given = text(value, prop, allowed)
    if not unresolved(given) and not _ID.fullmatch(given):
        raise RefusedValueError(f"{prop}: {shown(given)} is no NSX id, {allowed}")
    return given


def own_id(value: object) -> str:
    """The nsx_id of an object that a construct makes."""
    given = object_id(value, "nsx_id")
    if given in RESERVED_IDS:
        raise RefusedValueError(f"nsx_id: {given!r} is a name that the API uses itself, allowed is any other id")
    return given


def tier0_path(value: object, prop: str = "gateway_path") -> str:
    """Policy path of a Tier-0 gateway of a local manager."""
    allowed = "allowed is the path of a Tier-0 gateway, such as /infra/tier-0s/T0-wld01"
    given = text(value, prop, allowed)
    if unresolved(given) or _TIER0.fullmatch(given):
        return given
    if given.startswith("/orgs/"):
        # provider: "context use not supported with Tier0 gateways".
        reason = "projects and VPCs have no Tier-0 of their own, and their rules are other object types"
        raise RefusedValueError(f"{prop}: {shown(given)} lies in a project, {allowed}: {reason}")
    if given.startswith("/global-infra/"):
        reason = "a Global Manager's gateway is changed on the Global Manager, which these constructs do not talk to"
        raise RefusedValueError(f"{prop}: {shown(given)} belongs to a Global Manager, {allowed}: {reason}")
    # provider, parseGatewayPolicyPath: takes the last segment as the id of a Tier-1 unless `tier-0s` stands before it.
    reason = "the provider takes any other path for that of a Tier-1, without a word"
    raise RefusedValueError(f"{prop}: {shown(given)} is no Tier-0 path, {allowed}: {reason}")


def policy_path(value: object, prop: str, example: str) -> str:
    """A path of any object in NSX Policy (provider: "Invalid policy path"). `example`: one that would be right here."""
    allowed = f"allowed is one such as {example}"
    given = text(value, prop, allowed)
    if unresolved(given) or _POLICY_PATH.fullmatch(given):
        return given
    raise RefusedValueError(f"{prop}: {shown(given)} is no policy path, {allowed}")


def interface_of(value: object, gateway_path: str, prop: str) -> str:
    """A policy path that, if it is a gateway interface's, is one of this gateway's."""
    path = policy_path(value, prop, INTERFACE)
    known = not unresolved(path) and not unresolved(gateway_path)
    if known and paths.is_interface(path) and not path.startswith(f"{gateway_path}/"):
        # APIDOC, PolicyNatRule.scope and RouterNexthop.scope: interfaces of the same router.
        raise RefusedValueError(
            f"{prop}: {path!r} is no interface of {gateway_path!r}, allowed are interfaces of that gateway"
        )
    return path
