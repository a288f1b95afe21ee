"""Configuration and world in, plan and command lines out: nothing of this touches the kernel."""

from __future__ import annotations

from typing import Any

import pytest

from nsx_lab.dataplane import WorldError, flatten
from nsx_lab.dataplane.kernel.packets import checksum, dns_answer, dns_query, echo_request, read_ip
from nsx_lab.dataplane.planning import compiling, objects, recipe
from nsx_lab.dataplane.planning.networks import intervals, read_address
from nsx_lab.dataplane.planning.plan import Plan, port_name
from tests.dataplane.worlds import SUPERVISOR, TIER0, TKG, infra, nat_rule, tier1_rule, with_tier1_rules, world


def plan(tree: dict[str, object], around: dict[str, object] | None = None) -> Plan:
    return compiling.plan(around or world(), flatten(tree))


def test_every_node_of_the_golden_world_is_there() -> None:
    names = {node.name for node in plan(infra([SUPERVISOR, TKG])).nodes}
    assert names == {
        *("registry", "client", "dns", "gw", "domain-c8", "pod-c8", "vnet-domain-c8", "pod-tkg"),
        *("T0-wld01/dr", "T0-wld01/edge01", "T0-wld01/edge02"),
    }


def test_the_order_of_realized_objects_means_nothing() -> None:
    realized = flatten(infra([SUPERVISOR, TKG]))
    turned = dict(sorted(realized.items(), key=lambda item: ("/interfaces/" not in item[0], item[0])))
    once, again = compiling.plan(world(), realized), compiling.plan(world(), turned)
    assert {node.name: node for node in once.nodes} == {node.name: node for node in again.nodes}


def test_a_reflexive_prefix_is_arithmetic_and_a_range_is_a_map() -> None:
    prefix = edge_rules([nat_rule("one", "REFLEXIVE", "30.0.0.0/28", "10.27.51.208/28")])
    assert "ip saddr set ip saddr & 0.0.0.15 | 10.27.51.208 accept" in prefix
    assert "ip daddr set ip daddr & 0.0.0.15 | 30.0.0.0 accept" in prefix
    ranged = edge_rules([nat_rule("one", "REFLEXIVE", "30.0.0.4/31", "10.27.51.201-10.27.51.202")])
    assert "ip saddr set ip saddr map { 30.0.0.4 : 10.27.51.201, 30.0.0.5 : 10.27.51.202 } accept" in ranged


def test_reflexive_rules_alone_keep_no_state_and_snat_does() -> None:
    stateless, stateful = plan(infra([SUPERVISOR])), plan(infra([nat_rule("one", "SNAT", "30.0.0.5", "10.27.51.200")]))
    assert not stateless.node("T0-wld01/edge01").tracks
    assert "type nat" not in stateless.node("T0-wld01/edge01").rules
    assert stateful.node("T0-wld01/edge01").tracks
    assert "snat to 10.27.51.200" in stateful.node("T0-wld01/edge01").rules


@pytest.mark.parametrize(
    "change", [{"enabled": False}, {"service": "/infra/services/HTTP"}, {"scope": [f"{TIER0}/elsewhere"]}]
)
def test_a_rule_that_does_not_count_here_leaves_no_trace(change: dict[str, object]) -> None:
    assert edge_rules([SUPERVISOR | change]) == edge_rules([])


@pytest.mark.parametrize(
    "rule, why",
    [
        (
            nat_rule("odd", "REFLEXIVE", "30.0.0.0/28", "10.27.51.200"),
            "30.0.0.0/28 has 16 addresses and 10.27.51.200 has 1",
        ),
        (nat_rule("odd", "SNAT", "30.0.0.x", "10.27.51.200"), "'30.0.0.x' is not a list of addresses"),
        (nat_rule("odd", "SNAT", "2001:db8::1", "10.27.51.200"), "'2001:db8::1' is not IPv4"),
        (nat_rule("odd", "DNAT", "", "10.27.51.200"), "a network that this action needs is empty"),
        (nat_rule("odd", "NAT64", "30.0.0.5", "10.27.51.200"), "action 'NAT64'"),
    ],
)
def test_a_rule_that_cannot_be_compiled_is_told(rule: dict[str, object], why: str) -> None:
    assert plan(infra([rule])).notes == (f"NAT rule odd is not in the data plane: {why}",)


def test_translated_addresses_inside_the_uplink_network_are_answered_for_unless_somebody_has_them() -> None:
    rules = [
        SUPERVISOR,
        nat_rule("spare", "REFLEXIVE", "30.0.0.16", "10.27.51.200"),
        nat_rule("routed", "REFLEXIVE", "30.0.0.17", "203.0.113.7"),
    ]
    port = plan(infra(rules)).node("T0-wld01/edge01").ports[0]
    assert [str(address) for proxied in port.proxied for address in proxied.addresses] == ["10.27.51.200"]


