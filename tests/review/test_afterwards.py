"""After an apply: what was to work has to work, and what could not be seen breaks no promise."""

from __future__ import annotations

import pytest

from egress.domain import WorkloadDomain
from egress.reachability.view import Live
from egress.reachability.view import view as view_of
from egress.review.afterwards import FlowNow, flows_now
from egress.review.consequence import Fate
from tests.review.plans import T0, flow, reviewed

F, S, W, U = Fate.FAILS, Fate.SOMETIMES, Fate.WORKS, Fate.UNKNOWN


@pytest.mark.parametrize(
    ("promised", "now", "broken", "told"),
    [
        (W, W, False, "image pulls from TKG: work, seen as 10.27.51.145"),
        (W, F, True, "image pulls from TKG: time out, and was to work"),
        (W, S, True, "image pulls from TKG: time out now and then, and was to work"),
        (W, U, False, "image pulls from TKG: not known now"),
        (F, F, False, "image pulls from TKG: time out"),
        (None, F, False, "image pulls from TKG: time out"),
    ],
)
def test_a_promise_is_broken_by_what_was_seen_only(promised: Fate | None, now: Fate, broken: bool, told: str) -> None:
    one = FlowNow(flow("TKG", None, now), promised)
    assert (one.broken_promise, str(one)) == (broken, told)
    assert one.as_data()["told"] == told


def test_the_flows_are_asked_of_the_manager_and_held_against_the_review(golden: WorkloadDomain) -> None:
    there = view_of(golden).objects
    said = reviewed("wld01", None, flow("TKG", W, W), flow("Supervisor", W, F)).review
    rule = f"{T0}/nat/USER/nat-rules/wld01-egress-tkg"
    live = Live("the manager x", T0, {path: body for path, body in there.items() if path != rule})
    found = {one.flow.question: one for one in flows_now(golden, [golden], live, said)}
    assert found["TKG pod -> registry"].broken_promise
    assert not found["Supervisor pod -> registry"].broken_promise
    assert found["Supervisor pod -> dns 172.20.0.53"].promised is None
