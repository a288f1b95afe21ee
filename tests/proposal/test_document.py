"""Proposals as data and as the words of a pull request."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from egress.domain import EgressError
from egress.domain.editing import Edit
from egress.proposal import request
from egress.proposal.document import as_data, from_data
from egress.proposal.proposal import Change, Kind, Proposal
from tests.proposal.conftest import ACTIVE, SUPERVISOR, Proposed, sender

HOSTILE = "@team ![x](http://evil) #1 <b> | /close\n~label"


def made(number: int = 1, text: str = "why") -> Proposal:
    edits = (Edit(("egress", "more", "a"), {"source": "10.0.0.1"}),)
    changes = tuple(
        Change(Kind.NEW, f"k{one}", "10.0.0.1", "10.1.0.1", edits, (text,), (text,)) for one in range(number)
    )
    return Proposal("site", changes, (text,), (text,), (text,))


def test_what_is_written_is_read_again(proposed: Callable[..., Proposed]) -> None:
    proposal = proposed(ACTIVE, [SUPERVISOR, sender("t1-dev", "10.2.0.17", ["10.246.0.0/24"])]).proposal
    assert from_data(json.loads(json.dumps(as_data([proposal, made()]))), "x") == (proposal, made())


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ([], "x is no proposal: egress propose --out FILE writes one"),
        ({"format": "egress-plan"}, "x is no proposal"),
        ({"format": "egress-proposal", "version": 7}, "version 7, allowed is 1"),
        ({"format": "egress-proposal", "version": 1}, "cannot be read at proposals"),
        (
            {"format": "egress-proposal", "version": 1, "proposals": [{"changes": []}]},
            "cannot be read at proposals.0.stack",
        ),
    ],
)
def test_anything_else_is_refused_in_a_sentence(data: Any, says: str) -> None:
    with pytest.raises(EgressError, match=says.replace(".", r"\.")):
        from_data(data, "x")


@pytest.mark.parametrize("at", [("nsx", "host"), ("egress",), (), ("state", "backend")])
def test_an_edit_that_is_none_of_a_proposal_is_refused(at: tuple[str, ...]) -> None:
    data = as_data([made()])
    data["proposals"][0]["changes"][0]["edits"] = [{"at": list(at), "value": "x"}]
    with pytest.raises(EgressError, match="allowed are keys below egress and tier1s"):
        from_data(data, "x")


def test_texts_of_a_manager_do_nothing_in_a_pull_request() -> None:
    said = request.body([made(text=HOSTILE)])
    for acting in ("@team", "![x]", "](", "#1", "<b>", "\n~", "\n/close"):
        assert acting not in said
    assert said == request.body([made(text=HOSTILE)])


def test_without_a_change_what_is_left_is_told_alone() -> None:
    said = request.body([Proposal("site", stale=("mapping dev is stale",))])
    assert said.startswith("No change of a domain file is proposed.")
    assert "mapping dev is stale" in said


def test_what_does_not_fit_is_counted_and_the_rest_fits_a_forge() -> None:
    said = request.body([made(3000, "w" * 300)])
    assert len(said) < 60_000
    assert "more, which `egress propose` shows" in said
    assert len(request.message([made(3000)])) < 60_000


def test_the_commit_ends_with_the_mark_by_which_it_is_known() -> None:
    assert request.message([made()]).splitlines()[-1] == request.MADE_BY
    assert "@team" not in request.message([made(text=HOSTILE)])
