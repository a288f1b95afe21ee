"""Where topologies come from: plans, world files, trees of Policy objects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from egress.answers.causes import Finding, find
from egress.answers.questions import questions
from egress.domain import EgressError, WorkloadDomain
from egress.policy.gateways import tier0s
from egress.policy.owned import owned
from egress.policy.planned import planned
from egress.reachability import Protocol, Result, Walker, assemble, flatten, read_world
from egress.reachability.view import AfterPlan, Live, view

RECORDINGS = Path(__file__).resolve().parents[1] / "recordings"
T0 = "/infra/tier-0s/T0-wld01"


def resource(kind: str, **values: Any) -> dict[str, Any]:
    return {"mode": "managed", "type": f"nsxt_policy_{kind}", "values": {"gateway_path": T0, **values}}


ROUTE = resource(
    "static_route",
    nsx_id="wld01-default-route",
    network="0.0.0.0/0",
    next_hop=[{"ip_address": "10.27.51.1", "interface": ""}],
)
RULES = [
    resource(
        "nat_rule",
        nsx_id=f"wld01-egress-{key}",
        action="REFLEXIVE",
        source_networks=[source],
        translated_networks=[translated],
        rule_priority=priority,
        enabled=True,
        scope=[f"{T0}/locale-services/default/interfaces/edge0{number}-uplink1" for number in (1, 2)],
    )
    for key, source, translated, priority in (
        ("supervisor", "30.0.0.5", "10.27.51.145", 100),
        ("tkg", "30.0.0.16", "10.27.51.147", 110),
    )
]


def plan(*resources: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"format_version": "1.2", "planned_values": {"root_module": {"resources": list(resources)}}, **more}


def planned_objects(domain: WorkloadDomain, plan: Any) -> dict[str, Any]:
    return planned(domain, plan).objects


def intended_objects(domain: WorkloadDomain) -> dict[str, Any]:
    return dict(view(domain).objects)


def results(domain: WorkloadDomain, plan: Any) -> dict[str, Finding]:
    seen = view(domain, source=AfterPlan(planned(domain, plan)))
    return {question.title: find(seen, question.flow) for question in questions(seen)}


def test_after_a_complete_plan_the_domain_is_as_its_file_says(golden: WorkloadDomain) -> None:
    planned = {title: one.verdict.result for title, one in results(golden, plan(ROUTE, *RULES)).items()}
    filed = view(golden)
    walker = Walker(filed.topology)
    assert planned == {q.title: walker.walk(q.flow).result for q in questions(filed)}


def test_a_plan_that_takes_a_rule_away_breaks_the_flow_of_that_rule(golden: WorkloadDomain) -> None:
    found = results(golden, plan(ROUTE, RULES[0]))
    assert found["Supervisor pod -> registry"].verdict.result is Result.ALL
    assert found["TKG pod -> registry"].remedies[0].name == "wld01-egress-tkg"


def test_resources_in_child_modules_count_and_data_sources_do_not(golden: WorkloadDomain) -> None:
    data = {**ROUTE, "mode": "data"}
    nested = {"root_module": {"resources": [data], "child_modules": [{"resources": RULES}]}}
    objects = planned_objects(golden, {"format_version": "1.2", "planned_values": nested})
    assert [path.rsplit("/", 1)[1] for path in objects if "/nat-rules/" in path] == [
        "wld01-egress-supervisor",
        "wld01-egress-tkg",
    ]
    assert not any("/static-routes/" in path for path in objects)


def test_values_that_the_plan_does_not_know_yet_are_taken_as_usual(golden: WorkloadDomain) -> None:
    rule = resource(
        "nat_rule", nsx_id="r", action="REFLEXIVE", source_networks=["30.0.0.5"], translated_networks=["10.27.51.145"]
    )
    found = planned_objects(golden, plan(ROUTE, rule))
    assert found[f"{T0}/nat/USER/nat-rules/r"]["scope"] == []
    assert found[f"{T0}/nat/USER/nat-rules/r"]["enabled"] is True


def test_a_recorded_plan_of_the_real_provider_is_read(golden: WorkloadDomain) -> None:
    recorded = next(iter(json.loads((RECORDINGS / "01-create.json").read_text())["plans"].values()))
    resources = [
        {
            "mode": "data" if change["address"].startswith("data.") else "managed",
            "type": change["address"].removeprefix("data.").split(".")[0],
            "values": change["after"],
        }
        for change in recorded["resource_changes"]
    ]
    objects = planned_objects(golden, plan(*resources))
    names = {path.rsplit("/", 1)[1] for path in objects if "/nat-rules/" in path or "/static-routes/" in path}
    assert names == {"nat-vm-a", "nat-vm-b", "default-route"}
    assert view(golden, source=AfterPlan(planned(golden, plan(*resources)))).topology.nodes


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([], "not a plan: no format_version"),
        ({}, "not a plan: no format_version"),
        ({"format_version": "2.0", "planned_values": {}}, "format version '2.0', allowed is 1.x"),
        ({"format_version": "1.0", "values": {}}, "not a plan but a state"),
        (plan(errored=True), "the plan is incomplete"),
        (
            plan({**ROUTE, "values": {**ROUTE["values"], "gateway_path": "/infra/tier-0s/T0-other"}}),
            "the plan is for /infra/tier-0s/T0-other",
        ),
    ],
)
def test_what_is_no_plan_of_this_domain_is_refused_with_a_sentence(
    golden: WorkloadDomain, value: Any, said: Any
) -> None:
    with pytest.raises(EgressError, match=said):
        planned_objects(golden, value)


def world_file(**parts: Any) -> dict[str, Any]:
    world = {"segments": {"a": ["10.0.0.0/24"]}, "hosts": [{"name": "h", "addresses": ["10.0.0.5/24"]}], **parts}
    return {"format": "egress-world", "version": 1, "infra": {}, "world": world}


def test_flows_of_a_world_file_are_typed(golden: WorkloadDomain) -> None:
    file = read_world(world_file() | {"flows": [{"from": "h", "to": "10.0.0.9", "protocol": "udp", "port": 53}]})
    assert (file.flows[0].origin, file.flows[0].protocol, file.flows[0].port) == ("h", Protocol.UDP, 53)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"format": "egress-world", "version": 2}, "version 2"),
        ({"version": 1}, "not a world file: format None"),
        (world_file(hosts=[{"name": "h", "addresses": ["10.0.0.500/24"]}]), r"wrong at hosts\.0\.addresses\.0"),
        (world_file(hsots=[]), "wrong at hsots"),
        (world_file() | {"flows": [{"from": "h", "to": "nowhere"}]}, r"wrong at 0\.to"),
    ],
)
def test_a_wrong_world_file_is_refused_with_the_place(value: Any, said: Any) -> None:
    with pytest.raises(EgressError, match=said):
        read_world(value)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"hosts": [{"name": "h", "addresses": ["10.9.0.5/24"]}]}, r"no segment of the world contains 10\.9\.0\.5/24"),
        (
            {"hosts": [{"name": "h", "addresses": ["10.0.0.5/24"]}, {"name": "h", "addresses": ["10.0.0.6/24"]}]},
            "two nodes",
        ),
    ],
)
def test_a_world_that_does_not_fit_together_is_refused(parts: Any, said: str) -> None:
    file = read_world(world_file(**parts))
    with pytest.raises(EgressError, match=said):
        assemble(file.objects, file.world)


def test_a_wrapper_without_its_object_is_refused() -> None:
    with pytest.raises(EgressError, match="a ChildTier0 below /infra holds no Tier0 with an id"):
        flatten({"children": [{"resource_type": "ChildTier0"}]})


STRANGE: dict[str, tuple[str, dict[str, Any], str]] = {
    "a range upside down": (
        "nat/USER/nat-rules/n",
        {"action": "SNAT", "source_network": "192.0.2.9-192.0.2.1"},
        "rule n cannot be read",
    ),
    "no address": ("static-routes/r", {"network": "0.0.0.0/99", "next_hops": []}, "static route r cannot be read"),
    "half an address": (
        "static-routes/r",
        {"network": "192.0.2.0/24", "next_hops": [{"ip_address": "10.0"}]},
        "route r cannot",
    ),
    "a list": ("static-routes/r", {"network": ["192.0.2.0/24"]}, "static route r cannot be read"),
    "text for a hop": (
        "static-routes/r",
        {"network": "192.0.2.0/24", "next_hops": ["10.0.0.1"]},
        "route r cannot be read",
    ),
    "no number": ("nat/USER/nat-rules/n", {"action": "NO_SNAT", "sequence_number": "first"}, "rule n cannot be read"),
    "a wrong length": (
        "locale-services/default/interfaces/i",
        {"subnets": [{"ip_addresses": ["192.0.2.1"], "prefix_len": 64}]},
        "interface i cannot be read",
    ),
}


@pytest.mark.parametrize("name", STRANGE)
def test_an_object_of_somebody_else_that_cannot_be_read_is_noted_and_ends_nothing(
    golden: WorkloadDomain, name: Any
) -> None:
    path, body, said = STRANGE[name]
    seen = view(golden, source=Live("the lab", T0, {**view(golden).objects, f"{T0}/{path}": body}))
    assert [note for note in seen.notes if said in note], seen.notes
    assert find(seen, questions(seen)[0].flow).verdict.result is Result.ALL


def test_host_bits_of_a_rule_are_dropped_as_the_lab_drops_them_and_told(golden: WorkloadDomain) -> None:
    body = {"action": "SNAT", "source_network": "192.0.2.5/24", "translated_network": "10.27.51.9"}
    seen = view(golden, source=Live("the lab", T0, {**view(golden).objects, f"{T0}/nat/USER/nat-rules/n": body}))
    assert "T0-wld01: rule n: 192.0.2.5/24 has host bits set, taken as 192.0.2.0/24" in seen.notes
    (rule,) = [rule for rule in tier0s(seen.objects)[0].rules if rule.path.endswith("/n")]
    assert [str(network) for network in rule.sources] == ["192.0.2.0/24"]


def test_a_gateway_that_cannot_be_read_is_refused(golden: WorkloadDomain) -> None:
    objects = intended_objects(golden)
    objects[T0] = {**objects[T0], "ha_mode": "SOMETHING_ELSE"}
    with pytest.raises(
        EgressError, match="^/infra/tier-0s/T0-wld01: ha_mode 'SOMETHING_ELSE' cannot be used, known are"
    ):
        tier0s(objects)


def test_an_interface_that_only_the_manager_has_is_noted_and_does_not_break_the_view(golden: WorkloadDomain) -> None:
    objects = intended_objects(golden)
    body = {
        "type": "EXTERNAL",
        "edge_path": "x/edge-nodes/edge03",
        "subnets": [{"ip_addresses": ["10.9.0.2"], "prefix_len": 24}],
    }
    objects[f"{T0}/locale-services/default/interfaces/edge03-uplink1"] = body
    objects[f"{T0}/locale-services/default/interfaces/lo"] = {**body, "type": "LOOPBACK"}
    seen = view(golden, source=Live("the lab", T0, objects))
    assert [note for note in seen.notes if "edge03-uplink1 (10.9.0.2/24)" in note]
    assert [face.name for face in seen.topology.nodes["T0-wld01/edge03"].interfaces] == ["edge03-uplink1", "transit"]
    assert find(seen, questions(seen)[0].flow).verdict.result is Result.SOME, "the third edge has no way out"


def test_lists_of_networks_and_the_word_any_are_understood(golden: WorkloadDomain) -> None:
    objects = intended_objects(golden)
    path = f"{T0}/nat/USER/nat-rules/n"
    objects[path] = {"action": "NO_SNAT", "source_network": "30.0.0.1, 30.0.0.2/31", "destination_network": "ANY"}
    rule = next(rule for rule in tier0s(objects)[0].rules if rule.path == path)
    assert [str(network) for network in rule.sources] == ["30.0.0.1/32", "30.0.0.2/31"]
    assert rule.destinations == ()


def test_a_range_of_addresses_is_every_network_in_it(golden: WorkloadDomain) -> None:
    objects = intended_objects(golden)
    path = f"{T0}/nat/USER/nat-rules/n"
    objects[path] = {"action": "NO_SNAT", "source_network": "30.0.0.4-30.0.0.16", "sequence_number": 1}
    rule = next(rule for rule in tier0s(objects)[0].rules if rule.path == path)
    assert [str(network) for network in rule.sources] == ["30.0.0.4/30", "30.0.0.8/29", "30.0.0.16/32"]
    seen = view(golden, source=Live("the lab", T0, objects))
    assert find(seen, questions(seen)[0].flow).verdict.result is Result.NONE, "the rule takes 30.0.0.5 before ours"


def test_owned_objects_are_what_the_stack_makes(golden: WorkloadDomain) -> None:
    assert [path.removeprefix(f"{T0}/") for path in owned(golden).objects(T0)] == [
        "static-routes/wld01-default-route",
        "nat/USER",
        "nat/USER/nat-rules/wld01-egress-supervisor",
        "nat/USER/nat-rules/wld01-egress-tkg",
    ]
