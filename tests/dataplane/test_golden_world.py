"""The golden domain with real packets: what works, and what is lost where when one step is missing."""

from __future__ import annotations

import pytest

from nsx_lab.dataplane import Dataplane, Flow
from tests.dataplane import worlds
from tests.dataplane.worlds import INGRESS, LOOKUP, PULL, SUPERVISOR, TKG, TKG_PULL, build, infra, nat_rule, world

pytestmark = pytest.mark.slow


def test_with_all_four_steps_everything_is_answered_and_seen_as_promised(plane: Dataplane) -> None:
    build(plane, infra([SUPERVISOR, TKG]), world())
    pull, tkg, lookup, ingress = plane.probe_all([PULL, TKG_PULL, LOOKUP, INGRESS])
    assert (pull.returned, pull.source_seen, pull.at) == (True, "10.27.51.145", "registry")
    assert (tkg.returned, tkg.source_seen) == (True, "10.27.51.147")
    assert (lookup.returned, lookup.source_seen, lookup.at) == (True, "30.0.0.5", "dns")
    assert (ingress.returned, ingress.source_seen, ingress.at) == (True, "198.51.100.20", "pod-c8")
    assert pull.exchanged
    assert pull.answer == '{"node": "registry", "source": "10.27.51.145"}'


def test_without_a_default_route_pulls_never_arrive_and_ingress_dies_at_the_uplink_by_urpf(plane: Dataplane) -> None:
    build(plane, infra([SUPERVISOR, TKG], default_route=False), world())
    pull, ingress, lookup = plane.probe_all([PULL, INGRESS, LOOKUP], explain=True)
    assert not pull.delivered
    assert pull.lost is not None
    assert pull.lost["reason"] == "no route"
    assert ingress.lost is not None
    assert (ingress.lost["reason"], ingress.lost["reply"]) == ("reverse path", False)
    assert lookup.returned


def test_without_a_default_route_and_without_urpf_ingress_arrives_but_its_answer_has_no_way(plane: Dataplane) -> None:
    build(plane, infra([SUPERVISOR, TKG], default_route=False, urpf="NONE"), world())
    outcome = plane.probe(INGRESS, explain=True)
    assert outcome.delivered
    assert outcome.lost is not None
    assert (outcome.lost["reason"], outcome.lost["reply"]) == ("no route", True)


@pytest.mark.parametrize(
    "rules, lost, kept, address", [([TKG], PULL, TKG_PULL, "30.0.0.5"), ([SUPERVISOR], TKG_PULL, PULL, "30.0.0.16")]
)
def test_without_a_rule_the_answer_is_lost_upstream(
    plane: Dataplane, rules: list[worlds.Json], lost: Flow, kept: Flow, address: str
) -> None:
    build(plane, infra(rules), world())
    broken, whole = plane.probe_all([lost, kept], explain=True)
    assert (broken.delivered, broken.source_seen, broken.returned) == (True, address, False)
    assert broken.lost == {"node": "gw", "reason": "no route", "reply": True}
    assert whole.returned


def test_a_packet_that_comes_back_unchanged_to_a_stateful_gateway_meets_no_new_rule(plane: Dataplane) -> None:
    """The client reaches the pod by the DNAT rule; the other pod's packet is returned by the router, and the edge knows it already."""
    inward = nat_rule("in", "DNAT", "", "192.168.128.10", destination_network="203.0.113.8")
    around = world()
    around["tier1"]["vnet-domain-c8"]["advertise"] = ["192.168.128.0/24"]
    around["routers"][0]["routes"].append({"to": "203.0.113.0/24", "via": ["10.27.51.145"]})
    build(plane, infra([inward], ha_mode="ACTIVE_STANDBY", urpf="NONE"), around)
    outside, returning = plane.probe_all(
        [Flow("client", "203.0.113.8", "udp", 53), Flow("pod-c8", "203.0.113.8", "udp", 53)], explain=True
    )
    assert (outside.at, outside.returned) == ("pod-tkg", True)
    assert not returning.delivered
    assert returning.lost is not None
    assert returning.lost["reason"] == "loop"


