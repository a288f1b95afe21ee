"""A Terraform state as a seed: the objects that the provider vmware/nsxt manages in it, and the gateways they stand on.

Attributes to fields as the provider maps them (terraform-provider-nsxt 3.11.1: nsxt_policy_static_route, nsxt_policy_nat_rule,
nsxt_policy_static_route_bfd_peer; data source nsxt_policy_tier0_gateway).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nsx_lab.manager.store.store import Object
from nsx_lab.shape import Shape

STATE_VERSION = 4


def _either(kind: str, **limits: Any) -> dict[str, Any]:
    """A value of that type, or null."""
    return {"type": [kind, "null"], **limits}


def _some(**keys: Any) -> dict[str, Any]:
    """A list of objects with these keys and others, or null."""
    return _either("array", items={"type": "object", "properties": keys})


_TEXT = _either("string")
_TEXTS = _either("array", items={"type": "string"})
ATTRIBUTES = Shape(
    {
        **dict.fromkeys(("path", "display_name", "description", "action", "edge_cluster_path"), _TEXT),
        "tag": _some(scope=_TEXT, tag=_TEXT),
        "next_hop": _some(interface=_TEXT),
        **dict.fromkeys(("source_networks", "destination_networks", "translated_networks"), _TEXTS),
    },
    others=True,
)
STATE = Shape({"resources": _some(type=_TEXT, instances=_some(attributes=_either("object")))}, others=True)
_CLUSTER = "/infra/sites/default/enforcement-points/default/edge-clusters/from-state"

Write = tuple[str, Object]
Attributes = dict[str, Any]


def writes(state: Attributes) -> Iterator[Write]:
    """Paths and bodies, gateways first; ValueError for a state of another version, of another form, or without any object of NSX."""
    if state.get("version") != STATE_VERSION:
        raise ValueError(
            f"state version {state.get('version')!r} is not known here: version {STATE_VERSION} is expected"
        )
    STATE.check(state)
    found = list(_instances(state))
    objects = [write for kind, attributes in found for write in _object(kind, attributes)]
    if not objects:
        raise ValueError("no static route, NAT rule or BFD peer of vmware/nsxt in this state")
    sources = {
        str(attributes.get("path")): attributes for kind, attributes in found if kind == "nsxt_policy_tier0_gateway"
    }
    stateful = {_gateway_of(path) for path, body in objects if body.get("action") in ("SNAT", "DNAT")}
    for gateway in dict.fromkeys(_gateway_of(path) for path, _ in objects):
        yield from _gateway(gateway, gateway in stateful, sources.get(gateway, {}))
    yield from objects


def _gateway_of(path: str) -> str:
    return "/".join(path.split("/")[:4])


def _instances(state: Attributes) -> Iterator[tuple[str, Attributes]]:
    for resource in state.get("resources") or []:
        for instance in resource.get("instances") or []:
            yield str(resource.get("type")), instance.get("attributes") or {}


def _gateway(path: str, stateful: bool, source: Attributes) -> Iterator[Write]:
    """A state does not say the mode of a gateway: one with SNAT or DNAT rules (`stateful`) is taken to be ACTIVE_STANDBY."""
    body: Object = {"display_name": source.get("display_name") or path.rpartition("/")[2]}
    if path.startswith("/infra/tier-0s/"):
        body["ha_mode"] = "ACTIVE_STANDBY" if stateful else "ACTIVE_ACTIVE"
    yield path, body
    yield f"{path}/locale-services/default", {"edge_cluster_path": source.get("edge_cluster_path") or _CLUSTER}


def _object(kind: str, attributes: Attributes) -> Iterator[Write]:
    make = {
        "nsxt_policy_static_route": _route,
        "nsxt_policy_nat_rule": _rule,
        "nsxt_policy_static_route_bfd_peer": _bfd_peer,
    }.get(kind)
    path = attributes.get("path")
    if make is None or not path:
        return
    try:
        ATTRIBUTES.check(attributes)
    except ValueError as error:
        raise ValueError(f"{kind}: {error}") from error
    tags = [{"scope": tag.get("scope", ""), "tag": tag.get("tag", "")} for tag in attributes.get("tag") or []]
    common = {key: attributes.get(key) or "" for key in ("display_name", "description")}
    fields = {key: value for key, value in make(attributes).items() if value not in (None, "")}
    yield path, {**common, "tags": tags, **fields}


def _route(attributes: Attributes) -> Object:
    hops = []
    for hop in attributes.get("next_hop") or []:
        body = {"admin_distance": hop.get("admin_distance"), "ip_address": hop.get("ip_address")}
        if hop.get("interface"):
            body["scope"] = [hop["interface"]]
        hops.append({key: value for key, value in body.items() if value not in (None, "")})
    return {"network": attributes.get("network"), "next_hops": hops}


def _rule(attributes: Attributes) -> Object:
    networks = {
        f"{name}_network": ",".join(attributes.get(f"{name}_networks") or [])
        for name in ("source", "destination", "translated")
    }
    same = ("action", "enabled", "logging", "firewall_match", "service", "translated_ports", "policy_based_vpn_mode")
    return {
        **networks,
        **{key: attributes.get(key) for key in same},
        "scope": attributes.get("scope") or [],
        "sequence_number": attributes.get("rule_priority"),
    }


def _bfd_peer(attributes: Attributes) -> Object:
    return {key: attributes.get(key) for key in ("bfd_profile_path", "peer_address", "source_addresses", "enabled")}