def test_several_answers_to_one_arp_question_are_a_choice() -> None:
    choices = plan(infra([nat_rule("spare", "REFLEXIVE", "30.0.0.16", "10.27.51.200")])).choices
    arp = [choice for choice in choices if choice.kind == "arp"]
    assert [(one.subject, one.options) for one in arp] == [("10.27.51.200/32", ("T0-wld01/edge01", "T0-wld01/edge02"))]


def test_a_pinned_choice_keeps_all_next_hops_for_urpf_and_one_for_forwarding() -> None:
    built = plan(infra([SUPERVISOR]))
    pinned = recipe.recipes(built, {"route T0-wld01/dr 0.0.0.0/0": 1})
    routes = next(one for one in pinned if one.name == "T0-wld01/dr").routes["4"]
    assert next(line for line in routes if line.startswith("0.0.0.0/0") and "table" not in line).count("nexthop") == 2
    assert "0.0.0.0/0 proto 66 table 100 via 169.254.0.3 dev transit" in routes


def test_an_own_address_as_next_hop_is_a_dead_end() -> None:
    tree = infra([])
    routes = [child["StaticRoutes"] for child in tree["children"][0]["Tier0"]["children"] if "StaticRoutes" in child]
    routes[0]["next_hops"] = [{"ip_address": "10.27.51.145"}]
    built = plan(tree)
    default = {str(route.to): route.hops for route in built.node("T0-wld01/edge01").routes}["0.0.0.0/0"]
    assert default == ()
    assert {str(route.to): len(route.hops) for route in built.node("T0-wld01/edge02").routes}["0.0.0.0/0"] == 1


@pytest.mark.parametrize(
    "change, said",
    [
        ({"segmnts": {}}, "world: unknown key 'segmnts', allowed are active, down, hosts, routers, segments, tier1"),
        ({"hosts": [{"name": "a"}]}, "world.hosts[0]: 'addresses' is missing"),
        (
            {"hosts": [{"name": "a", "addresses": ["10.0.0.1.2/24"]}]},
            "world.hosts[0].addresses: '10.0.0.1.2/24' is not an address",
        ),
        ({"hosts": [{"name": "gw", "addresses": ["10.0.0.1/24"]}]}, "two nodes are called 'gw'"),
        ({"hosts": [{"name": "domain-c8", "addresses": ["10.0.0.1/24"]}]}, "two nodes are called 'domain-c8'"),
        ({"segments": {"a": ["100.64.0.0/10"]}}, "segment prefix 100.64.0.0/10"),
        (
            {"routers": [{"name": "r", "interfaces": [{"addresses": ["10.0.0.1/24"], "urpf": "LOOSE"}]}]},
            "urpf 'LOOSE', allowed are NONE, STRICT",
        ),
        ({"hosts": "x"}, "world: hosts 'x': a list is expected"),
        ({"hosts": [5]}, "world: hosts[0] 5: an object is expected"),
        ({"hosts": [{"name": 5, "addresses": []}]}, "world: hosts[0].name 5: text that is not empty is expected"),
        ({"hosts": [{"name": "a", "addresses": [5]}]}, "world: hosts[0].addresses[0] 5: text is expected"),
        ({"segments": {"a": 5}}, "world: segments.a 5: a list is expected"),
        ({"tier1": {"a": {"lb": [{"port": "80"}]}}}, "world: tier1.a.lb[0].port '80': an integer from 1 to 65535 is"),
        ({"down": "edge01"}, "world: down 'edge01': a list is expected"),
        ({"active": {"T0": 5}}, "world: active.T0 5: text is expected"),
    ],
)
def test_a_world_that_cannot_be_used_is_refused_with_its_place(change: dict[str, Any], said: str) -> None:
    with pytest.raises(WorldError) as caught:
        plan(infra([]), world(**change))
    assert said in str(caught.value)


def test_a_file_of_another_format_is_refused() -> None:
    with pytest.raises(WorldError, match="not a world file"):
        objects.check_format({"format": "nsx-lab-seed", "version": 1})


def test_names_that_linux_would_not_take_get_another() -> None:
    assert port_name("edge01-uplink1", [], "if") == "edge01-uplink1"
    assert port_name("a-name-of-more-than-fifteen", [], "if") == "if0"
    assert port_name("all", ["if0"], "if") == "if1"


