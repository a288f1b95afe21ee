"""What a plan does to packets is walked over what the manager has, before and after; the file's word counts for nothing there."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from egress.checks import check_live
from egress.delivery.content.plan_content import PlanContent
from egress.delivery.content.plan_content import parse as parse_plan
from egress.domain import WorkloadDomain
from egress.policy.sighting import Sighting, Unseen
from egress.policy.tier1s import whole_tier1s
from egress.policy.tree import PolicyObjects
from egress.reachability.view import Live
from egress.reachability.view import view as view_of
from egress.review.consequence import Fate, Review, Turn, as_json, parse
from egress.review.walked import review
from tests.review.plans import DEFAULT, SUPERVISOR, T0, THERE, TKG, plan, rule

RETURN_ROUTE = "\nreturn_routes: [{host: 172.20.0.53, to: 30.0.0.0/24, via: [172.20.0.1, 172.20.0.2]}]\n"
RULES = f"{T0}/nat/USER/nat-rules/"
VNET = "/infra/tier-1s/vnet-domain-c8"
Reviewed = Callable[..., Review]


@pytest.fixture
def walked(golden_text: str, domain_of: Callable[..., WorkloadDomain]) -> Reviewed:
    """The review of a plan over the golden domain as a manager has it; `without` some paths, `more` besides."""
    domain = domain_of(golden_text + RETURN_ROUTE)
    there = view_of(domain).objects

    def made(content: PlanContent, without: tuple[str, ...] = (), more: dict[str, Any] | None = None, unseen: tuple[Unseen, ...] = (), states: dict[str, str] | None = None) -> Review:  # fmt: skip
        objects = {path: body for path, body in {**there, **(more or {})}.items() if path not in without}
        live = Live.of("the manager x", Sighting(T0, objects, states or {}, {}, unseen))
        return review(domain, [domain], content, live, "", check_live([]))

    return made


def turns(found: Review) -> dict[str, Turn]:
    return {one.question: one.turn for one in found.consequences}


def said(found: Review) -> list[str]:
    return [str(one) for one in found.consequences if one.matters]


def test_a_plan_that_does_nothing_leaves_everything_as_before(walked: Reviewed) -> None:
    found = walked(plan())
    assert set(turns(found).values()) == {Turn.WORKS}
    assert not found.outages
    assert not found.assumed
    assert "image pulls from TKG: work, seen as 10.27.51.147" in [str(one) for one in found.consequences]


def test_the_plan_is_put_in_without_a_look_at_what_it_does_not_touch(
    walked: Reviewed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The Tier-1s are read for what is there now, once as they act and once whole, and stay as they are after the plan."""
    reads: Counter[str] = Counter()

    def read(objects: PolicyObjects) -> Any:
        reads["whole"] += 1
        return whole_tier1s(objects)

    monkeypatch.setattr("egress.reachability.sources.whole_tier1s", read)
    found = walked(plan({TKG: None}))
    assert [one.turn for one in found.consequences].count(Turn.BREAKS) == 1
    assert reads["whole"] == 2


def test_a_rule_that_goes_breaks_its_flows_and_says_why(walked: Reviewed) -> None:
    found = walked(plan({TKG: None}))
    assert said(found) == ["image pulls from TKG: work -> will time out"]
    (broken,) = found.of(Turn.BREAKS)
    assert broken.after.why
    assert any("apply wld01-egress-tkg" in one for one in broken.after.to_do)


def test_a_plan_that_makes_what_is_missing_mends(walked: Reviewed) -> None:
    missing = {address: value for address, value in THERE.items() if address != TKG}
    found = walked(plan({TKG: THERE[TKG]}, missing), without=(f"{RULES}wld01-egress-tkg",))
    assert said(found) == ["image pulls from TKG: time out -> will work, seen as 10.27.51.147"]


def test_another_translated_address_is_told_with_both(walked: Reviewed) -> None:
    found = walked(plan({SUPERVISOR: rule("wld01-egress-supervisor", "30.0.0.5", "10.27.51.150", 100)}))
    assert said(found) == ["image pulls from Supervisor: work, seen as 10.27.51.145 -> will work, seen as 10.27.51.150"]


def test_what_moved_below_the_tier0_is_not_said_to_work_by_a_plan_that_changes_nothing_for_it(walked: Reviewed) -> None:
    moved = {f"{VNET}/nat/USER/nat-rules/vnet-domain-c8-snat-0": {"action": "SNAT", "source_network": "192.168.128.0/24", "translated_network": "30.0.0.17"}}  # fmt: skip
    found = walked(plan({SUPERVISOR: rule("wld01-egress-supervisor", "30.0.0.5", "10.27.51.150", 100)}), more=moved)
    pulls = {question: turn for question, turn in turns(found).items() if question.endswith("registry")}
    assert pulls["Supervisor pod -> registry"] is Turn.OTHER_SOURCE
    assert {turn for question, turn in pulls.items() if "30.0.0.17" in question or "vnet" in question} == {
        Turn.STAYS_BROKEN
    }
    assert any("30.0.0.17" in sentence for sentence in found.differs)


