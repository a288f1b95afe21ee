from pathlib import Path

import pytest

from egress.delivery.guards import refuse_losing_a_route
from egress.delivery.plan_content import PlanContent
from egress.domain import EgressError, WorkloadDomain, load_domains


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