def test_comma_lists_prefixes_and_ranges_are_intervals() -> None:
    found = intervals("10.0.0.1, 10.0.1.0/30,10.0.2.5-10.0.2.9")
    expected = [("10.0.0.1", "10.0.0.1"), ("10.0.1.0", "10.0.1.3"), ("10.0.2.5", "10.0.2.9")]
    assert found == [tuple(read_address(text, "test") for text in pair) for pair in expected]


def test_a_source_that_is_everything_is_not_matched() -> None:
    wide, narrow = (
        edge_rules([nat_rule("one", "SNAT", source, "10.27.51.200")]) for source in ("0.0.0.0/0", "30.0.0.5")
    )
    uplinks = 'oifname { "edge01-uplink1" }'
    assert f"{uplinks} snat to 10.27.51.200" in wide
    assert f"{uplinks} ip saddr {{ 30.0.0.5/32 }} snat to 10.27.51.200" in narrow


def test_a_dns_question_is_answered_by_the_first_label_or_not_at_all() -> None:
    query = dns_query(7, "registry.corp.example")
    assert (dns_answer(query, {"registry": "198.51.100.10"}) or b"").endswith(bytes([198, 51, 100, 10]))
    assert (dns_answer(query, {}) or b"")[3] & 15 == 3
    assert dns_answer(b"\0" * 12, {}) is None


def test_an_echo_request_has_a_right_checksum() -> None:
    assert checksum(echo_request(4, 4711)) == 0


def test_what_is_no_packet_is_not_read() -> None:
    assert read_ip(b"") is None
    assert read_ip(b"\x45" + b"\0" * 40) is None


def edge_rules(rules: list[dict[str, object]]) -> str:
    return plan(infra(rules)).node("T0-wld01/edge01").rules


MOVED = tier1_rule("snat", "SNAT", source_network="10.244.0.96/28", translated_network="30.0.0.17", sequence_number=10)


def test_tier1_with_a_locale_service_translates_by_its_own_rules() -> None:
    made = plan(with_tier1_rules(infra([SUPERVISOR]), "domain-c8", [MOVED]))
    rules = made.node("domain-c8").rules
    assert 'oifname { "dr" } ip saddr { 10.244.0.96/28 } snat to 30.0.0.17' in rules
    assert "30.0.0.5" not in rules
    known = [str(route.to) for route in made.node("T0-wld01/dr").routes]
    assert "30.0.0.17/32" in known
    assert "30.0.0.5/32" not in known


def test_tier1_with_a_locale_service_and_no_rule_translates_nothing() -> None:
    rules = plan(with_tier1_rules(infra([SUPERVISOR]), "domain-c8", [])).node("domain-c8").rules
    assert "snat to" not in rules
    assert "dnat to 10.244.0.98:8443" in rules


def test_tier1_of_which_the_configuration_says_nothing_is_as_the_world_has_it() -> None:
    rules = plan(infra([SUPERVISOR])).node("domain-c8").rules
    assert 'oifname { "dr" } ip saddr { 10.244.0.96/28 } snat to 30.0.0.5' in rules


def test_exception_of_a_tier1_stands_before_its_rule_by_number() -> None:
    exempt = tier1_rule("no", "NO_SNAT", source_network="10.244.0.96/28", destination_network="172.20.0.0/24")
    either = plan(with_tier1_rules(infra([]), "domain-c8", [MOVED, exempt])).node("domain-c8").rules
    assert either.index("ip daddr { 172.20.0.0/24 } accept") < either.index("snat to 30.0.0.17")
    late = (
        plan(with_tier1_rules(infra([]), "domain-c8", [MOVED, exempt | {"sequence_number": 20}]))
        .node("domain-c8")
        .rules
    )
    assert late.index("snat to 30.0.0.17") < late.index("ip daddr { 172.20.0.0/24 } accept")


def test_rule_of_a_tier1_without_a_source_takes_every_source() -> None:
    every = tier1_rule("all", "SNAT", translated_network="30.0.0.17")
    assert (
        'oifname { "dr" } snat to 30.0.0.17'
        in plan(with_tier1_rules(infra([]), "domain-c8", [every])).node("domain-c8").rules
    )


@pytest.mark.parametrize(
    "change", [{"enabled": False}, {"service": "/infra/services/HTTP"}, {"scope": ["/infra/labels/x"]}]
)
def test_rule_of_a_tier1_that_does_not_count_leaves_no_trace(change: dict[str, Any]) -> None:
    made = plan(with_tier1_rules(infra([]), "domain-c8", [MOVED | change]))
    assert "30.0.0.17" not in made.node("domain-c8").rules
    assert ("scope" in change) == any("Tier-1 domain-c8: NAT rule snat" in note for note in made.notes)
