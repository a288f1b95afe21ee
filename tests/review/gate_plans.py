"""Plans and reviews for the gate, in few words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from egress.answers.questions import Purpose
from egress.delivery.content.plan_content import PlanContent
from egress.domain import WorkloadDomain, load_domains
from egress.policy.planned import BFD_PEER, ROUTE, RULE
from egress.review.consequence import Consequence, Fate, OutageChange, Review, Side
from egress.review.planned_run import Reviewed

REPOSITORY = Path(__file__).resolve().parents[2]
GATEWAY = "/infra/tier-0s/T0-wld01"
HOST = "nsx-wld01.example.com"
CREATE, UPDATE, DELETE, NOTHING = ("create",), ("update",), ("delete",), ("no-op",)
REPLACE = ("delete", "create")
Json = dict[str, Any]


def golden() -> WorkloadDomain:
    (domain,) = load_domains(REPOSITORY, ["wld01"])
    return domain


def route(
    *actions: str, network: str = "0.0.0.0/0", to: str = "10.27.51.1", now: str = "10.27.51.1", **more: Any
) -> Json:
    """A default route that has the next hop `now`, and `to` after the plan."""
    name = "wld01-default-route" if network == "0.0.0.0/0" else "wld01-route-rack"
    before = {"nsx_id": name, "network": network, "next_hop": [{"ip_address": now, "admin_distance": 1}]}
    after = before | {"next_hop": [{"ip_address": to, "admin_distance": 1}]} | more
    return change(ROUTE, name, actions, before, after)


def rule(*actions: str, key: str = "supervisor", was: Json | None = None, **more: Any) -> Json:
    """A NAT rule; `was` is laid over what it is before, `more` over what it is after."""
    name = f"wld01-egress-{key}"
    before = {"nsx_id": name, "enabled": True, "source_networks": ["30.0.0.5"], "translated_networks": ["10.27.51.145"]}
    return change(RULE, name, actions, before | (was or {}), before | more)


def peer(*actions: str, **more: Any) -> Json:
    before = {"nsx_id": "wld01-bfd", "enabled": True, "peer_address": "10.27.51.1"}
    return change(BFD_PEER, "wld01-bfd", actions, before, before | more)


def change(kind: str, name: str, actions: tuple[str, ...], before: Json, after: Json) -> Json:
    on = {"gateway_path": GATEWAY, "path": f"{GATEWAY}/{name}"}
    return {
        "address": f"{kind}.{name}",
        "mode": "managed",
        "type": kind,
        "change": {
            "actions": list(actions),
            "before": None if actions == CREATE else on | before,
            "after": None if actions in (DELETE, ("forget",)) else on | after,
        },
    }


def content(*changes: Json, host: str = HOST, drift: tuple[Json, ...] = (), **more: Any) -> PlanContent:
    settings = {"nsxt": {"expressions": {"host": {"constant_value": host}}}}
    raw = {
        "format_version": "1.2",
        "resource_changes": list(changes),
        "resource_drift": list(drift),
        "configuration": {"provider_config": settings},
    }
    return PlanContent(raw | more)


def flow(before: Fate | None, after: Fate, seen: str = "", then: str = "") -> Consequence:
    was = Side(before, (seen,) if seen else ()) if before else None
    will = Side(after, (then,) if then else (), ("the wire is cut",) if after is not Fate.WORKS else ())
    return Consequence("Supervisor pod -> registry", Purpose.PULL, "Supervisor", "198.51.100.10", 443, was, will)


def review(
    *flows: Consequence, not_seen: str = "", outages: tuple[OutageChange, ...] = (), stack: str = "wld01"
) -> Review:
    return Review(stack, "the manager", not_seen, flows, outages, (), ())


def plan(
    *changes: Json,
    flows: tuple[Consequence, ...] = (),
    target: str = f"target: {HOST}",
    stack: str = "wld01",
    **more: Any,
) -> Reviewed:
    """A plan with its review. more: of `review`, where it is named so there, else of `content`."""
    reviewed = {name: more.pop(name) for name in ("not_seen", "outages") if name in more}
    return Reviewed(stack, target, content(*changes, **more), "", "d" * 64, review(*flows, stack=stack, **reviewed))
