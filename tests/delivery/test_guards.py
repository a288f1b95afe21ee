from pathlib import Path

import pytest

from egress.checks import check_live
from egress.delivery.content.plan_content import PlanContent
from egress.delivery.planning.guards import refuse_losing_a_route, refuse_wrong_mode
from egress.delivery.planning.looks import Found
from egress.domain import EgressError, HaMode, WorkloadDomain, load_domains
from egress.domain.model import Suppression
from egress.policy import paths
from egress.policy.presence import Presence


@pytest.fixture(scope="module")
def golden() -> WorkloadDomain:
    (domain,) = load_domains(Path(__file__).resolve().parents[2], ["wld01"])
    return domain


def plan(*actions: str, kind: str = "nsxt_policy_static_route", network: str | None = "0.0.0.0/0") -> PlanContent:
    change = {"actions": list(actions), "before": {"network": network}, "after": None}
    return PlanContent(
        {"resource_changes": [{"mode": "managed", "type": kind, "address": f"{kind}.x", "change": change}]}
    )


@pytest.mark.parametrize("actions", [("delete",), ("delete", "create"), ("create", "delete")])
def test_a_plan_that_loses_the_route_is_refused_with_the_step_to_take(
    golden: WorkloadDomain, actions: tuple[str, ...]
) -> None:
    with pytest.raises(EgressError, match=r"takes away 0\.0\.0\.0/0 .*egress unprotect wld01"):
        refuse_losing_a_route(golden, plan(*actions))


def test_an_unprotected_route_may_go(golden: WorkloadDomain) -> None:
    route = golden.default_route.model_copy(update={"protect": False})
    refuse_losing_a_route(golden.model_copy(update={"default_route": route}), plan("delete"))


@pytest.mark.parametrize(
    "harmless", [plan("update"), plan("no-op"), plan("delete", kind="nsxt_policy_nat_rule"), PlanContent({})]
)
def test_anything_else_passes(golden: WorkloadDomain, harmless: PlanContent) -> None:
    refuse_losing_a_route(golden, harmless)


@pytest.mark.parametrize("network", ["10.0.0.0/8", "2001:db8::/32"])
def test_a_further_route_may_go(golden: WorkloadDomain, network: str) -> None:
    refuse_losing_a_route(golden, plan("delete", network=network))


def test_a_route_of_unknown_network_counts_as_the_default_route(golden: WorkloadDomain) -> None:
    with pytest.raises(EgressError, match="takes away"):
        refuse_losing_a_route(golden, plan("delete", network=None))


def rules(*actions: str, verb: str = "update") -> PlanContent:
    """A plan that writes NAT rules."""
    written = [
        {
            "mode": "managed",
            "type": "nsxt_policy_nat_rule",
            "address": f"nsxt_policy_nat_rule.{number}",
            "change": {"actions": [verb], "before": None, "after": {"action": action, "nsx_id": f"rule-{number}"}},
        }
        for number, action in enumerate(actions)
    ]
    return PlanContent({"resource_changes": written})


def found(domain: WorkloadDomain, real: str) -> Found:
    """The domain's Tier-0 with this HA mode, and nothing below it."""
    gateway = paths.tier0("T0-wld01")
    there = Presence(domain, gateway, {gateway: {"ha_mode": real}}, frozenset(), "here", frozenset({domain.stack}))
    return Found(there, check_live([there]))


@pytest.fixture
def standby(golden: WorkloadDomain) -> WorkloadDomain:
    tier0 = golden.tier0.model_copy(update={"ha_mode": HaMode.ACTIVE_STANDBY})
    return golden.model_copy(update={"tier0": tier0})


@pytest.mark.parametrize("plan", [rules("SNAT"), rules("REFLEXIVE", "NO_SNAT", verb="create")])
def test_stateful_rules_for_a_gateway_that_is_active_active_are_refused(
    standby: WorkloadDomain, plan: PlanContent
) -> None:
    with pytest.raises(EgressError, match=r"T0-wld01 is ACTIVE_ACTIVE and takes no SNAT/NO_SNAT rules \(rule-\d\)"):
        refuse_wrong_mode(plan, found(standby, "ACTIVE_ACTIVE"))


def test_where_the_modes_agree_or_no_such_rule_is_written_nothing_is_refused(
    golden: WorkloadDomain, standby: WorkloadDomain
) -> None:
    refuse_wrong_mode(rules("SNAT"), found(standby, "ACTIVE_STANDBY"))
    refuse_wrong_mode(rules("REFLEXIVE"), found(standby, "ACTIVE_ACTIVE"))
    refuse_wrong_mode(rules("SNAT", verb="delete"), found(standby, "ACTIVE_ACTIVE"))
    refuse_wrong_mode(rules("REFLEXIVE"), found(golden, "ACTIVE_STANDBY"))
    reason = Suppression(rule="ha-mode-differs", reason="the mode is changed tonight, in one go with this")
    refuse_wrong_mode(rules("SNAT"), found(standby.model_copy(update={"suppress": (reason,)}), "ACTIVE_ACTIVE"))
