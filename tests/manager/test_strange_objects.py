"""Whatever a manager or a plan says of objects: an answer or a sentence, never a defect."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egress.answers.answer import answers
from egress.answers.asking import Ask
from egress.delivery.content.plan_content import parse
from egress.domain import EgressError, WorkloadDomain, load_domains
from egress.policy.identity import GatewayKey
from egress.policy.owned import owned
from egress.policy.planned import planned
from egress.policy.seed import seed
from egress.policy.tree import flatten
from egress.reachability.view import AfterPlan, Live, view

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).resolve().parents[2]
STRANGE: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 0, -1, 1.5, "", "x", "/x", "10.0.0.1", "10.0.0.0/8", "::/0", "300.1.1.1", "ANY", [], {}, [[]], [None], [1], ["x"],
     {"a": 1}, "\ud800", "\x1b]0;x\x07", "9" * 5000, "10.0.0.1-10.0.0.9", 10**30]
)  # fmt: skip


@pytest.fixture(scope="module")
def golden() -> WorkloadDomain:
    return load_domains(REPOSITORY, ["wld01"])[0]


@pytest.fixture(scope="module")
def objects(golden: WorkloadDomain) -> dict[str, Any]:
    """Everything that a manager has of the golden domain once it is applied."""
    gateway = GatewayKey.of(golden).path
    found: dict[str, Any] = json.loads(json.dumps(flatten(seed([golden])["infra"]) | owned(golden).objects(gateway)))
    return found


def told_or(look: Callable[[], object]) -> object:
    """What was found, or the sentence that says why nothing was."""
    try:
        return look()
    except EgressError as error:
        return str(error)


def _paths(value: Any, above: Any = ()) -> Iterator[Any]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in items:
        yield (*above, key)
        yield from _paths(child, (*above, key))


@settings(max_examples=500, deadline=None)
@given(data=st.data())
def test_a_strange_object_is_read_or_told(data: st.DataObject, golden: WorkloadDomain, objects: Any) -> None:
    found = copy.deepcopy(objects)
    for _ in range(data.draw(st.integers(1, 2))):
        at = found[data.draw(st.sampled_from([path for path, body in objects.items() if body]))]
        path = data.draw(st.sampled_from(sorted(_paths(at), key=str) or [None]))
        if path is None:
            continue
        for part in path[:-1]:
            at = at[part]
        at[path[-1]] = copy.deepcopy(data.draw(STRANGE))
    look = partial(view, golden, (), Live("a manager", GatewayKey.of(golden).path, found))
    assert told_or(lambda: answers(look(), Ask()))


PLAN = {
    "format_version": "1.2",
    "planned_values": {"root_module": {"resources": [
        {"address": "r.r", "mode": "managed", "type": "nsxt_policy_static_route", "name": "r", "values": {
            "gateway_path": "/infra/tier-0s/T0-wld01", "network": "0.0.0.0/0", "nsx_id": "r",
            "next_hop": [{"ip_address": "10.27.51.1", "admin_distance": "1", "interface": ""}]}},
        {"address": "n.n", "mode": "managed", "type": "nsxt_policy_nat_rule", "name": "n", "values": {
            "gateway_path": "/infra/tier-0s/T0-wld01", "type": "USER", "action": "REFLEXIVE", "nsx_id": "n", "rule_priority": 100,
            "source_networks": ["30.0.0.5"], "translated_networks": ["10.27.51.145"], "scope": []}},
    ]}},
    "resource_changes": [{"address": "r.r", "mode": "managed", "type": "nsxt_policy_static_route", "name": "r", "change": {
        "actions": ["create"], "before": None, "after": {"network": "0.0.0.0/0"}, "after_unknown": {"path": True}}}],
}  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(data=st.data())
def test_a_strange_plan_is_read_or_told(data: st.DataObject, golden: WorkloadDomain) -> None:
    plan = copy.deepcopy(PLAN)
    at: Any = plan
    path = data.draw(st.sampled_from(sorted(_paths(plan), key=str)))
    for part in path[:-1]:
        at = at[part]
    at[path[-1]] = copy.deepcopy(data.draw(STRANGE))
    for look in (
        lambda: answers(view(golden, (), AfterPlan(planned(golden, plan))), Ask()),
        lambda: parse(json.dumps(plan).encode(), "the plan"),
    ):
        assert told_or(look)
