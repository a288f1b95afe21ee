"""Plans as the engine shows them, made by hand: what is there, and what becomes of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from egress.answers.questions import Purpose
from egress.delivery.content.plan_content import PlanContent, parse
from egress.policy.planned import ROUTE as ROUTE_KIND
from egress.policy.planned import RULE as RULE_KIND
from egress.review.consequence import Consequence, Fate, Review, Side
from egress.review.planned_run import Reviewed

Json = dict[str, Any]
T0 = "/infra/tier-0s/T0-wld01"
UPLINKS = [f"{T0}/locale-services/default/interfaces/edge0{n}-uplink1" for n in (1, 2)]
TKG = "nsxt_policy_nat_rule.Egress_tkg"
SUPERVISOR = "nsxt_policy_nat_rule.Egress_supervisor"
DEFAULT = "nsxt_policy_static_route.DefaultRoute"


def rule(name: str, source: str, translated: str, priority: int) -> Json:
    return {
        "action": "REFLEXIVE",
        "source_networks": [source],
        "translated_networks": [translated],
        "rule_priority": priority,
        "enabled": True,
        "scope": UPLINKS,
        "gateway_path": T0,
        "type": "USER",
        "nsx_id": name,
        "path": f"{T0}/nat/USER/nat-rules/{name}",
    }


THERE: dict[str, Json] = {
    DEFAULT: {
        "network": "0.0.0.0/0",
        "next_hop": [{"ip_address": "10.27.51.1", "admin_distance": 1}],
        "gateway_path": T0,
        "nsx_id": "wld01-default-route",
        "path": f"{T0}/static-routes/wld01-default-route",
    },
    SUPERVISOR: rule("wld01-egress-supervisor", "30.0.0.5", "10.27.51.145", 100),
    TKG: rule("wld01-egress-tkg", "30.0.0.16", "10.27.51.147", 110),
}
"""What the golden domain's stack tracks once it is applied, by address."""


def plan(changes: Mapping[str, Json | None] | None = None, before: dict[str, Json] = THERE) -> PlanContent:
    """A plan over what is there. changes: new values of an address, None for one that goes."""
    after: dict[str, Json | None] = {**before, **(changes or {})}
    entries, values = [], []
    for address, value in after.items():
        was = before.get(address)
        actions = (
            ["delete"] if value is None else ["create"] if was is None else ["no-op"] if was == value else ["update"]
        )
        kind = address.partition(".")[0]
        entries.append({"address": address, "mode": "managed", "type": kind, "change": {"actions": actions, "before": was, "after": value, "after_unknown": {}}})  # fmt: skip
        if value is not None:
            values.append({"address": address, "mode": "managed", "type": kind, "name": "x", "values": value})
    document = {
        "format_version": "1.2",
        "resource_changes": entries,
        "planned_values": {"root_module": {"resources": values}},
    }
    return parse(json.dumps(document), "the plan")


def flow(
    who: str, before: Fate | None, after: Fate, seen: tuple[str, ...] = ("10.27.51.145",), **more: Any
) -> Consequence:
    """An image pull of somebody."""
    return Consequence(
        question=f"{who} pod -> registry",
        purpose=Purpose.PULL,
        who=who,
        to="198.51.100.10",
        port=443,
        before=Side(before, more.pop("was", seen)) if before else None,
        after=Side(after, seen, **more),
    )


def reviewed(stack: str = "wld01", content: PlanContent | None = None, *flows: Consequence, **review: Any) -> Reviewed:
    """A plan with its review. review: fields of it."""
    made = Review(stack, "the manager x", review.pop("not_seen", ""), flows, review.pop("outages", ()), review.pop("noticed", ()), review.pop("differs", ()), **review)  # fmt: skip
    return Reviewed(stack, "target: x", content or plan(), "the engine's words", "ab" * 32, made)


__all__ = ["DEFAULT", "ROUTE_KIND", "RULE_KIND", "SUPERVISOR", "T0", "THERE", "TKG", "flow", "plan", "reviewed", "rule"]
