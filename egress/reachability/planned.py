"""The objects that will be there after a plan is applied, from the engine's `show -json PLAN`.

The Tier-0 and its interfaces are not in a plan (a stack only reads the gateway): they come from the domain file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from egress.domain import EgressError, WorkloadDomain
from egress.domain.seed import seed
from egress.reachability.intent import tier0_path
from egress.reachability.policy import Json, flatten

_ROUTE = "nsxt_policy_static_route"
_RULE = "nsxt_policy_nat_rule"


def planned_objects(domain: WorkloadDomain, plan: Any) -> dict[str, Json]:
    """Policy objects by path as they will be after the plan.

    Errors: EgressError for something that is no plan, for another format version than 1.x, for a plan that failed, and for a
    plan that has nothing to do with the domain's Tier-0.
    """
    _check(plan)
    values = list(_resources((plan.get("planned_values") or {}).get("root_module") or {}))
    before = [change.get("change", {}).get("before") or {} for change in plan.get("resource_changes") or ()]
    gateway = tier0_path(domain)
    named = {str(one["gateway_path"]) for one in [*(v for _, v in values), *before] if one.get("gateway_path")}
    if named and gateway not in named and domain.tier0.id is not None:
        raise EgressError(
            f"the plan is for {' and '.join(sorted(named))}, and {domain.stack} has {gateway}: give the plan of {domain.stack}"
        )
    found = flatten(seed([domain])["infra"])
    for kind, value in values:
        path, body = (_static_route if kind == _ROUTE else _nat_rule)(value, gateway)
        found[path] = body
        if kind == _RULE:
            found.setdefault(path.rsplit("/nat-rules/", 1)[0], {})
    return found


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
        if resource.get("mode", "managed") == "managed" and resource.get("type") in (_ROUTE, _RULE):
            yield resource["type"], resource.get("values") or {}
    for child in module.get("child_modules") or ():
        yield from _resources(child)


def _static_route(values: Json, gateway: str) -> tuple[str, Json]:
    hops = [
        {
            "ip_address": hop.get("ip_address"),
            "admin_distance": hop.get("admin_distance") or 1,
            "scope": [hop["interface"]] if hop.get("interface") else [],
        }
        for hop in values.get("next_hop") or ()
    ]
    parent = values.get("gateway_path") or gateway
    return f"{parent}/static-routes/{_id(values)}", {"network": values.get("network"), "next_hops": hops}


def _nat_rule(values: Json, gateway: str) -> tuple[str, Json]:
    parent = values.get("gateway_path") or gateway
    body = {
        "action": values.get("action"),
        "source_network": ",".join(values.get("source_networks") or ()),
        "destination_network": ",".join(values.get("destination_networks") or ()),
        "translated_network": ",".join(values.get("translated_networks") or ()),
        "service": values.get("service") or "",
        "sequence_number": values.get("rule_priority") or 0,
        "enabled": values.get("enabled", True),
        "scope": values.get("scope") or [],
    }
    return f"{parent}/nat/{values.get('type') or 'USER'}/nat-rules/{_id(values)}", body


def _id(values: Json) -> str:
    return str(values.get("nsx_id") or values.get("display_name") or "unnamed")
