"""Every rule of the gate, red and green."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from egress.domain import EgressError
from egress.review.consequence import Fate, OutageChange
from egress.review.finding import Demand, GateVerdict
from egress.review.gate import page, policy
from egress.review.gate.binding import bind
from egress.review.gate.judge import judge
from egress.review.gate.policy import NO_FILE, GatePolicy, PolicyFile
from egress.review.gate.registry import BY_ID, RULES
from egress.review.planned_run import AffectedStack, PlannedRun, Reviewed, failure
from tests.review.gate_plans import (
    CREATE,
    DELETE,
    GATEWAY,
    NOTHING,
    REPLACE,
    UPDATE,
    change,
    flow,
    golden,
    peer,
    plan,
    route,
    rule,
)

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
OTHER = {"gateway_path": "/infra/tier-0s/T0-of-others"}
FROZEN = PolicyFile(
    GatePolicy.model_validate(
        {
            "version": 1,
            "frozen": (
                {
                    "managers": ("NSX-wld01.example.com:443",),
                    "from": "2026-12-01T13:00:00+01:00",
                    "until": "2026-12-01T12:00:01Z",
                    "why": "upgrade",
                },
            ),
        }
    )
)
KEPT = rule(*NOTHING, key="tkg")
WORSE = OutageChange("edge edge01", "Supervisor pod -> registry", Fate.WORKS, Fate.FAILS)
BETTER = OutageChange("edge edge01", "Supervisor pod -> registry", Fate.FAILS, Fate.WORKS)
MOVED = AffectedStack("wld01", "everything", "locks/terraform.lock.hcl differs")


def verdict(
    *plans: Reviewed, gate: PolicyFile = NO_FILE, moved: dict[str, str] | None = None, **run: Any
) -> GateVerdict:
    return judge(PlannedRun(tuple(plans), **run), {"wld01": golden()}, bind(gate, None), moved or {}, NOW)


def rules_of(found: GateVerdict) -> list[str]:
    return [one.rule for one in found.findings]


RED_AND_GREEN: dict[str, tuple[list[Reviewed], list[Reviewed]]] = {
    "stack-destroyed": ([plan(route(*DELETE), rule(*DELETE))], [plan(route(*DELETE), KEPT), plan(), plan(rule(*CREATE))]),
    "default-route-lost": (
        [
            plan(route(*DELETE), KEPT),
            plan(route(*REPLACE)),
            plan(route("create", "delete")),
            plan(route(*UPDATE, network="::/0", to="fe80::2"), route(*REPLACE, network="::/0")),
            plan(change("nsxt_policy_static_route", "wld01-default-route", UPDATE, {"network": "0.0.0.0/0"}, {"network": "10.0.0.0/8"})),
            plan(change("nsxt_policy_static_route", "wld01-default-route", UPDATE, {"network": "0.0.0.0/0"}, {"network": "::/0"})),
        ],
        [plan(route(*UPDATE, to="10.27.51.2")), plan(route(*CREATE)), plan(route(*DELETE, network="10.0.0.0/8"), KEPT)],
    ),
    "next-hop-moved": (
        [plan(route(*UPDATE, to="10.27.51.2"))],
        [plan(route(*UPDATE, display_name="new name")), plan(route(*CREATE)), plan(route(*UPDATE, network="10.0.0.0/8", to="10.27.51.2"))],
    ),
    "further-route-moved": (
        [plan(route(*DELETE, network="10.0.0.0/8"), KEPT), plan(route(*UPDATE, network="10.0.0.0/8", to="10.27.51.2"))],
        [plan(route(*CREATE, network="10.0.0.0/8")), plan(route(*UPDATE, to="10.27.51.2"))],
    ),
    "nat-rule-lost": ([plan(rule(*DELETE), KEPT), plan(rule(*REPLACE))], [plan(rule(*UPDATE, logging=True)), plan(KEPT)]),
    "rule-disabled": ([plan(rule(*UPDATE, enabled=False))], [plan(rule(*UPDATE, was={"enabled": False})), plan(KEPT)]),
    "rule-enabled": ([plan(rule(*UPDATE, was={"enabled": False}))], [plan(rule(*UPDATE, enabled=False)), plan(rule(*CREATE))]),
    "bfd-peer-lost": ([plan(peer(*DELETE), KEPT), plan(peer(*UPDATE, enabled=False))], [plan(peer(*CREATE)), plan(peer(*NOTHING))]),
    "object-forgotten": ([plan(rule("forget"))], [plan(KEPT)]),
    "object-taken-over": (
        [plan({**rule(*UPDATE, logging=True), "change": rule(*UPDATE, logging=True)["change"] | {"importing": {"id": "x"}}})],
        [plan({**KEPT, "change": KEPT["change"] | {"importing": {"id": "x"}}}), plan(rule(*UPDATE, logging=True))],
    ),
    "foreign-object": (
        [
            plan(change("nsxt_policy_tier0_gateway", "t0", UPDATE, {}, {"display_name": "x"})),
            plan(configuration={"root_module": {"resources": [{"address": "a", "mode": "managed", "provisioners": [{}]}]}}),
            plan(configuration={"root_module": {"module_calls": {"m": {"module": {"resources": [{"address": "a", "mode": "managed", "provider_config_key": "nsxt.other"}]}}}}}),
        ],
        [
            plan({**change("nsxt_policy_tier0_gateway", "t0", ("read",), {}, {}), "mode": "data"}),
            plan(change("nsxt_policy_tier0_gateway", "t0", NOTHING, {}, {})),
            plan(rule(*CREATE), peer(*CREATE), route(*CREATE)),
        ],
    ),
    "other-gateway": (
        [
            plan(change("nsxt_policy_nat_rule", "x", CREATE, {}, OTHER)),
            plan(change("nsxt_policy_nat_rule", "x", UPDATE, OTHER, {})),
            plan(change("nsxt_policy_nat_rule", "x", CREATE, {}, {"gateway_path": "(known after apply)"})),
        ],
        [plan(rule(*CREATE)), plan(route(*DELETE), KEPT)],
    ),
    "too-many-deletions": (
        [plan(rule(*DELETE), rule(*REPLACE, key="b"), rule(*DELETE, key="c"), KEPT)],
        [plan(rule(*DELETE), rule(*DELETE, key="b"), KEPT)],
    ),
    "overwrites-drift": (
        [plan(rule(*UPDATE), drift=(rule(*UPDATE, translated_networks=["10.27.51.99"]),)), plan(rule(*CREATE), drift=(rule(*DELETE),))],
        [
            plan(rule(*UPDATE), drift=(rule(*UPDATE, revision=4),)),
            plan(rule(*UPDATE), drift=(rule(*UPDATE, display_name="by hand", tag=[]),)),
            plan(rule(*NOTHING), drift=(rule(*UPDATE, translated_networks=["10.27.51.99"]),)),
        ],
    ),
    "flow-breaks": (
        [plan(flows=(flow(Fate.WORKS, Fate.FAILS),)), plan(flows=(flow(Fate.WORKS, Fate.SOMETIMES),)), plan(flows=(flow(None, Fate.FAILS),))],
        [plan(flows=(flow(Fate.FAILS, Fate.FAILS), flow(Fate.WORKS, Fate.WORKS), flow(Fate.WORKS, Fate.UNKNOWN)))],
    ),
    "flow-out-of-sight": ([plan(flows=(flow(Fate.WORKS, Fate.UNKNOWN),))], [plan(flows=(flow(Fate.UNKNOWN, Fate.UNKNOWN),))]),
    "flow-unknown": (
        [plan(flows=(flow(Fate.UNKNOWN, Fate.UNKNOWN),)), plan(flows=(flow(None, Fate.UNKNOWN),))],
        [plan(flows=(flow(Fate.WORKS, Fate.UNKNOWN), flow(Fate.UNKNOWN, Fate.WORKS)))],
    ),
    "flow-stays-broken": ([plan(flows=(flow(Fate.FAILS, Fate.FAILS),))], [plan(flows=(flow(Fate.FAILS, Fate.WORKS),))]),
    "flow-seen-otherwise": (
        [plan(flows=(flow(Fate.WORKS, Fate.WORKS, "10.27.51.145", "10.27.51.146"),))],
        [plan(flows=(flow(Fate.WORKS, Fate.WORKS, "10.27.51.145", "10.27.51.145"),))],
    ),
    "outage-worse": ([plan(outages=(WORSE,))], [plan(outages=(BETTER,))]),
    "manager-not-seen": ([plan(rule(*CREATE), not_seen="401")], [plan(KEPT, not_seen="401"), plan(rule(*CREATE))]),
    "lab-plan": ([plan(target="target: lab 127.0.0.1:40443", host="127.0.0.1:40443")], [plan()]),
    "other-manager": (
        [plan(host="nsx-b.example.com"), plan(host="")],
        [plan(host="NSX-WLD01.example.com:443"), plan(target="target: lab 127.0.0.1:40443", host="127.0.0.1:40443")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", RED_AND_GREEN)
def test_a_rule_meets_what_it_is_for_and_nothing_else(name: str) -> None:
    red, green = RED_AND_GREEN[name]
    for number, one in enumerate(red):
        found = [finding for finding in verdict(one).findings if finding.rule == name]
        assert found, f"{name}: red case {number} passes"
        assert all(
            finding.demand is BY_ID[name].demand and finding.what and finding.why and finding.fix for finding in found
        )
    for number, one in enumerate(green):
        assert name not in rules_of(verdict(one)), f"{name}: green case {number} is met"


def test_every_rule_has_a_red_and_a_green_case() -> None:
    elsewhere = {"stack-failed", "stack-not-planned", "stack-removed", "manager-frozen", "tools-move", "no-domain-file"}
    assert RED_AND_GREEN.keys() | elsewhere == BY_ID.keys()


def test_a_plan_without_changes_whose_flows_work_passes_in_silence() -> None:
    found = verdict(plan(KEPT, flows=(flow(Fate.WORKS, Fate.WORKS, "10.27.51.145", "10.27.51.145"),)))
    assert (found.passes, found.findings, found.notes) == (True, (), ())


def test_a_stack_that_failed_or_is_missing_is_denied() -> None:
    gone = AffectedStack("b", "changed")
    found = verdict(failed=(failure("a", "no route to host\nand more"),), missing=(gone,), affected=(gone,))
    assert [(one.stack, one.rule, one.stops) for one in found.findings] == [
        ("a", "stack-failed", True),
        ("b", "stack-not-planned", True),
    ]
    assert found.findings[0].what == "no plan: no route to host"


def test_a_removed_stack_without_a_plan_needs_somebody_to_answer() -> None:
    removed = AffectedStack("b", "removed")
    assert rules_of(verdict(missing=(removed,), affected=(removed,))) == ["stack-removed"]


def test_an_empty_change_passes_and_says_why() -> None:
    found = verdict(affected=())
    assert found.passes
    assert found.notes == ("the change affects no stack: there is nothing to judge",)


def test_a_destroyed_stack_is_told_once() -> None:
    everything = plan(route(*DELETE), rule(*DELETE), rule(*DELETE, key="tkg"), flows=(flow(Fate.WORKS, Fate.FAILS),))
    (one,) = verdict(everything).findings
    assert one.rule == "stack-destroyed"
    assert one.what.startswith("all 3 objects of the stack are deleted: default route, ")


def test_a_destroyed_stack_hides_nothing_that_is_stricter() -> None:
    strict = PolicyFile(GatePolicy.model_validate({"version": 1, "rules": {"default-route-lost": "deny"}}))
    found = rules_of(verdict(plan(route(*DELETE), rule(*DELETE)), gate=strict))
    assert found == ["default-route-lost", "stack-destroyed"]


@pytest.mark.parametrize(
    ("at", "frozen"),
    [("11:59:59", False), ("12:00:00", True), ("12:00:01", False)],
)
def test_a_manager_is_frozen_from_its_first_moment_until_before_the_last(at: str, frozen: bool) -> None:
    now = datetime.fromisoformat(f"2026-12-01T{at}+00:00")
    run = PlannedRun((plan(rule(*CREATE)),))
    found = judge(run, {"wld01": golden()}, bind(FROZEN, None), {}, now)
    assert ("manager-frozen" in rules_of(found)) is frozen
    assert found.passes is not frozen


def test_a_frozen_manager_lets_pass_what_changes_nothing_and_stops_what_does_not_name_its_manager() -> None:
    assert verdict(plan(KEPT), gate=FROZEN).passes
    assert "manager-frozen" in rules_of(verdict(plan(rule(*CREATE), host=""), gate=FROZEN))


def test_a_plan_that_names_no_manager_is_taken_for_one_of_a_frozen_manager_where_no_file_says_another() -> None:
    assert "manager-frozen" in rules_of(verdict(plan(rule(*CREATE), host="", stack="wld66"), gate=FROZEN))
    assert "manager-frozen" not in rules_of(
        verdict(plan(rule(*CREATE), host="nsx-b.example.com", stack="wld66"), gate=FROZEN)
    )


def test_a_lab_plan_of_a_frozen_manager_waits_as_well() -> None:
    on_a_lab = plan(rule(*CREATE), target="target: lab 127.0.0.1:40443", host="127.0.0.1:40443")
    assert "manager-frozen" in rules_of(verdict(on_a_lab, gate=FROZEN))


def test_the_end_of_one_stack_hides_nothing_of_another() -> None:
    found = verdict(plan(route(*DELETE), rule(*DELETE)), plan(rule(*DELETE), KEPT, stack="wld02"))
    assert ("wld02", "nat-rule-lost") in {(one.stack, one.rule) for one in found.findings}


def test_tools_that_move_together_with_objects_are_to_be_split() -> None:
    assert rules_of(verdict(plan(rule(*CREATE)), affected=(MOVED,))) == ["tools-move"]
    assert verdict(plan(KEPT), affected=(MOVED,)).passes
    assert rules_of(verdict(plan(rule(*CREATE)), moved={"": "locks differ from the base"})) == ["tools-move"]
    assert verdict(plan(rule(*CREATE)), moved={"another": "host a -> b"}).passes


def test_a_plan_for_no_domain_file_is_denied_unless_it_does_nothing() -> None:
    found = verdict(plan(rule(*CREATE), stack="wld66"))
    assert rules_of(found) == ["other-gateway", "no-domain-file"], "no file says which Tier-0 is the stack's own either"
    assert {one.place for one in found.findings} == {None}
    assert verdict(plan(KEPT, stack="wld66")).passes


def test_a_plan_beside_the_affected_stacks_is_told() -> None:
    assert verdict(plan(KEPT), affected=()).notes == ("wld01 is planned, and is not among the affected stacks",)


@pytest.mark.parametrize(
    "strange",
    [
        {"configuration": {"root_module": {"resources": [4]}}},
        {"configuration": {"root_module": {"module_calls": [1]}}},
        {"prior_state": {"values": {"root_module": {"resources": [{"mode": "data", "type": "nsxt_policy_tier0_gateway", "values": 3}]}}}},
    ],
)  # fmt: skip
def test_a_plan_that_no_engine_wrote_does_not_pass(strange: dict[str, Any]) -> None:
    named = golden().model_copy(update={"tier0": golden().tier0.model_copy(update={"id": None, "display_name": "T0"})})
    run = PlannedRun((plan(rule(*CREATE), **strange),))
    with pytest.raises(EgressError, match="wld01: the saved plan's JSON is not as an engine writes it: plan again"):
        judge(run, {"wld01": named}, bind(NO_FILE, None), {}, NOW)


def test_a_tier0_that_the_file_names_by_its_display_name_is_the_one_that_the_plan_looked_up() -> None:
    named = golden().model_copy(update={"tier0": golden().tier0.model_copy(update={"id": None, "display_name": "T0"})})
    looked_up = {"mode": "data", "type": "nsxt_policy_tier0_gateway", "address": "data.t0", "values": {"path": GATEWAY}}
    for path, met in ((GATEWAY, False), ("/infra/tier-0s/another", True)):
        found = plan(
            rule(*CREATE),
            prior_state={"values": {"root_module": {"resources": [looked_up | {"values": {"path": path}}]}}},
        )
        verdict_ = judge(PlannedRun((found,)), {"wld01": named}, bind(NO_FILE, None), {}, NOW)
        assert ("other-gateway" in rules_of(verdict_)) is met


def test_what_a_plan_deletes_counts_whatever_its_review_says() -> None:
    found = verdict(plan(route(*DELETE), KEPT, flows=(flow(Fate.WORKS, Fate.WORKS),)))
    assert not found.passes
    assert rules_of(found) == ["default-route-lost"]


def test_a_finding_stands_at_the_value_in_the_domain_file() -> None:
    by_rule = {one.rule: one.place for one in verdict(plan(rule(*REPLACE), route(*UPDATE, to="10.27.51.2"))).findings}
    lines = (Path(__file__).resolve().parents[2] / "domains/wld01.yaml").read_text().splitlines()
    for rule_id, key in (("nat-rule-lost", "supervisor:"), ("next-hop-moved", "default_route:")):
        place = by_rule[rule_id]
        assert place is not None
        assert key in lines[place.line - 1], rule_id


def test_a_rule_is_explained_and_an_unknown_one_has_a_near_match() -> None:
    assert page.explained("flow-breaks").startswith("flow-breaks (override): a flow does not work")
    with pytest.raises(EgressError, match="did you mean flow-breaks"):
        page.explained("flow-brakes")


def test_the_page_of_rules_is_current_and_its_example_is_a_gate_file() -> None:
    repository = Path(__file__).resolve().parents[2]
    assert (repository / "docs/gate.md").read_text() == page.page(), "run: egress gate --rules > docs/gate.md"
    from egress.domain.yaml_tree import parse

    assert len(policy.read(parse(page.EXAMPLE.encode(), "gate.yaml")).policy.overrides) == 1


def test_rules_speak_as_messages_do() -> None:
    for one in RULES:
        assert one.title[0].islower(), one.id
        assert one.fix[0].islower(), one.id
        assert not one.fix.endswith(".")
        assert one.reason.endswith("."), one.id
        assert one.source
        assert one.demand in Demand
        assert one.covers <= BY_ID.keys()
