"""The packet walk and real packets share no code, and must say the same: of every flow, on every path."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings

from egress.reachability.outage import OutageKind
from nsx_lab.dataplane import Dataplane, Flow, flatten
from nsx_lab.dataplane.planning import compiling
from tests.dataplane import differential, failures, selection, strategies, worlds
from tests.dataplane.differential import Tally

pytestmark = pytest.mark.slow

FLOWS, EACH = 500, 20
FAILING, FIRST = 12, 500
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


def test_walk_and_kernel_agree_on_every_single_failure_of_a_dozen_worlds(plane: Dataplane) -> None:
    """200 worlds of them: make proofs."""
    tally, kinds = Tally(), Counter[str]()
    for _, _, found in failures.worlds(FAILING, first=FIRST):
        for outage, document in found:
            differential.compare(plane, document, tally)
            kinds[outage.kind] += 1
    assert not tally.disagreements, readable(tally)
    assert min(kinds[one] for one in OutageKind) >= FAILING, kinds
    assert tally.delivered >= 0.2 * tally.flows


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


FLOWS_OF_THE_GOLDEN_WORLD = [one.as_json() for one in (worlds.PULL, worlds.TKG_PULL, worlds.INGRESS)]


def document(infra: dict[str, Any], world: dict[str, Any], flows: list[dict[str, Any]]) -> dict[str, Any]:
    """A world file."""
    return {"format": "egress-world", "version": 1, "infra": infra, "world": world, "flows": flows}


@pytest.mark.parametrize("mode", ["ACTIVE_ACTIVE", "ACTIVE_STANDBY"])
@pytest.mark.parametrize("down", [[], ["edge01"]])
def test_walk_and_kernel_agree_where_edges_answer_for_addresses_of_tier1s(
    plane: Dataplane, mode: str, down: list[str]
) -> None:
    around, tally = worlds.world(down=down), Tally()
    around["tier1"]["domain-c8"]["snat"][0]["translated"] = "10.27.51.130"
    around["tier1"]["domain-c8"]["lb"][0]["address"] = "10.27.51.131"
    inside = Flow("client", "10.27.51.131", "tcp", 443)
    asked = document(worlds.infra([], ha_mode=mode), around, [FLOWS_OF_THE_GOLDEN_WORLD[0], inside.as_json()])
    differential.compare(plane, asked, tally, explain=True)
    assert not tally.disagreements, readable(tally)
    assert tally.delivered == 2


ROUTES: dict[str, list[tuple[str, str, str | None]]] = {
    "next hops by another route": [("default", "0.0.0.0/0", "192.0.2.1"), ("core", "192.0.2.0/24", "10.27.51.1")],
    "a circle": [("default", "0.0.0.0/0", "192.0.2.1"), ("core", "192.0.2.0/24", "203.0.113.1"), ("other", "203.0.113.0/24", "192.0.2.9")],
    "a null route": [("default", "0.0.0.0/0", "10.27.51.1"), ("null", "198.51.100.0/25", None)],
    "next hops by a null route": [("default", "0.0.0.0/0", "192.0.2.1"), ("core", "192.0.2.0/24", None)],
    "next hops by the default route": [("default", "0.0.0.0/0", "10.27.51.1"), ("far", "198.51.100.0/25", "192.0.2.1")],
}  # fmt: skip


@pytest.mark.parametrize("name", ROUTES)
def test_walk_and_kernel_agree_on_routes_by_other_routes_and_on_null_routes(plane: Dataplane, name: str) -> None:
    tree, tally = worlds.infra([worlds.SUPERVISOR, worlds.TKG], default_route=False), Tally()
    for nsx_id, network, hop in ROUTES[name]:
        hops = [{"admin_distance": 1} | ({"ip_address": hop} if hop else {})]
        route = {"id": nsx_id, "network": network, "next_hops": hops}
        tree["children"][0]["Tier0"]["children"].append({"resource_type": "ChildStaticRoutes", "StaticRoutes": route})
    differential.compare(plane, document(tree, worlds.world(), FLOWS_OF_THE_GOLDEN_WORLD), tally, explain=True)
    assert not tally.disagreements, readable(tally)
    assert (tally.delivered > 0) == (name in ("next hops by another route", "next hops by the default route")), tally
