"""The packet walk and real packets share no code, and must say the same: of every flow, on every path."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings

from nsx_lab.dataplane import Dataplane, flatten
from nsx_lab.dataplane.planning import compiling
from tests.dataplane import differential, selection, strategies
from tests.dataplane.differential import Tally

pytestmark = pytest.mark.slow

FLOWS, EACH = 500, 20
MOST_PINNINGS = 8


def readable(tally: Tally) -> str:
    """What to look at first: each disagreement with the smallest world file that shows it, ready for `nsx-lab serve --packets`."""
    return "\n".join(json.dumps(one) for one in tally.disagreements)


def test_walk_and_kernel_agree_on_verdict_source_place_and_reason_of_500_flows(plane: Dataplane) -> None:
    tally = Tally()
    for document in selection.worlds(FLOWS, EACH):
        differential.compare(plane, document, tally, explain=True)
    assert not tally.disagreements, readable(tally)
    assert tally.flows >= FLOWS
    assert tally.delivered >= 0.3 * tally.flows
    assert {one: tally.met[one] for one in selection.EVERYTHING if tally.met[one] < EACH} == {}


@given(strategies.documents())
@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)
def test_walk_and_kernel_agree_on_any_world(plane: Dataplane, document: dict[str, Any]) -> None:
    built = compiling.plan(document["world"], flatten(document["infra"]))
    assume(len(differential.pinnings(built.choices)) <= MOST_PINNINGS)
    tally = Tally()
    differential.compare(plane, document, tally)
    assert not tally.disagreements, readable(tally)


def test_a_disagreement_is_seen(plane: Dataplane) -> None:
    """The comparison itself: a kernel that is another world than the walk thinks does not pass."""
    document, other, tally = strategies.seeded(0), strategies.seeded(3), Tally()
    differential.compare(plane, other, Tally())
    differential.ask(plane, document, tally)
    assert tally.disagreements
