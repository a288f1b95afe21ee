"""Where topologies come from: plans, world files, trees of Policy objects. And questions in a person's words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from egress.domain import EgressError
from egress.policy.gateways import tier0s
from egress.policy.owned import owned
from egress.policy.planned import planned
from egress.policy.seed import seeded
from egress.reachability import Protocol, Result, Walker, assemble, flatten, read_world
from egress.reachability.asking import Ask, ask
from egress.reachability.causes import find
from egress.reachability.intent import intended_objects, intent, view
from egress.reachability.questions import questions

RECORDINGS = Path(__file__).resolve().parents[1] / "recordings"
T0 = "/infra/tier-0s/T0-wld01"


def resource(kind, **values):
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


def plan(*resources, **more):
    return {"format_version": "1.2", "planned_values": {"root_module": {"resources": list(resources)}}, **more}


def planned_objects(domain, plan):
    after = planned(domain, plan)
    return {**seeded([domain], after.gateway), **after.objects}


def results(domain, objects):
    seen = view(domain, T0, objects, "after the plan")
    return {question.title: find(seen, question.flow) for question in questions(seen)}


def test_after_a_complete_plan_the_domain_is_as_its_file_says(golden):
    planned = {
        title: one.verdict.result
        for title, one in results(golden, planned_objects(golden, plan(ROUTE, *RULES))).items()
    }
    filed = intent(golden)
    walker = Walker(filed.topology)
    assert planned == {q.title: walker.walk(q.flow).result for q in questions(filed)}


def test_a_plan_that_takes_a_rule_away_breaks_the_flow_of_that_rule(golden):
    found = results(golden, planned_objects(golden, plan(ROUTE, RULES[0])))
    assert found["Supervisor pod -> registry"].verdict.result is Result.ALL
    assert found["TKG pod -> registry"].remedies[0].name == "wld01-egress-tkg"


def test_resources_in_child_modules_count_and_data_sources_do_not(golden):
    data = {**ROUTE, "mode": "data"}
    nested = {"root_module": {"resources": [data], "child_modules": [{"resources": RULES}]}}
    objects = planned_objects(golden, {"format_version": "1.2", "planned_values": nested})
    assert [path.rsplit("/", 1)[1] for path in objects if "/nat-rules/" in path] == [
        "wld01-egress-supervisor",
        "wld01-egress-tkg",
    ]
    assert not any("/static-routes/" in path for path in objects)


def test_values_that_the_plan_does_not_know_yet_are_taken_as_usual(golden):
    rule = resource(
        "nat_rule", nsx_id="r", action="REFLEXIVE", source_networks=["30.0.0.5"], translated_networks=["10.27.51.145"]
    )
    found = planned_objects(golden, plan(ROUTE, rule))
    assert found[f"{T0}/nat/USER/nat-rules/r"]["scope"] == []
    assert found[f"{T0}/nat/USER/nat-rules/r"]["enabled"] is True


def test_a_recorded_plan_of_the_real_provider_is_read(golden):
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
    assert assemble(objects, intent(golden).around.world).nodes


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
def test_what_is_no_plan_of_this_domain_is_refused_with_a_sentence(golden, value, said):
    with pytest.raises(EgressError, match=said):
        planned_objects(golden, value)


def world_file(**parts):
    world = {"segments": {"a": ["10.0.0.0/24"]}, "hosts": [{"name": "h", "addresses": ["10.0.0.5/24"]}], **parts}
    return {"format": "egress-world", "version": 1, "infra": {}, "world": world}


def test_flows_of_a_world_file_are_typed(golden):
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
def test_a_wrong_world_file_is_refused_with_the_place(value, said):
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
def test_a_world_that_does_not_fit_together_is_refused(parts, said):
    file = read_world(world_file(**parts))
    with pytest.raises(EgressError, match=said):
        assemble(file.objects, file.world)


def test_a_wrapper_without_its_object_is_refused():
    with pytest.raises(EgressError, match="a ChildTier0 below /infra holds no Tier0 with an id"):
        flatten({"children": [{"resource_type": "ChildTier0"}]})


@pytest.mark.parametrize(
    ("path", "change"),
    [
        (f"{T0}/static-routes/wld01-default-route", {"network": "0.0.0.0/99"}),
        (f"{T0}/static-routes/wld01-default-route", {"next_hops": [{"ip_address": "10.0"}]}),
        (f"{T0}/nat/USER/nat-rules/wld01-egress-tkg", {"source_network": "30.0.0.1-30.0.0.9"}),
        (T0, {"ha_mode": "SOMETHING_ELSE"}),
    ],
)
def test_a_value_from_a_manager_that_cannot_be_used_is_told_with_its_object(golden, path, change):
    objects, _ = intended_objects(golden)
    objects[path] = {**objects[path], **change}
    with pytest.raises(EgressError, match=rf"^{path}: .* cannot be used"):
        tier0s(objects)


def test_an_interface_that_only_the_manager_has_is_noted_and_does_not_break_the_view(golden):
    objects, _ = intended_objects(golden)
    body = {
        "type": "EXTERNAL",
        "edge_path": "x/edge-nodes/edge03",
        "subnets": [{"ip_addresses": ["10.9.0.2"], "prefix_len": 24}],
    }
    objects[f"{T0}/locale-services/default/interfaces/edge03-uplink1"] = body
    objects[f"{T0}/locale-services/default/interfaces/lo"] = {**body, "type": "LOOPBACK"}
    seen = view(golden, T0, objects, "the lab")
    assert [note for note in seen.notes if "edge03-uplink1 (10.9.0.2/24)" in note]
    assert [face.name for face in seen.topology.nodes["T0-wld01/edge03"].interfaces] == ["edge03-uplink1", "transit"]
    assert find(seen, questions(seen)[0].flow).verdict.result is Result.SOME, "the third edge has no way out"


def test_lists_of_networks_and_the_word_any_are_understood(golden):
    objects, _ = intended_objects(golden)
    path = f"{T0}/nat/USER/nat-rules/n"
    objects[path] = {"action": "NO_SNAT", "source_network": "30.0.0.1, 30.0.0.2/31", "destination_network": "ANY"}
    rule = next(rule for rule in tier0s(objects)[0].rules if rule.path == path)
    assert [str(network) for network in rule.sources] == ["30.0.0.1/32", "30.0.0.2/31"]
    assert rule.destinations == ()


def test_owned_objects_are_what_the_stack_makes(golden):
    assert [path.removeprefix(f"{T0}/") for path in owned(golden).objects(T0)] == [
        "static-routes/wld01-default-route",
        "nat/USER",
        "nat/USER/nat-rules/wld01-egress-supervisor",
        "nat/USER/nat-rules/wld01-egress-tkg",
    ]


def asked(domain, **words):
    one = Ask(**words)
    seen = intent(domain, wishes=one.wishes(domain))
    walker = Walker(seen.topology)
    return [(question, walker.walk(question.flow)) for question in ask(seen, one)]


@pytest.mark.parametrize("who", ["tkg", "vnet-domain-c8", "30.0.0.16", "192.168.128.9", "pod/vnet-domain-c8"])
def test_a_pod_can_be_named_in_five_ways(golden, who):
    ((question, verdict),) = asked(golden, origin=who, to="registry")
    assert question.title == "TKG pod -> 198.51.100.10"
    assert [str(one) for one in verdict.seen] == ["10.27.51.147"]


def test_without_a_sender_every_sender_is_asked(golden):
    assert [question.title for question, _ in asked(golden, to="203.0.113.7")] == [
        "Supervisor pod -> 203.0.113.7",
        "TKG pod -> 203.0.113.7",
    ]


def test_an_address_that_nobody_has_becomes_a_host_outside(golden):
    ((_, verdict),) = asked(golden, origin="tkg", to="74.125.133.82")
    assert verdict.result is Result.ALL


def test_an_outside_client_can_be_named_by_its_address(golden):
    ((question, verdict),) = asked(golden, origin="203.0.113.7", to="ingress")
    assert verdict.result is Result.ALL
    assert question.flow.origin == "host 203.0.113.7"


def test_the_load_balancer_moves_to_the_ingress_address_that_is_asked_for(golden):
    ((_, verdict),) = asked(golden, origin="outside", to="30.0.1.77", port=8080)
    assert verdict.result is Result.ALL


def test_a_dns_server_is_asked_by_udp_on_port_53_unless_told_otherwise(golden):
    ((question, _),) = asked(golden, origin="tkg", to="172.20.0.53")
    assert (question.flow.protocol, question.flow.port) == (Protocol.UDP, 53)
    ((question, _),) = asked(golden, origin="tkg", to="172.20.0.53", port=853)
    assert (question.flow.protocol, question.flow.port) == (Protocol.TCP, 853)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"to": "10.0.0"}, "'10.0.0' is no address, allowed is registry, ingress or an address"),
        ({"origin": "10.0.0"}, "'10.0.0' is no address"),
        ({"origin": "somebody"}, "'somebody' is nobody in wld01.*there are: outside, supervisor, tkg"),
    ],
)
def test_words_that_mean_nothing_are_refused_with_what_is_allowed(golden, words, said):
    with pytest.raises(EgressError, match=said):
        asked(golden, **words)


def test_a_domain_without_ingress_says_so_when_asked_for_it(golden_text, domain_of):
    domain = domain_of(golden_text.replace("ingress: {range: 30.0.1.0/24}\n", ""))
    with pytest.raises(EgressError, match="wld01 has no ingress range"):
        asked(domain, to="ingress")
    assert [q.title for q in questions(intent(domain))][2] == "Supervisor pod -> dns 172.20.0.53"
