"""A flow on both sides of a plan: what is said of it, and what is no review."""

from __future__ import annotations

import json

import pytest

from egress.answers.questions import Purpose
from egress.domain import EgressError
from egress.review.consequence import Consequence, Fate, OutageChange, Side, Turn, as_json, parse
from tests.review.plans import flow, reviewed

F, S, W, U = Fate.FAILS, Fate.SOMETIMES, Fate.WORKS, Fate.UNKNOWN


@pytest.mark.parametrize(
    ("before", "after", "turn", "course"),
    [
        (W, W, Turn.WORKS, "work, seen as 10.27.51.145"),
        (W, S, Turn.BREAKS, "work -> will time out now and then"),
        (W, F, Turn.BREAKS, "work -> will time out"),
        (W, U, Turn.UNKNOWN, "work -> cannot be known"),
        (S, W, Turn.MENDS, "time out now and then -> will work, seen as 10.27.51.145"),
        (S, S, Turn.STAYS_BROKEN, "time out now and then, and still will"),
        (S, F, Turn.BREAKS, "time out now and then -> will time out"),
        (F, W, Turn.MENDS, "time out -> will work, seen as 10.27.51.145"),
        (F, S, Turn.STAYS_BROKEN, "time out -> will time out now and then"),
        (F, F, Turn.STAYS_BROKEN, "time out, and still will"),
        (F, U, Turn.UNKNOWN, "time out -> cannot be known"),
        (U, W, Turn.MENDS, "not known now -> will work, seen as 10.27.51.145"),
        (U, F, Turn.STAYS_BROKEN, "not known now -> will time out"),
        (U, U, Turn.UNKNOWN, "not known now -> cannot be known"),
        (None, W, Turn.MENDS, "will work, seen as 10.27.51.145"),
        (None, F, Turn.BREAKS, "will time out"),
        (None, U, Turn.UNKNOWN, "cannot be known"),
    ],
)
def test_every_pair_of_sides_has_its_turn_and_its_words(
    before: Fate | None, after: Fate, turn: Turn, course: str
) -> None:
    one = flow("TKG", before, after)
    assert (one.turn, str(one)) == (turn, f"image pulls from TKG: {course}")


def test_what_was_not_known_and_fails_after_is_not_called_as_before() -> None:
    assert flow("TKG", U, F).matters


def test_other_addresses_are_told_only_of_those_inside() -> None:
    assert flow("TKG", W, W, ("10.0.0.2",), was=("10.0.0.1",)).turn is Turn.OTHER_SOURCE
    assert flow("TKG", W, W, ("10.0.0.2", "10.0.0.1"), was=("10.0.0.1", "10.0.0.2")).turn is Turn.WORKS
    client = Consequence("outside -> ingress", Purpose.INGRESS, "", "30.0.1.1", 443, Side(W, ("a",)), Side(W, ("b",)))
    assert (client.turn, str(client)) == (Turn.WORKS, "clients of 30.0.1.1:443: work")


@pytest.mark.parametrize(
    ("purpose", "text"),
    [
        (Purpose.LOOKUP, "DNS lookups from TKG at 172.20.0.53: will time out"),
        (Purpose.OTHER, "TKG pod -> dns: will time out"),
    ],
)
def test_a_flow_is_called_by_what_it_is_for(purpose: Purpose, text: str) -> None:
    assert str(Consequence("TKG pod -> dns", purpose, "TKG", "172.20.0.53", 53, None, Side(F))) == text


def test_an_outage_is_worse_where_less_works() -> None:
    assert OutageChange("edge edge01", "q", W, F).worse
    assert not OutageChange("edge edge01", "q", F, W).worse


@pytest.mark.parametrize(
    "change",
    [
        {"format": "something"},
        {"version": 2},
        {"consequences": [{}]},
        {"consequences": "x"},
        {"stack": "x" * 5000},
        {"outages": [{"outage": "a", "question": "b", "before": "well", "after": "works"}]},
        {"noticed": [{"rule": "a", "severity": "fatal", "what": "", "fix": ""}]},
    ],
)
def test_what_is_no_review_is_refused_with_the_place(change: dict[str, object]) -> None:
    good = json.loads(as_json(reviewed("wld01", None, flow("TKG", W, W)).review))
    with pytest.raises(EgressError, match=rf"the review is no review of version 1 \({next(iter(change))}"):
        parse(json.dumps(good | change).encode(), "the review")


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b"{", b"null"])
def test_what_is_no_json_is_refused(content: bytes) -> None:
    with pytest.raises(EgressError, match="no review of version 1"):
        parse(content, "the review")
