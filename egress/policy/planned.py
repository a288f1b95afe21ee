"""What a stack owns after a plan is applied, from the engine's `show -json PLAN`.

The Tier-0 and its interfaces are not in a plan (a stack only reads the gateway), and other stacks' objects are not either.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from egress.domain import EgressError, WorkloadDomain
from egress.policy import paths
from egress.policy.identity import GatewayKey
from egress.policy.owned import nat_section
from egress.policy.paths import Collection, Section, last
from egress.policy.tree import Json

ROUTE = "nsxt_policy_static_route"
RULE = "nsxt_policy_nat_rule"
BFD_PEER = "nsxt_policy_static_route_bfd_peer"
KINDS = frozenset({ROUTE, RULE, BFD_PEER})
"""Resource types of a stack's own objects."""


@dataclass(frozen=True)
class Planned:
    """Policy objects by path as they will be after a plan, below the Tier-0 whose path is `gateway`."""

    gateway: str
    objects: dict[str, Json]


def planned(domain: WorkloadDomain, plan: Any) -> Planned:
    """The domain's own objects as they will be after the plan.

    A Tier-0 that the file knows by its display name only is the one that the plan names. Errors: EgressError for something
    that is no plan, for another format version than 1.x, for a plan that failed, and for a plan that has nothing to do with
    the domain's Tier-0.
    """
    _check(plan)
    try:
        return _planned(domain, plan)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise EgressError("not a plan that can be read: it is not as the engine's show -json writes it") from None


def _planned(domain: WorkloadDomain, plan: Any) -> Planned:
    values = list(_resources((plan.get("planned_values") or {}).get("root_module") or {}))
    before = [change.get("change", {}).get("before") or {} for change in plan.get("resource_changes") or ()]
    gateway = GatewayKey.of(domain).path
    named = {str(one["gateway_path"]) for one in [*(v for _, v in values), *before] if one.get("gateway_path")}
    if domain.tier0.id is None and len(named) == 1:
        (gateway,) = named
    if named and gateway not in named:
        raise EgressError(
            f"the plan is for {' and '.join(sorted(named))}, and {domain.stack} has {gateway}: give the plan of {domain.stack}"
        )
    found: dict[str, Json] = {}
    for kind, value in values:
        parent = str(value.get("gateway_path") or gateway)
        if kind == RULE:
            section = _section(value)
            found.setdefault(paths.nat_section(parent, section), nat_section(section))
        found[resource_path(kind, parent, value)] = _static_route(value) if kind == ROUTE else _nat_rule(value)
    return Planned(gateway, found)


def resource_path(kind: str, gateway: str, values: Mapping[str, Any]) -> str:
    """Policy path of the object that a resource of a stack stands for."""
    id_ = str(values.get("nsx_id") or values.get("display_name") or "unnamed")
    if kind == ROUTE:
        return paths.static_route(gateway, id_)
    if kind == BFD_PEER:
        return paths.bfd_peer(gateway, id_)
    assert kind == RULE, kind
    return paths.nat_rule(gateway, id_, _section(values))


def import_id(kind: str, path: str) -> str:
    """What the object at a Policy path is imported by: the path itself, of a BFD peer `<gateway>/<id>`, which is all that its importer
    takes (resourceNsxtPolicyTier0GatewayImporter, provider 3.11.1). That short form reads NAT rules from section USER, whatever they are in.
    """
    if kind != BFD_PEER:
        return path
    gateway, _, _ = path.partition(f"/{Collection.STATIC_ROUTES}/")
    return f"{last(gateway)}/{last(path)}"


def _section(values: Mapping[str, Any]) -> str:
    return str(values.get("type") or Section.USER)


def _check(plan: Any) -> None:
    if not isinstance(plan, dict) or "format_version" not in plan:
        raise EgressError("not a plan: no format_version in it, give the output of terraform show -json PLANFILE")
    version = str(plan["format_version"])
    if version.split(".", 1)[0] != "1":
        raise EgressError(f"the plan has format version {version!r}, allowed is 1.x: make it with a supported engine")
    if "planned_values" not in plan:
        raise EgressError("not a plan but a state, or nothing: give the output of terraform show -json PLANFILE")
    if plan.get("errored"):
        raise EgressError("the plan is incomplete, the engine reported errors while it made it: make it again")


def _resources(module: Json) -> Iterator[tuple[str, Json]]:
    """Type and values of the managed resources that the walk knows, of a module and those below it."""
    for resource in module.get("resources") or ():
        if resource.get("mode", "managed") == "managed" and resource.get("type") in (ROUTE, RULE):
            yield resource["type"], resource.get("values") or {}
    for child in module.get("child_modules") or ():
        yield from _resources(child)


def _static_route(values: Json) -> Json:
    hops = [
        {
            "ip_address": hop.get("ip_address"),
            "admin_distance": hop.get("admin_distance") or 1,
            "scope": [hop["interface"]] if hop.get("interface") else [],
        }
        for hop in values.get("next_hop") or ()
    ]
    return {"network": values.get("network"), "next_hops": hops}


def _nat_rule(values: Json) -> Json:
    return {
        "action": values.get("action"),
        "source_network": ",".join(values.get("source_networks") or ()),
        "destination_network": ",".join(values.get("destination_networks") or ()),
        "translated_network": ",".join(values.get("translated_networks") or ()),
        "service": values.get("service") or "",
        "sequence_number": values.get("rule_priority") or 0,
        "enabled": values.get("enabled", True),
        "scope": values.get("scope") or [],
    }
