"""A run as Markdown: the dangerous first, within its room whatever the number of stacks, and nothing of others acts in it."""

from __future__ import annotations

from datetime import date

import pytest

from egress.review.comment import COMMENT, SUMMARY, render
from egress.review.consequence import Fate, Noticed, OutageChange
from egress.review.finding import Demand, GateFinding, GateVerdict, Override
from egress.review.planned_run import AffectedStack, PlannedRun, Reviewed, failure
from tests.review.plans import DEFAULT, SUPERVISOR, THERE, TKG, flow, plan, reviewed, rule

W, F = Fate.WORKS, Fate.FAILS
HOP = {DEFAULT: THERE[DEFAULT] | {"next_hop": [{"ip_address": "10.27.51.2", "admin_distance": 1}]}}


def run(*plans: Reviewed) -> PlannedRun:
    return PlannedRun(plans)


def test_counts_come_first_then_a_row_per_stack_then_network_words() -> None:
    text = render(run(reviewed("wld01", plan(HOP), flow("TKG", W, F, why=("no way",), to_do=("add it",)))), COMMENT)
    assert text.startswith("## Tier-0 egress: 1 stack changes\n\nTraffic: **1 will break**\n")
    assert "| wld01 | 0 to add, 1 to change, 0 to destroy | **1 will break** |  |\n" in text
    assert "| default route | changed | next hop 10.27.51.1 | next hop 10.27.51.2 |" in text
    assert "- **image pulls from TKG:<!-- --> work -\\> will time out**<br>because no way<br>to do:<!-- --> add it" in text.replace("to do: add", "to do:<!-- --> add")  # fmt: skip
    assert f"plan `sha256:{'ab' * 32}`" in text
    assert "the engine's words" in text


def test_what_goes_is_loud() -> None:
    text = render(run(reviewed("wld01", plan({TKG: None}))), COMMENT)
    assert "0 to add, 0 to change, **1 to DESTROY**" in text
    assert "| NAT rule for 30.0.0.16 | **deleted** | REFLEXIVE to 10.27.51.147, priority 110 |  |" in text


def test_no_changes_and_nothing_to_worry_about_is_a_row_and_no_section() -> None:
    text = render(run(reviewed("wld01", plan(), flow("TKG", W, W))), COMMENT)
    assert text.startswith("## Tier-0 egress: no stack changes, 1 as it is\n\nTraffic: 1 as before\n")
    assert "###" not in text


def test_a_stack_without_changes_whose_traffic_is_broken_is_told() -> None:
    text = render(run(reviewed("wld01", plan(), flow("TKG", F, F), flow("Supervisor", W, W))), COMMENT)
    assert "### wld01: no changes" in text
    assert "image pulls from TKG:<!-- --> time out, and still will" in text
    assert "as before: image pulls from Supervisor:<!-- --> work, seen as 10.27.51.145" in text


def test_the_empty_answer_is_said_and_the_failed_and_missing_are_no_good_news() -> None:
    assert render(PlannedRun((), affected=()), COMMENT) == "## Tier-0 egress: no stack changes\n\n"
    lost = PlannedRun((), (failure("wld02", "no route to host ```"),), (AffectedStack("wld03", "changed"),))
    text = render(lost, COMMENT)
    assert "**2 could not be planned**" in text
    assert "| wld02 | **could not be planned** | not known | |" in text
    assert "| wld03 | changed: **no plan of it is here**, its job ended without one | not known | |" in text
    assert "````text\nno route to host ```\n````" in text


def test_an_unseen_manager_is_said_where_the_flows_are() -> None:
    text = render(run(reviewed("wld01", plan(), flow("TKG", None, W), not_seen="403 of x")), COMMENT)
    assert "- the manager was not read: 403 of x" in text


def test_failures_that_become_worse_are_told_and_better_ones_counted() -> None:
    outages = (OutageChange("edge edge01", "TKG pod -> registry", W, F), OutageChange("edge edge02", "q", F, W))
    text = render(run(reviewed("wld01", plan(HOP), outages=outages)), COMMENT)
    assert "- **without edge edge01**: TKG pod -\\> registry \\(works -\\> fails\\)" in text
    assert "- 1 flow less lost, counted over all single failures" in text


def test_what_the_gate_says_is_told_with_who_answers_for_it() -> None:
    given = Override("route-change", "wld01", "Ada", "maintenance", date(2026, 12, 1), "CHG-7")
    found = GateVerdict(
        (
            GateFinding(
                "rule-deleted", Demand.DENY, "wld01", "it goes", "pulls end", "keep it", note="only in this branch"
            ),
            GateFinding("route-change", Demand.OVERRIDE, "wld01", "it moves", "all traffic", "ask", overridden=given),
            GateFinding("stays-broken", Demand.WARN, "wld01", "broken", "told", "look"),
        )
    )
    text = render(run(reviewed("wld01", plan(HOP))), COMMENT, found)
    assert "Gate: **1 not passed**, 1 overridden, 1 warning\n" in text
    assert "- **deny**: it goes (rule-deleted)".replace("(", "(") in text.replace("\\(", "(").replace("\\)", ")")
    assert "<br>only in this branch" in text
    assert "overridden until 2026-12-01 by Ada" in text
    assert "Gate: passed" in render(run(reviewed("wld01", plan(HOP))), COMMENT, GateVerdict(()))


