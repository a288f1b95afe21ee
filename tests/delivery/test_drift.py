from typing import Any

from egress.delivery.content import drift
from egress.delivery.content.drift import Drift
from egress.delivery.content.plan_content import PlanContent


def entry(
    before: dict[str, Any] | None, after: dict[str, Any] | None, *, mode: str = "managed", actions: str = "update"
) -> dict[str, Any]:
    return {
        "address": "nsxt_policy_nat_rule.x",
        "type": "nsxt_policy_nat_rule",
        "mode": mode,
        "change": {"actions": [actions], "before": before, "after": after},
    }


def read(plan: dict[str, Any]) -> tuple[Drift, ...]:
    return drift.read(PlanContent(plan))


def test_a_changed_value_is_drift_with_both_values() -> None:
    before = {"path": "/p", "translated_networks": ["10.27.51.145"], "revision": 0}
    (one,) = read({"resource_drift": [entry(before, before | {"translated_networks": ["10.27.51.99"], "revision": 1})]})
    assert one.matters
    assert one.as_data() == {
        "address": "nsxt_policy_nat_rule.x",
        "path": "/p",
        "deleted": False,
        "changed": [
            {"attribute": "translated_networks", "state": ["10.27.51.145"], "manager": ["10.27.51.99"]},
            {"attribute": "revision", "state": 0, "manager": 1},
        ],
    }


def test_a_bare_revision_bump_does_not_matter() -> None:
    (one,) = read({"resource_drift": [entry({"path": "/p", "revision": 0}, {"path": "/p", "revision": 1})]})
    assert not one.matters


def test_a_deleted_object_matters() -> None:
    (one,) = read({"resource_drift": [entry({"path": "/p"}, None, actions="delete")]})
    assert one.deleted
    assert one.matters


def test_data_sources_are_left_out() -> None:
    assert read({"resource_drift": [entry({"id": "1"}, {"id": "2"}, mode="data")]}) == ()


def test_a_plan_without_drift_has_none() -> None:
    assert read({}) == ()