def test_without_a_return_route_the_dns_server_gets_the_question_and_its_answer_is_lost(plane: Dataplane) -> None:
    build(plane, infra([SUPERVISOR, TKG]), world(return_route=False))
    lookup, pull = plane.probe_all([LOOKUP, PULL], explain=True)
    assert (lookup.delivered, lookup.source_seen) == (True, "30.0.0.5")
    assert lookup.lost == {"node": "gw", "reason": "no route", "reply": True}
    assert pull.returned


def test_rules_without_a_scope_send_dns_answers_home_by_the_uplink_where_strict_urpf_drops_them(
    plane: Dataplane,
) -> None:
    rules = [nat_rule("supervisor", "SNAT", "30.0.0.5", "10.27.51.145", scope=[])]
    for urpf, returned in (("STRICT", False), ("NONE", True)):
        build(plane, infra(rules, ha_mode="ACTIVE_STANDBY", urpf=urpf), world(return_route=False))
        outcome = plane.probe(LOOKUP, explain=True)
        assert outcome.source_seen == "10.27.51.145"
        assert outcome.returned is returned, urpf


@pytest.mark.parametrize("protocol, port", [("tcp", 5000), ("udp", 9999), ("icmp", 0)])
def test_a_reflexive_mapping_leaves_by_one_edge_and_comes_back_by_the_other(
    plane: Dataplane, protocol: str, port: int
) -> None:
    build(plane, infra([SUPERVISOR, TKG]), world())
    plane.pin({"route T0-wld01/dr 0.0.0.0/0": 1})
    outcome = plane.probe(Flow("pod-c8", "198.51.100.10", protocol, port), explain=True)
    assert (outcome.returned, outcome.source_seen) == (True, "10.27.51.145")
    edges = [(hop["node"], hop["reply"]) for hop in outcome.hops if "/edge" in hop["node"]]
    assert edges == [("T0-wld01/edge02", False), ("T0-wld01/edge01", True)]


@pytest.mark.parametrize(
    "source, translated, seen",
    [
        ("30.0.0.0/28", "10.27.51.208/28", "10.27.51.213"),
        ("30.0.0.0/28", "203.0.113.16/28", "203.0.113.21"),
        ("30.0.0.4/30", "10.27.51.201-10.27.51.204", "10.27.51.202"),
    ],
)
@pytest.mark.parametrize("protocol, port", [("tcp", 5000), ("udp", 9999), ("icmp", 0)])
def test_a_reflexive_range_keeps_the_offset_in_both_directions(
    plane: Dataplane, source: str, translated: str, seen: str, protocol: str, port: int
) -> None:
    around = world()
    around["routers"][0]["routes"].append({"to": "203.0.113.0/24", "via": ["10.27.51.147"]})
    build(plane, infra([nat_rule("range", "REFLEXIVE", source, translated)]), around)
    outcome = plane.probe(Flow("pod-c8", "198.51.100.10", protocol, port))
    assert (outcome.returned, outcome.source_seen) == (True, seen)


def test_a_reflexive_rule_also_lets_the_outside_in(plane: Dataplane) -> None:
    rule = nat_rule("inward", "REFLEXIVE", "30.0.1.10", "10.27.51.200")
    build(plane, infra([rule]), world())
    outcome = plane.probe(Flow("client", "10.27.51.200", "tcp", 443))
    assert (outcome.returned, outcome.at) == (True, "pod-c8")


@pytest.mark.parametrize(
    "section, sequence, seen", [("USER", 90, "30.0.0.5"), ("USER", 200, "10.27.51.200"), ("INTERNAL", 500, "30.0.0.5")]
)
def test_the_first_rule_decides_by_section_and_then_by_sequence_number(
    plane: Dataplane, section: str, sequence: int, seen: str
) -> None:
    snat = nat_rule("snat", "SNAT", "30.0.0.5", "10.27.51.200")
    exempt = nat_rule(
        "exempt", "NO_SNAT", "30.0.0.0/24", "", destination_network="198.51.100.0/24", sequence_number=sequence
    )
    user = [snat, exempt] if section == "USER" else [snat]
    other = {} if section == "USER" else {section: [exempt]}
    build(plane, infra(user, ha_mode="ACTIVE_STANDBY", sections=other), world())
    assert plane.probe(PULL).source_seen == seen


