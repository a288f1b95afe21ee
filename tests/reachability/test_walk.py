"""What the walk decides, rule by rule (docs/world.md)."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest

from egress.reachability import DropReason, Flow, Protocol, Result, Verdict, Walker, assemble, read_world
from tests.reachability.conftest import House

REGISTRY = "198.51.100.10"
DNS = "172.20.0.53"
VIP = "30.0.1.10"


def seen(verdict: Verdict) -> list[str]:
    return [str(address) for address in verdict.seen]


def end(verdict: Verdict, number: int = 0) -> tuple[str, DropReason | None]:
    """Where a failing path ended, and why."""
    hop = verdict.failing[number].last
    return hop.node, hop.drop


def test_a_pull_goes_out_translated_and_comes_back_over_every_pair_of_edges(house: House) -> None:
    verdict = house.golden_rules().ask("pod-a", REGISTRY)
    assert verdict.result is Result.ALL
    assert seen(verdict) == ["10.27.51.145"]
    out = {path.forward[3].node for path in verdict.paths}
    back = {path.back[2].node for path in verdict.paths}
    assert out == {"T0-wld01/edge01", "T0-wld01/edge02"}
    assert back == {"T0-wld01/edge01"}, "edge01 has the translated address"


def test_a_hop_tells_what_changed_the_packet_and_which_route_it_took(house: House) -> None:
    path = house.golden_rules().ask("pod-a", REGISTRY).paths[0]
    edge = path.forward[3]
    assert (str(edge.before.source), str(edge.after.source)) == ("30.0.0.5", "10.27.51.145")
    assert edge.rules == ("supervisor",)
    assert str(edge.route).endswith("/static-routes/route1")
    assert (edge.arrived, edge.left, str(edge.via)) == ("transit", "edge01-uplink1", "10.27.51.1")
    assert path.back[4].rules == ("state",), "the Tier-1 remembers the connection"


def test_without_a_default_route_a_pull_dies_at_the_edge(house: House) -> None:
    verdict = house.ask("pod-a", REGISTRY)
    assert verdict.result is Result.NONE
    assert end(verdict) == ("T0-wld01/edge01", DropReason.NO_ROUTE)
    assert not verdict.paths[0].delivered


def test_without_nat_the_answer_has_no_way_home(house: House) -> None:
    verdict = house.routed("10.27.51.1").ask("pod-a", REGISTRY)
    assert verdict.paths[0].delivered
    assert seen(verdict) == ["30.0.0.5"]
    assert end(verdict) == ("gateway", DropReason.NO_ROUTE)


def test_a_rule_for_one_egress_address_does_nothing_for_another(house: House) -> None:
    house.routed("10.27.51.1").rule("s", "REFLEXIVE", source_network="30.0.0.5", translated_network="10.27.51.145")
    assert house.ask("pod-a", REGISTRY).result is Result.ALL
    assert house.ask("pod-b", REGISTRY).result is Result.NONE


def test_the_service_network_sees_egress_addresses_untranslated(house: House) -> None:
    verdict = house.golden_rules().ask("pod-a", DNS, "udp", 53)
    assert seen(verdict) == ["30.0.0.5"]
    assert end(verdict) == ("gateway", DropReason.NO_ROUTE)


def test_a_return_route_on_the_dns_server_makes_lookups_work(house: House) -> None:
    house.golden_rules().host("dns")["routes"] = [{"to": "30.0.0.0/24", "via": ["172.20.0.1"]}]
    assert house.ask("pod-a", DNS, "udp", 53).result is Result.ALL


def test_a_rule_without_scope_makes_the_dns_answer_die_under_strict_urpf(house: House) -> None:
    house.routed("10.27.51.1")
    house.rule("s", "REFLEXIVE", scope=[], source_network="30.0.0.5", translated_network="10.27.51.145")
    verdict = house.ask("pod-a", DNS, "udp", 53)
    assert seen(verdict) == ["10.27.51.145"]
    assert end(verdict) == ("T0-wld01/edge01", DropReason.REVERSE_PATH)
    for interface in house.interfaces():
        interface["urpf_mode"] = "NONE"
    assert house.ask("pod-a", DNS, "udp", 53).result is Result.ALL


def test_ingress_without_a_default_route_dies_at_the_uplink_under_strict_urpf(house: House) -> None:
    assert end(house.ask("registry", VIP)) == ("T0-wld01/edge01", DropReason.REVERSE_PATH)


def test_ingress_without_a_default_route_and_without_urpf_loses_the_answer(house: House) -> None:
    for interface in house.interfaces():
        interface["urpf_mode"] = "NONE"
    verdict = house.ask("registry", VIP)
    assert verdict.paths[0].delivered
    assert end(verdict) == ("T0-wld01/edge01", DropReason.NO_ROUTE)


def test_ingress_works_over_all_four_pairs_of_edges_and_keeps_the_clients_address(house: House) -> None:
    verdict = house.routed("10.27.51.1").ask("registry", VIP)
    assert verdict.result is Result.ALL
    assert len(verdict.paths) == 4
    assert seen(verdict) == [REGISTRY]


def test_a_load_balancer_answers_on_its_own_port_only(house: House) -> None:
    house.routed("10.27.51.1")
    assert house.ask("registry", VIP, port=443).result is Result.ALL
    assert end(house.ask("registry", VIP, port=80)) == ("domain-c8", DropReason.NO_ROUTE)
    assert house.ask("registry", VIP, "udp", 443).result is Result.NONE


def test_a_load_balancer_changes_the_port_there_and_back(house: House) -> None:
    path = house.routed("10.27.51.1").ask("registry", VIP).paths[0]
    assert path.forward[-1].before.destination_port == 8443
    assert path.back[-1].before.source_port == 443


def test_a_longer_prefix_wins_over_the_default_route(house: House) -> None:
    house.golden_rules().routed("10.27.51.9", network="198.51.100.0/24")
    assert end(house.ask("pod-a", REGISTRY)) == ("T0-wld01/edge01", DropReason.NO_NEIGHBOUR)


def test_a_connected_network_wins_over_a_static_route_of_the_same_length(house: House) -> None:
    house.golden_rules().routed("10.27.51.9", network="10.27.51.0/24")
    assert house.ask("pod-a", REGISTRY).result is Result.ALL


def test_the_lowest_distance_wins_and_equal_ones_share(house: House) -> None:
    house.world["routers"][0]["interfaces"][0]["addresses"] = ["10.27.51.1/24", "10.27.51.2/24"]
    hops = [("10.27.51.1", 5), ("10.27.51.2", 5), ("10.27.51.3", 9)]
    body = {
        "id": "r",
        "network": "0.0.0.0/0",
        "next_hops": [{"ip_address": ip, "admin_distance": far} for ip, far in hops],
    }
    house.rule("s", "REFLEXIVE", source_network="30.0.0.5", translated_network="10.27.51.145")
    house.tier0["children"].append({"resource_type": "ChildStaticRoutes", "StaticRoutes": body})
    verdict = house.ask("pod-a", REGISTRY)
    assert verdict.result is Result.ALL
    assert {str(path.forward[3].via) for path in verdict.paths} == {"10.27.51.1", "10.27.51.2"}


def test_a_higher_distance_takes_over_where_the_lower_cannot_be_reached(house: House) -> None:
    house.golden_rules()
    route = house.tier0["children"][1]["StaticRoutes"]
    route["next_hops"] = [
        {"ip_address": "192.0.2.1", "admin_distance": 1},
        {"ip_address": "10.27.51.1", "admin_distance": 9},
    ]
    assert house.ask("pod-a", REGISTRY).result is Result.ALL


def test_a_next_hop_with_a_scope_counts_on_that_interface_only(house: House) -> None:
    house.golden_rules()
    hop = house.tier0["children"][1]["StaticRoutes"]["next_hops"][0]
    hop["scope"] = ["/infra/tier-0s/T0-wld01/locale-services/default/interfaces/edge01-uplink1"]
    verdict = house.ask("pod-a", REGISTRY)
    assert verdict.result is Result.SOME
    assert end(verdict) == ("T0-wld01/edge02", DropReason.NO_ROUTE)


def test_a_next_hop_without_an_address_discards(house: House) -> None:
    house.golden_rules().routed(network="198.51.100.0/24")
    house.tier0["children"][-1]["StaticRoutes"]["next_hops"] = [{"admin_distance": 1}]
    assert end(house.ask("pod-a", REGISTRY))[1] is DropReason.NO_ROUTE


def test_a_next_hop_that_nobody_answers_for_is_no_neighbour(house: House) -> None:
    assert end(house.routed("10.27.51.9").ask("pod-a", REGISTRY)) == ("T0-wld01/edge01", DropReason.NO_NEIGHBOUR)


def test_the_first_section_decides_before_any_number(house: House) -> None:
    house.golden_rules()
    house.rule(
        "i", "REFLEXIVE", "INTERNAL", sequence_number=1000, source_network="30.0.0.5", translated_network="10.27.51.99"
    )
    assert seen(house.ask("pod-a", REGISTRY)) == ["10.27.51.99"]


def test_a_default_section_rule_comes_last(house: House) -> None:
    house.golden_rules()
    house.rule("d", "NO_SNAT", "DEFAULT", sequence_number=0, source_network="30.0.0.5")
    assert seen(house.ask("pod-a", REGISTRY)) == ["10.27.51.145"]


def test_the_lower_number_decides_within_a_section(house: House) -> None:
    house.golden_rules().rule("first", "NO_SNAT", sequence_number=1, source_network="30.0.0.0/24")
    assert seen(house.ask("pod-a", REGISTRY)) == ["30.0.0.5"]


def test_equal_numbers_go_by_id(house: House) -> None:
    house.golden_rules().rule("aaa", "NO_SNAT", source_network="30.0.0.0/24")
    assert seen(house.ask("pod-a", REGISTRY)) == ["30.0.0.5"]


def test_a_no_snat_rule_with_a_destination_exempts_that_destination_only(house: House) -> None:
    house.golden_rules()
    house.rule(
        "not-there", "NO_SNAT", sequence_number=1, source_network="30.0.0.0/24", destination_network="192.0.2.0/24"
    )
    assert seen(house.ask("pod-a", REGISTRY)) == ["10.27.51.145"]
    house.rule(
        "there", "NO_SNAT", sequence_number=2, source_network="30.0.0.0/24", destination_network="198.51.100.0/24"
    )
    assert seen(house.ask("pod-a", REGISTRY)) == ["30.0.0.5"]


@pytest.mark.parametrize("off", [{"enabled": False}, {"service": "/infra/services/HTTPS"}])
def test_a_rule_that_does_not_count_is_passed_over_and_noted(house: House, off: Any) -> None:
    house.routed("10.27.51.1")
    house.rule("s", "REFLEXIVE", source_network="30.0.0.5", translated_network="10.27.51.145", **off)
    assert house.ask("pod-a", REGISTRY).result is Result.NONE
    assert any("rule s " in note for note in house.topology().notes)


def test_a_reflexive_rule_with_unequal_sizes_does_not_count(house: House) -> None:
    house.routed("10.27.51.1")
    house.rule("s", "REFLEXIVE", source_network="30.0.0.0/24", translated_network="10.27.51.145")
    assert seen(house.ask("pod-a", REGISTRY)) == ["30.0.0.5"]
    assert any("the sizes differ" in note for note in house.topology().notes)


def test_a_reflexive_network_keeps_the_offset_in_both_directions(house: House) -> None:
    house.routed("10.27.51.1")
    house.rule("s", "REFLEXIVE", source_network="30.0.0.0/27", translated_network="10.27.51.64/27")
    assert seen(house.ask("pod-a", REGISTRY)) == ["10.27.51.69"]
    assert seen(house.ask("pod-b", REGISTRY)) == ["10.27.51.80"]
    assert house.ask("pod-b", REGISTRY).result is Result.ALL


def test_a_reflexive_rule_works_inwards_for_new_connections(house: House) -> None:
    house.routed("10.27.51.1")
    house.rule("s", "REFLEXIVE", source_network="30.0.1.10", translated_network="10.27.51.200")
    verdict = house.ask("registry", "10.27.51.200")
    assert verdict.result is Result.ALL
    assert verdict.paths[0].forward[2].rules == ("s",)


def test_a_dnat_rule_brings_connections_in_and_their_answers_out(house: House) -> None:
    house.tier0["ha_mode"] = "ACTIVE_STANDBY"
    house.routed("10.27.51.1")
    house.rule("d", "DNAT", destination_network="10.27.51.200", translated_network="30.0.1.10")
    verdict = house.ask("registry", "10.27.51.200")
    assert verdict.result is Result.ALL
    assert str(verdict.paths[0].back[-1].before.source) == "10.27.51.200"


def test_a_no_dnat_rule_before_it_keeps_a_dnat_rule_away(house: House) -> None:
    house.tier0["ha_mode"] = "ACTIVE_STANDBY"
    house.routed("10.27.51.1")
    house.rule("n", "NO_DNAT", sequence_number=1, destination_network="10.27.51.200", source_network="198.51.100.0/24")
    house.rule("d", "DNAT", destination_network="10.27.51.200", translated_network="30.0.1.10")
    assert end(house.ask("registry", "10.27.51.200")) == ("T0-wld01/edge01", DropReason.TAKEN_HERE)


def test_a_dnat_rule_with_a_source_takes_that_source_only(house: House) -> None:
    house.tier0["ha_mode"] = "ACTIVE_STANDBY"
    house.routed("10.27.51.1")
    values = {"destination_network": "10.27.51.200", "translated_network": "30.0.1.10"}
    house.rule("d", "DNAT", source_network="203.0.113.0/24", **values)
    assert house.ask("registry", "10.27.51.200").result is Result.NONE


def test_a_packet_for_an_uplink_address_without_a_rule_is_taken_by_the_gateway(house: House) -> None:
    verdict = house.routed("10.27.51.1").ask("registry", "10.27.51.145")
    assert end(verdict) == ("T0-wld01/edge01", DropReason.TAKEN_HERE)


def test_tier0_nat_does_not_apply_between_two_tier1s(house: House) -> None:
    house.golden_rules().world["tier1"]["vnet-domain-c8"]["lb"] = [
        {"address": "30.0.1.20", "port": 443, "member": "192.168.128.2", "member_port": 443}
    ]
    verdict = house.ask("pod-a", "30.0.1.20")
    assert verdict.result is Result.ALL
    assert seen(verdict) == ["30.0.0.5"]


def test_on_active_standby_both_mappings_may_share_one_spare_address(house: House) -> None:
    house.standby_rules()
    for pod in ("pod-a", "pod-b"):
        verdict = house.ask(pod, REGISTRY)
        assert verdict.result is Result.ALL
        assert seen(verdict) == ["10.27.51.10"]
        assert [path.forward[3].node for path in verdict.paths] == ["T0-wld01/edge01"]


def test_when_the_active_edge_is_gone_the_other_one_answers_for_a_spare_address(house: House) -> None:
    house.standby_rules().world["down"] = ["edge01"]
    verdict = house.ask("pod-a", REGISTRY)
    assert verdict.result is Result.ALL
    assert verdict.paths[0].forward[3].node == "T0-wld01/edge02"


def test_translated_to_the_standby_edges_own_address_the_answer_is_lost_there(house: House) -> None:
    verdict = house.standby_rules("10.27.51.147").ask("pod-a", REGISTRY)
    assert end(verdict) == ("T0-wld01/edge02", DropReason.TAKEN_HERE)


def test_a_standby_edge_forwards_nothing(house: House) -> None:
    house.standby_rules().world["routers"][0]["routes"] = [{"to": "30.0.1.0/24", "via": ["10.27.51.147"]}]
    assert end(house.ask("registry", VIP)) == ("T0-wld01/edge02", DropReason.NOT_FORWARDING)


def test_the_named_edge_is_the_active_one(house: House) -> None:
    house.standby_rules().world["active"] = {"T0-wld01": "edge02"}
    assert house.ask("pod-a", REGISTRY).paths[0].forward[3].node == "T0-wld01/edge02"


def test_the_ha_vip_is_held_by_the_active_edge(house: House) -> None:
    house.standby_rules("10.27.51.150")
    services = house.tier0["children"][0]["LocaleServices"]
    base = "/infra/tier-0s/T0-wld01/locale-services/default/interfaces"
    services["ha_vip_configs"] = [
        {
            "enabled": True,
            "external_interface_paths": [f"{base}/edge01-uplink1", f"{base}/edge02-uplink1"],
            "vip_subnets": [{"ip_addresses": ["10.27.51.150"], "prefix_len": 24}],
        }
    ]
    for down, edge in (([], "edge01"), (["edge01"], "edge02")):
        house.world["down"] = down
        verdict = house.ask("pod-a", REGISTRY)
        assert verdict.result is Result.ALL
        assert verdict.paths[0].back[2].node == f"T0-wld01/{edge}"


def test_on_active_active_a_translated_address_of_a_dead_edge_dies_with_it(house: House) -> None:
    house.golden_rules().world["down"] = ["edge01"]
    assert end(house.ask("pod-a", REGISTRY)) == ("gateway", DropReason.NO_NEIGHBOUR)
    assert house.ask("pod-b", REGISTRY).result is Result.ALL


def test_on_active_active_every_edge_answers_for_a_spare_address(house: House) -> None:
    house.routed("10.27.51.1")
    house.rule("s", "REFLEXIVE", source_network="30.0.0.5", translated_network="10.27.51.99")
    verdict = house.ask("pod-a", REGISTRY)
    assert verdict.result is Result.ALL
    assert {path.back[2].node for path in verdict.paths} == {"T0-wld01/edge01", "T0-wld01/edge02"}
    house.world["down"] = ["edge01"]
    assert house.ask("pod-a", REGISTRY).result is Result.ALL


def test_a_rule_that_is_not_applied_to_an_uplink_does_not_answer_arp_there(house: House) -> None:
    house.routed("10.27.51.1")
    only = ["/infra/tier-0s/T0-wld01/locale-services/default/interfaces/edge01-uplink1"]
    house.rule("s", "REFLEXIVE", scope=only, source_network="30.0.0.5", translated_network="10.27.51.99")
    verdict = house.ask("pod-a", REGISTRY)
    assert verdict.result is Result.SOME
    assert {path.back[2].node for path in verdict.paths if path.returned} == {"T0-wld01/edge01"}


def test_snat_on_active_active_fails_where_the_answer_meets_an_edge_without_state(house: House) -> None:
    house.routed("10.27.51.1").rule("s", "SNAT", source_network="30.0.0.5", translated_network="10.27.51.99")
    verdict = house.ask("pod-a", REGISTRY)
    assert verdict.result is Result.SOME
    assert {path.forward[3].node == path.back[2].node for path in verdict.paths if path.returned} == {True}
    assert end(verdict)[1] is DropReason.TAKEN_HERE


def test_stateful_active_active_shares_state_between_edges(house: House) -> None:
    house.tier0["stateful_services"] = {"enabled": True}
    house.routed("10.27.51.1").rule("s", "SNAT", source_network="30.0.0.5", translated_network="10.27.51.99")
    assert house.ask("pod-a", REGISTRY).result is Result.ALL


def test_a_stateful_edge_leaves_answers_of_connections_from_outside_alone(house: House) -> None:
    house.standby_rules().rule("wide", "SNAT", source_network="30.0.1.0/24", translated_network="10.27.51.11")
    house.world["routers"][0]["routes"] = [{"to": "30.0.1.0/24", "via": ["10.27.51.145"]}]
    assert house.ask("registry", VIP).result is Result.ALL


def test_a_stateless_rule_translates_answers_too_and_the_client_does_not_know_them(house: House) -> None:
    house.routed("10.27.51.1")
    house.rule("wide", "REFLEXIVE", source_network="30.0.1.0/24", translated_network="10.27.52.0/24")
    verdict = house.ask("registry", VIP)
    assert end(verdict) == ("registry", DropReason.WRONG_ANSWER)


def test_a_tcp_answer_without_state_is_not_translated_and_a_udp_answer_is(house: House) -> None:
    house.routed("10.27.51.1").rule("wide", "SNAT", source_network="30.0.1.0/24", translated_network="10.27.51.11")
    house.world["routers"][0]["routes"] = [{"to": "30.0.1.0/24", "via": ["10.27.51.145"]}]
    balancer = {"address": VIP, "port": 53, "protocol": "udp", "member": "10.244.0.98", "member_port": 53}
    house.world["tier1"]["domain-c8"]["lb"].append(balancer)
    assert house.ask("registry", VIP).result is Result.ALL
    verdict = house.ask("registry", VIP, "udp", 53)
    assert [path.returned for path in verdict.paths] == [True, False], "edge02 never saw the question"
    assert end(verdict) == ("registry", DropReason.WRONG_ANSWER)


def test_an_echo_answer_without_state_is_not_translated(house: House) -> None:
    house.routed("10.27.51.1").rule("wide", "SNAT", source_network="172.20.0.0/24", translated_network="10.27.51.11")
    house.host("dns")["routes"] = [{"to": "198.51.100.0/24", "via": ["172.20.0.1"]}]
    assert house.ask("registry", "172.20.0.53", "icmp", 0).result is Result.ALL
    assert house.ask("registry", "172.20.0.53", "udp", 53).result is Result.NONE


def test_all_edges_down_leaves_no_route(house: House) -> None:
    house.golden_rules().world["down"] = ["edge01", "edge02"]
    assert end(house.ask("pod-a", REGISTRY)) == ("T0-wld01/dr", DropReason.NO_ROUTE)


def test_a_service_interface_moves_when_its_edge_goes(house: House) -> None:
    house.golden_rules().host("dns")["routes"] = [{"to": "30.0.0.0/24", "via": ["172.20.0.1"]}]
    held = house.tier0["children"][0]["LocaleServices"]["children"]
    held[:] = [one for one in held if not one["Tier0Interface"]["id"].endswith("-services")]
    subnets = [{"ip_addresses": ["172.20.0.1"], "prefix_len": 24}]
    service = {"id": "services", "type": "SERVICE", "urpf_mode": "STRICT", "subnets": subnets}
    held.append({"resource_type": "ChildTier0Interface", "Tier0Interface": service})
    house.world["down"] = ["edge01"]
    assert house.ask("pod-a", DNS, "udp", 53).result is Result.ALL


def test_a_tier1_that_hangs_on_nothing_has_no_way_out(house: House) -> None:
    house.golden_rules()
    for child in house.infra["children"][1:]:
        child["Tier1"].pop("tier0_path")
    assert end(house.ask("pod-a", REGISTRY)) == ("domain-c8", DropReason.NO_ROUTE)


def test_a_loop_ends_with_a_reason(house: House) -> None:
    house.routed("10.27.51.1")
    for interface in house.interfaces():
        interface["urpf_mode"] = "NONE"
    gateway = house.world["routers"][0]
    gateway["routes"].append({"to": "192.0.2.0/24", "via": ["10.27.51.145"]})
    verdict = house.ask("pod-a", "192.0.2.7")
    assert verdict.result is Result.NONE
    assert {path.last.drop for path in verdict.paths} == {DropReason.LOOP}


def test_a_packet_that_comes_back_unchanged_to_a_stateful_gateway_meets_no_new_rule(house: House) -> None:
    """Out without a match, sent back by a router: rules are asked for the first packet of a connection only."""
    house.standby_rules().rule("in", "DNAT", destination_network="203.0.113.8", translated_network="192.168.128.2")
    house.world["tier1"]["vnet-domain-c8"]["advertise"] = ["192.168.128.0/24"]
    house.rule("plain", "NO_SNAT", sequence_number=1, source_network="30.0.0.5")
    house.world["routers"][0]["routes"].append({"to": "203.0.113.0/24", "via": ["10.27.51.145"]})
    for interface in house.interfaces():
        interface["urpf_mode"] = "NONE"
    assert house.ask("registry", "203.0.113.8").paths[0].forward[-1].node == "pod-b", "from outside the rule counts"
    returning = house.ask("pod-a", "203.0.113.8")
    assert {path.last.drop for path in returning.paths} == {DropReason.LOOP}
    at_edge = [hop for hop in returning.paths[0].forward if hop.node == "T0-wld01/edge01"]
    assert at_edge[1].rules == ("state",)
    assert at_edge[1].before == at_edge[1].after == at_edge[0].after


@pytest.mark.parametrize("routers, arrives", [(63, True), (64, False)])
def test_a_packet_has_64_hops(routers: int, arrives: bool) -> None:
    """The 64th router gets it with TTL 1 and may not forward it (RFC 1812, 5.3.1)."""
    world: dict[str, Any] = {
        "segments": {f"s{number}": [f"10.{number}.0.0/24"] for number in range(routers + 1)},
        "hosts": [
            {"name": "start", "addresses": ["10.0.0.10/24"], "gateway": ["10.0.0.2"]},
            {"name": "end", "addresses": [f"10.{routers}.0.10/24"], "gateway": [f"10.{routers}.0.1"]},
        ],
        "routers": [
            {
                "name": f"r{number}",
                "interfaces": [
                    {"name": "in", "addresses": [f"10.{number - 1}.0.2/24"]},
                    {"name": "out", "addresses": [f"10.{number}.0.1/24"]},
                ],
                "routes": [
                    {"to": "10.0.0.0/24", "via": [f"10.{number - 1}.0.1"]} if number > 1 else None,
                    {"to": f"10.{routers}.0.0/24", "via": [f"10.{number}.0.2"]} if number < routers else None,
                ],
            }
            for number in range(1, routers + 1)
        ],
    }
    for router in world["routers"]:
        router["routes"] = [route for route in router["routes"] if route]
    infra = {"resource_type": "Infra", "children": []}
    file = read_world({"format": "egress-world", "version": 1, "infra": infra, "world": world})
    verdict = Walker(assemble(file.objects, file.world)).walk(
        Flow("start", ip_address(f"10.{routers}.0.10"), Protocol.TCP, 443)
    )
    assert verdict.paths[0].delivered is arrives
    assert verdict.paths[0].returned is arrives
    if not arrives:
        assert end(verdict) == ("r64", DropReason.LOOP)


def test_a_stateless_gateway_asks_its_rules_of_a_packet_that_comes_back(house: House) -> None:
    house.routed("10.27.51.1")
    house.rule("in", "REFLEXIVE", source_network="30.0.0.16", translated_network="203.0.113.8")
    house.world["routers"][0]["routes"].append({"to": "203.0.113.0/24", "via": ["10.27.51.145"]})
    for interface in house.interfaces():
        interface["urpf_mode"] = "NONE"
    verdict = house.ask("pod-a", "203.0.113.8")
    assert any("in" in hop.rules for path in verdict.paths for hop in path.forward)


def test_a_loop_with_many_forks_still_ends(house: House) -> None:
    house.routed("10.27.51.1")
    routers = [
        {"name": f"r{number}", "interfaces": [{"name": "a", "addresses": [f"10.27.51.{number}/24"]}]}
        for number in range(2, 8)
    ]
    ways = [f"10.27.51.{number}" for number in range(1, 8)]
    for router in [*routers, house.world["routers"][0]]:
        router["routes"] = [{"to": "192.0.2.0/24", "via": ways}]
    house.world["routers"] += routers
    verdict = house.ask("pod-a", "192.0.2.7")
    assert verdict.cut
    assert verdict.result is Result.NONE


def test_a_host_without_an_address_of_the_family_has_no_source(house: House) -> None:
    verdict = house.golden_rules().ask("pod-a", "2001:db8::1")
    assert end(verdict) == ("pod-a", DropReason.NO_SOURCE)


def test_a_packet_with_the_nodes_own_source_is_dropped(house: House) -> None:
    house.golden_rules()
    house.world["hosts"].append({"name": "thief", "addresses": ["198.51.100.1/24"], "gateway": ["198.51.100.10"]})
    house.world["routers"][0]["interfaces"][1]["addresses"] = ["198.51.100.2/24"]
    house.world["routers"][0]["interfaces"].append({"name": "loop", "addresses": ["198.51.100.1/32"]})
    house.world["segments"]["outside"] = ["198.51.100.0/24"]
    house.host("thief")["gateway"] = ["198.51.100.2"]
    assert end(house.ask("thief", "10.27.51.77")) == ("gateway", DropReason.OWN_SOURCE)


def test_a_router_may_check_the_reverse_path_too(house: House) -> None:
    house.routed("10.27.51.1")
    house.world["routers"][0]["interfaces"][0]["urpf"] = "STRICT"
    verdict = house.ask("pod-a", REGISTRY)
    assert end(verdict) == ("gateway", DropReason.REVERSE_PATH)


def test_a_host_that_is_sent_somebody_elses_packet_does_not_forward_it(house: House) -> None:
    house.golden_rules().world["routers"][0]["routes"].append({"to": "203.0.113.0/24", "via": ["198.51.100.10"]})
    assert end(house.ask("pod-a", "203.0.113.5")) == ("registry", DropReason.NOT_FORWARDING)


def test_ipv6_is_routed_and_never_translated(house: House) -> None:
    house.golden_rules().routed("2001:db8:51::1", network="::/0")
    for interface, ip in zip(house.interfaces(), ("2001:db8:51::145", "2001:db8:51::147"), strict=False):
        interface["subnets"].append({"ip_addresses": [ip], "prefix_len": 64})
    house.world["segments"]["uplinks"].append("2001:db8:51::/64")
    house.world["segments"]["outside"].append("2001:db8:99::/64")
    gateway = house.world["routers"][0]
    gateway["interfaces"][0]["addresses"].append("2001:db8:51::1/64")
    gateway["interfaces"][1]["addresses"].append("2001:db8:99::1/64")
    gateway["routes"].append({"to": "2001:db8:10::/64", "via": ["2001:db8:51::145", "2001:db8:51::147"]})
    registry = house.host("registry")
    registry["addresses"].append("2001:db8:99::10/64")
    registry["gateway"].append("2001:db8:99::1")
    house.world["tier1"]["domain-c8"]["pods"][0]["addresses"].append("2001:db8:10::98/64")
    verdict = house.ask("pod-a", "2001:db8:99::10")
    assert verdict.result is Result.ALL
    assert seen(verdict) == ["2001:db8:10::98"]


def test_icmp_is_translated_as_well(house: House) -> None:
    assert house.golden_rules().ask("pod-a", REGISTRY, "icmp", 0).result is Result.ALL


def test_outcomes_are_the_paths_without_hops(house: House) -> None:
    walker = Walker(house.golden_rules().topology())
    flow = Flow("pod-a", ip_address(REGISTRY), Protocol.TCP, 443)
    paths = [(path.delivered, path.seen, path.returned) for path in walker.walk(flow).paths]
    assert [(one.delivered, one.seen, one.returned) for one in walker.outcomes(flow)] == paths


def test_a_flow_from_nobody_is_an_error(house: House) -> None:
    with pytest.raises(KeyError):
        house.ask("nobody", REGISTRY)