def test_a_next_hop_that_nobody_has_breaks_every_way_out(walked: Reviewed) -> None:
    hop = {"next_hop": [{"ip_address": "10.27.51.9", "admin_distance": 1}]}
    found = walked(plan({DEFAULT: THERE[DEFAULT] | hop}))
    pulls = [one for one in found.of(Turn.BREAKS) if one.question.endswith("registry")]
    assert len(pulls) == 2


def test_a_next_hop_that_the_file_no_longer_names_is_still_there_today(walked: Reviewed, golden_text: str, domain_of: Callable[..., WorkloadDomain]) -> None:  # fmt: skip
    """The file of the pull request names another router; today's traffic goes by the old one, and works."""
    domain = domain_of(golden_text.replace("address: 10.27.51.1}", "address: 10.27.51.9}") + RETURN_ROUTE)
    there = view_of(domain_of(golden_text + RETURN_ROUTE)).objects
    hop = {"next_hop": [{"ip_address": "10.27.51.9", "admin_distance": 1}]}
    live = Live.of("the manager x", Sighting(T0, there, {}, {}, ()))
    found = review(domain, [domain], plan({DEFAULT: THERE[DEFAULT] | hop}), live, "", check_live([]))
    assert set(turns(found).values()) == {Turn.WORKS}
    assert found.assumed == ("there is a router at 10.27.51.9, which knows the way back: no plan can tell",)


def test_a_next_hop_that_somebody_put_in_by_hand_is_not_vouched_for(walked: Reviewed) -> None:
    by_hand = THERE[DEFAULT] | {"next_hop": [{"ip_address": "10.27.51.66", "admin_distance": 1}]}
    content = plan({DEFAULT: THERE[DEFAULT]}, THERE | {DEFAULT: by_hand})
    drift = {"address": DEFAULT, "mode": "managed", "type": "nsxt_policy_static_route", "change": {"actions": ["update"], "before": THERE[DEFAULT], "after": by_hand}}  # fmt: skip
    content = parse_plan(json.dumps(content.raw | {"resource_drift": [drift]}), "the plan")
    route = {"network": "0.0.0.0/0", "next_hops": [{"ip_address": "10.27.51.66", "admin_distance": 1}]}
    found = walked(content, more={f"{T0}/static-routes/wld01-default-route": route})
    assert turns(found)["TKG pod -> registry"] is Turn.MENDS


def test_what_a_plan_changes_is_taken_as_realized_and_what_it_leaves_as_it_is(walked: Reviewed) -> None:
    states = {f"{RULES}wld01-egress-supervisor": "ERROR", f"{RULES}wld01-egress-tkg": "ERROR"}
    found = walked(plan({SUPERVISOR: rule("wld01-egress-supervisor", "30.0.0.5", "10.27.51.150", 100)}), states=states)
    assert turns(found)["Supervisor pod -> registry"] is Turn.MENDS
    assert turns(found)["TKG pod -> registry"] is Turn.STAYS_BROKEN


def test_what_was_not_seen_is_no_verdict_and_no_advice(walked: Reviewed) -> None:
    found = walked(plan({TKG: None}), unseen=(Unseen("the static routes", "403"),))
    assert set(turns(found).values()) == {Turn.UNKNOWN}
    assert all(one.after.fate is Fate.UNKNOWN and not one.after.to_do for one in found.consequences)
    assert not found.outages


def test_a_plan_that_takes_resilience_away_is_told_failure_by_failure(walked: Reviewed) -> None:
    """Both addresses on one uplink: what its edge's failure takes along grows, and every flow works as long as nothing fails."""
    same = rule("wld01-egress-tkg", "30.0.0.16", "10.27.51.145", 110)
    found = walked(plan({TKG: same}))
    assert "TKG pod -> registry" in turns(found)
    usual = {one.question for one in found.consequences if one.after.fate is Fate.WORKS}
    assert {one.question for one in found.outages} <= usual


def test_a_flow_that_breaks_is_not_told_again_for_every_failure(walked: Reviewed) -> None:
    found = walked(plan({TKG: None}))
    assert not [one for one in found.outages if one.question == "TKG pod -> registry"]


def test_without_a_manager_the_files_are_walked_and_it_is_said(golden: WorkloadDomain) -> None:
    found = review(golden, [golden], plan({TKG: None}), None, "no answer", check_live([]))
    assert found.not_seen == "no answer"
    assert all(one.before is None for one in found.consequences)
    assert "TKG pod -> registry" in [one.question for one in found.of(Turn.BREAKS)]


def test_a_review_is_the_same_after_it_was_saved(walked: Reviewed) -> None:
    found = walked(plan({TKG: None}))
    assert parse(as_json(found), "x") == found