def test_dnat_lets_the_outside_in_and_its_answers_out_under_the_same_address(plane: Dataplane) -> None:
    rule = nat_rule("dnat", "DNAT", "", "30.0.1.10", destination_network="10.27.51.201")
    build(plane, infra([rule], ha_mode="ACTIVE_STANDBY"), world())
    outcome = plane.probe(Flow("client", "10.27.51.201", "tcp", 443))
    assert (outcome.returned, outcome.at) == (True, "pod-c8")
    assert not plane.probe(Flow("client", "10.27.51.202", "tcp", 443)).delivered


def test_the_second_edge_takes_over_with_address_and_translation(plane: Dataplane) -> None:
    rules = [nat_rule("supervisor", "SNAT", "30.0.0.5", "10.27.51.140")]
    tree = infra(rules, ha_mode="ACTIVE_STANDBY", vip=True)
    for down, edge in (([], "T0-wld01/edge01"), (["edge01"], "T0-wld01/edge02")):
        build(plane, tree, world(down=down))
        outcome = plane.probe(PULL, explain=True)
        assert (outcome.returned, outcome.source_seen) == (True, "10.27.51.140")
        assert {hop["node"] for hop in outcome.hops if "/edge" in hop["node"]} == {edge}


def test_with_both_edges_down_nothing_gets_out(plane: Dataplane) -> None:
    build(plane, infra([SUPERVISOR]), world(down=["edge01", "edge02"]))
    outcome = plane.probe(PULL, explain=True)
    assert outcome.lost == {"node": "T0-wld01/dr", "reason": "no route", "reply": False}


@pytest.mark.parametrize("protocol, port", [("tcp", 5000), ("udp", 9999), ("icmp", 0)])
def test_ipv6_is_routed_and_never_translated(plane: Dataplane, protocol: str, port: int) -> None:
    build(plane, infra([SUPERVISOR, TKG]), world())
    plane.pin({"route T0-wld01/dr ::/0": 0})
    outcome = plane.probe(Flow("pod-c8", "2001:db8:100::10", protocol, port))
    assert (outcome.returned, outcome.source_seen) == (True, "2001:db8:244::98")


def test_ipv6_sources_are_checked_at_a_strict_uplink(plane: Dataplane) -> None:
    inward = Flow("registry", "2001:db8:244::98", "tcp", 443)
    for urpf, reason in (("STRICT", "reverse path"), ("NONE", "no route")):
        build(plane, infra([], default_route=False, urpf=urpf), world())
        outcome = plane.probe(inward, explain=True)
        assert outcome.lost is not None
        assert outcome.lost["reason"] == reason


def test_an_uplink_address_that_no_rule_claims_is_kept_by_the_gateway(plane: Dataplane) -> None:
    build(plane, infra([]), world())
    outcome = plane.probe(Flow("client", "10.27.51.145", "tcp", 443), explain=True)
    assert outcome.lost == {"node": "T0-wld01/edge01", "reason": "taken by the gateway", "reply": False}


def test_an_advertised_address_that_nobody_has_is_dropped_and_does_not_circle(plane: Dataplane) -> None:
    build(plane, infra([]), world())
    outcome = plane.probe(Flow("client", "30.0.1.77", "tcp", 443), explain=True)
    assert outcome.lost == {"node": "domain-c8", "reason": "no route", "reply": False}


def test_connections_through_changed_rules_are_forgotten(plane: Dataplane) -> None:
    before = infra([nat_rule("supervisor", "SNAT", "30.0.0.5", "10.27.51.200")], ha_mode="ACTIVE_STANDBY")
    after = infra([nat_rule("supervisor", "SNAT", "30.0.0.5", "10.27.51.201")], ha_mode="ACTIVE_STANDBY")
    build(plane, before, world())
    assert plane.probe(PULL).source_seen == "10.27.51.200"
    assert worlds.connections(plane, "T0-wld01/edge01") > 0
    build(plane, after, world())
    assert worlds.connections(plane, "T0-wld01/edge01") == 0
    assert plane.probe(PULL).source_seen == "10.27.51.201"


def test_a_stateless_gateway_tracks_no_connections_at_all(plane: Dataplane) -> None:
    build(plane, infra([SUPERVISOR, TKG]), world())
    assert plane.probe(PULL).returned
    assert worlds.connections(plane, "T0-wld01/edge01") == 0
    assert worlds.connections(plane, "domain-c8") > 0