def many(number: int, words: str = "x" * 20_000) -> PlannedRun:
    picture = "flowchart LR\n" + "n0 --> n1\n" * 500
    flows = (flow("TKG", W, W), flow("Supervisor", W, W))
    plans = [reviewed(f"s{n:04}", plan({SUPERVISOR: rule("a", "30.0.0.5", f"10.27.51.{n % 200 + 1}", 100)}), *flows, picture=picture) for n in range(number)]  # fmt: skip
    bad = reviewed("zz-bad", plan({TKG: None}), flow("TKG", W, F), picture=picture)
    return PlannedRun(tuple(Reviewed(p.stack, p.target, p.content, words, p.digest, p.review) for p in (*plans, bad)))


@pytest.mark.parametrize("number", [1, 3, 20, 200, 2000])
@pytest.mark.parametrize("limit", [COMMENT, SUMMARY])
def test_the_room_is_kept_whatever_the_number_of_stacks_and_the_dangerous_one_is_in_it(number: int, limit: int) -> None:
    text = render(many(number), limit)
    assert len(text.encode()) <= limit
    assert text.startswith(f"## Tier-0 egress: {number + 1} stacks change\n")
    assert "### zz-bad: 0 to add, 0 to change, **1 to DESTROY**" in text
    assert text.index("| zz-bad |") < text.index("| s0000 |")
    if number >= 20 and limit == COMMENT:
        assert "_No room here for the rest: " in text
    assert text.count("<details>") == text.count("</details>")
    assert text.count("```") % 2 == 0


def test_where_rows_have_no_room_they_are_counted() -> None:
    text = render(many(2000), COMMENT)
    shown = text.count("| 0 to add, 1 to change")
    assert 0 < shown < 2000
    assert f"| {2001 - shown - 1} stacks more | | | |" in text


def test_long_words_are_cut_to_the_room_and_say_so() -> None:
    text = render(many(1, "ä" * 200_000), COMMENT)
    assert "characters more" in text
    assert len(text.encode()) <= COMMENT


def test_a_stack_with_more_objects_than_a_table_takes_says_how_many() -> None:
    more = {f"nsxt_policy_nat_rule.Egress_m{n}": rule(f"m{n}", f"30.0.{n}.1", "10.27.51.150", n) for n in range(100)}
    text = render(run(reviewed("wld01", plan(more))), COMMENT)
    assert "| 60 more | | | |" in text


HOSTILE = "@team #1 ![x](http://y) <b> | `a` </details>\n::error::\u202e ```"


def test_nothing_that_others_wrote_acts() -> None:
    bad = rule(HOSTILE, HOSTILE, HOSTILE, 1) | {"action": HOSTILE}
    review = {
        "noticed": (Noticed(HOSTILE, "error", HOSTILE, HOSTILE),),
        "differs": (HOSTILE,),
        "not_seen": HOSTILE,
        "outages": (OutageChange(HOSTILE, HOSTILE, W, F),),
        "picture": HOSTILE,
    }
    one = reviewed(
        "wld01", plan({TKG: bad}), flow(HOSTILE, W, F, (HOSTILE,), why=(HOSTILE,), to_do=(HOSTILE,)), **review
    )
    given = Override(HOSTILE, "wld01", HOSTILE, HOSTILE, date(2026, 12, 1), HOSTILE)
    verdict = GateVerdict(
        (
            GateFinding(HOSTILE, Demand.DENY, "wld01", HOSTILE, HOSTILE, HOSTILE, note=HOSTILE),
            GateFinding(HOSTILE, Demand.OVERRIDE, "wld01", HOSTILE, HOSTILE, HOSTILE, overridden=given),
        )
    )
    made = PlannedRun(
        (Reviewed("wld01", HOSTILE, one.content, HOSTILE, one.digest, one.review),),
        (failure("x", HOSTILE),),
        (AffectedStack("y", HOSTILE, HOSTILE),),
    )
    outside, inside = [], False
    for line in render(made, COMMENT, verdict).splitlines():
        if line.startswith("````"):
            inside = not inside
        elif not inside:
            outside.append(line)
    text = "\n".join(outside)
    assert "@team" not in text
    assert "#1" not in text
    assert "](http" not in text
    assert "<b>" not in text.replace("\\<b\\>", "")
    assert "\u202e" not in text
    assert not any(line.startswith("::") for line in outside)
