"""A drafted file says what is there, names its objects as they are called, and asks where it cannot know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from egress.checks import check
from egress.domain import DomainFileError, WorkloadDomain
from egress.domain.reading import read
from egress.domain.yaml_tree import parse
from egress.policy.owned import owned
from egress.policy.sighting import Unseen
from egress.scan import Draft, Top, draft
from egress.scan.found import Kind
from tests.scan.surveys import ROUTES, RULES, SERVICES, T0, by_hand, interface, snat, survey, tier1

Json = dict[str, Any]
TOP = Top("wld05", "nsx.example.com", "4.2.1")


def drafted(changes: Mapping[str, Json | None] | None = None, *unseen: Unseen) -> Draft:
    """What is drafted of the Tier-0 made by hand, with objects changed, added, or (None) taken away."""
    objects = {**by_hand(), **(changes or {})}
    return draft(survey({path: body for path, body in objects.items() if body is not None}, *unseen), T0, TOP)


def domain(one: Draft) -> WorkloadDomain:
    assert one.domain is not None, one.text
    return one.domain


def foreign(one: Draft) -> dict[str, str]:
    return {each.path.rpartition("/")[2]: each.why for each in one.foreign}


def test_what_is_there_is_read_and_has_no_error() -> None:
    made = drafted()
    assert (made.questions, made.foreign) == ((), ())
    assert check([domain(made)]).errors == ()
    assert [(one.id, one.edge, str(one.address)) for one in domain(made).tier0.uplinks] == [
        ("up-1", "1", "10.9.0.2/24"),
        ("up-2", "2", "10.9.0.3/24"),
    ]
    assert [str(one.address) for one in domain(made).tier0.ha_vips] == ["10.9.0.10/24"]
    assert [str(one) for one in domain(made).egress.ranges] == ["30.0.9.0/24"]
    assert {name: str(one.egress) for name, one in domain(made).tier1s.items()} == {
        "t1-dev": "30.0.9.4",
        "t1-shop": "30.0.9.5",
    }


def test_hand_made_objects_keep_id_name_priority_and_tags() -> None:
    made = owned(domain(drafted()))
    assert made.route is not None
    assert (made.route.identity.nsx_id, made.route.identity.display_name) == ("way-out", "to the core")
    assert made.route.identity.tags == {"owner": "network"}
    assert [hop.admin_distance for hop in made.route.next_hops] == [1, 5]
    (rule,) = made.rules
    assert (rule.key, rule.identity.nsx_id, rule.identity.display_name) == ("dev", "hand-1", "dev, made by hand")
    assert (rule.priority, rule.identity.tags) == (7, {}), "an object without tags keeps none"


def test_what_the_stack_makes_is_what_is_there() -> None:
    objects = by_hand()
    for path, body in owned(domain(drafted())).objects(T0).items():
        if "/nat-rules/" in path or "/static-routes/" in path:
            there = {"tags": [], "display_name": path.rpartition("/")[2], **objects[path]}
            assert {name: value for name, value in body.items() if name not in ("resource_type", "id")} == {
                name: value for name, value in there.items() if name in body and name not in ("resource_type", "id")
            }


def test_every_value_has_the_path_that_it_came_from() -> None:
    text = drafted().text
    for path in (T0, f"{SERVICES}/interfaces/up-1", f"{ROUTES}/way-out", f"{RULES}/hand-1", "/infra/tier-1s/t1-dev"):
        assert f"# {path}" in text
    assert "/infra/ip-blocks/egress (12 of 256 addresses taken)" in text
    assert "source_network: Tier-1 t1-dev (namespace dev of cluster c1)" in text
    own = [line for line in text.splitlines() if ": " in line.partition("#")[0] or line.strip().startswith("- ")]
    bare = [line for line in own if " # " not in line]
    assert bare == ["version: 1", "name: wld05"], "what somebody chose came from no manager"


def test_an_address_without_a_mapping_is_told() -> None:
    made = drafted()
    becomes = {str(one.network.network_address): what for one, what in made.addresses}
    assert becomes == {
        "30.0.9.4": "translated by mapping dev",
        "30.0.9.5": "no mapping, and no return route is known (upstream it would lead to 10.9.0.10)",
    }
    assert "30.0.9.5 of Tier-1 t1-shop (namespace shop of cluster c1): no mapping" in made.text


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (snat("30.0.9.7,30.0.9.8", "10.9.0.21", 20), "its source_network is a list, '30.0.9.7,30.0.9.8', and a mapping has one address or network"),
        (snat("30.0.9.7-30.0.9.9", "10.9.0.21", 20), "its source_network is a range of addresses"),
        (snat("30.0.9.7", "10.9.0.21-10.9.0.23", 20), "its translated_network is a range of addresses"),
        (snat("30.0.9.7", "10.9.0.21", 20, action="DNAT"), "it is DNAT, for packets from outside, and a file is about egress"),
        (snat("30.0.9.7", "10.9.0.21", 20, action="NO_DNAT"), "it is NO_DNAT"),
        (snat("30.0.9.7", "10.9.0.21", 20, action="REFLEXIVE"), "its action is 'REFLEXIVE', and a file's rules on this gateway are NO_SNAT, SNAT"),
        (snat("30.0.9.7", "10.9.0.21", 20, service="/infra/services/HTTP"), "it is for the service '/infra/services/HTTP' only"),
        (snat("30.0.9.7", "10.9.0.21", 20, enabled=False), "it is disabled, and a file's rules are enabled"),
        (snat("30.0.9.7", "10.9.0.21", 20, logging=True), "it writes a log"),
        (snat("30.0.9.7", "10.9.0.21", 20, translated_ports="80"), "it translates ports"),
        (snat("30.0.9.7", "10.9.0.21", 20, scope=[f"{T0}/locale-services/x/interfaces/y"]), "no interface of this file"),
        (snat("30.0.9.7", "10.9.0.21", 20), "it is applied to every interface, the other rules to up-1, up-2"),
        (snat("2001:db8::1", "2001:db8::2", 20), "its source_network 2001:db8::1 is IPv6, and egress is IPv4"),
        (snat("30.0.9.7", "", 20), "it has no translated_network"),
        (snat("0.0.0.0/0", "10.9.0.21", 20), "its source_network is written 0.0.0.0/0, and a file's any leaves it out"),
        (snat("30.0.9.7/24", "10.9.0.21", 20), "its source_network '30.0.9.7/24' is no address or network"),
        (snat("30.0.9.4", "10.9.0.21", 20), "hand-1 is asked before it and takes its packets: it never acts"),
        (snat("30.0.9.7", "10.9.0.21", 20, new_attribute="x"), "it has 'new_attribute', which a file has no key for"),
        (snat("30.0.9.7", "10.9.0.21", 20, policy_based_vpn_mode="MATCH"), "its policy_based_vpn_mode is 'MATCH'"),
        (snat("30.0.9.7", "10.9.0.21", 20, tags=[{"scope": "a", "tag": "1"}, {"scope": "a", "tag": "2"}]), "it has two tags of the scope 'a'"),
        (snat("30.0.9.7", "10.9.0.21", 20, display_name="two\nlines"), "character 4 is control character U+000A"),
        (snat("30.0.9.7", "10.9.0.21", 20, tags=[{"scope": "password", "tag": "hunter2"}]), "looks like a secret"),
        (snat("30.0.9.7", "10.9.0.21", -1), "priority"),
        (snat("30.0.9.7", "10.9.0.21", 20, action="NO_SNAT"), "its firewall_match is 'MATCH_INTERNAL_ADDRESS', and that of an exception is BYPASS"),
    ],
)  # fmt: skip
def test_a_rule_that_a_file_cannot_hold_is_foreign_with_the_reason(body: Json, why: str) -> None:
    everywhere = "every interface" in why
    made = drafted({f"{RULES}/odd": body if "scope" in body or everywhere else {**body, "scope": _uplinks()}})
    assert why in foreign(made)["odd"]
    assert f"#   NAT rule {RULES}/odd: " in made.text
    assert check([domain(made)]).errors == ()
    assert len(owned(domain(made)).rules) == 1


def _uplinks() -> list[str]:
    return [f"{SERVICES}/interfaces/up-{number}" for number in (1, 2)]


@pytest.mark.parametrize("section", ["INTERNAL", "DEFAULT"])
def test_a_rule_of_another_section_is_foreign(section: str) -> None:
    made = drafted({f"{T0}/nat/{section}/nat-rules/odd": snat("30.0.9.7", "10.9.0.21", 20)})
    assert foreign(made)["odd"] == f"it stands in the section {section}, and a file's rules stand in USER"


@pytest.mark.parametrize(
    ("hops", "why"),
    [
        ([{"ip_address": "10.9.0.1", "scope": [f"{SERVICES}/interfaces/up-1", f"{SERVICES}/interfaces/up-2"]}], "its next hop 10.9.0.1 has 2 interfaces"),
        ([{"ip_address": "10.9.0.1", "scope": ["/infra/segments/x"]}], "/infra/segments/x, which is no interface of this file"),
        ([{"admin_distance": 9}], "it drops packets in a way that a file's discard does not"),
        ([{"ip_address": "10.9.0.1"}, {"admin_distance": 1}], "its next hop '' is no address"),
        ([{"ip_address": "10.9.0.1", "weight": 3}], "it has 'weight', which a file has no key for"),
        ([{"ip_address": "2001:db8::1"}], "its next hop 2001:db8::1 is of another family than 10.77.0.0/16"),
        ([{"ip_address": "10.9.0.1", "admin_distance": 999}], "admin_distance"),
        ([], "it has no next hop that could be read"),
    ],
)  # fmt: skip
def test_a_route_that_a_file_cannot_hold_is_foreign_with_the_reason(hops: list[Json], why: str) -> None:
    made = drafted({f"{ROUTES}/odd": {"network": "10.77.0.0/16", "next_hops": hops}})
    assert why in foreign(made)["odd"]
    assert domain(made).routes == {}


def test_further_routes_null_routes_and_ipv6_are_held() -> None:
    made = drafted(
        {
            f"{ROUTES}/core": {"network": "10.77.0.0/16", "next_hops": [{"ip_address": "10.9.0.1", "scope": [f"{SERVICES}/interfaces/up-1"]}]},
            f"{ROUTES}/none": {"network": "192.0.2.0/24", "next_hops": [{"admin_distance": 1}]},
            f"{ROUTES}/six": {"network": "::/0", "next_hops": [{"ip_address": "2001:db8:9::1"}]},
        }
    )  # fmt: skip
    found = owned(domain(made))
    assert {route.key: str(route.network) for route in found.further} == {
        "core": "10.77.0.0/16",
        "none": "192.0.2.0/24",
    }
    assert domain(made).routes["none"].discard
    assert domain(made).routes["core"].next_hops[0].interface == "up-1"
    assert found.route_v6 is not None
    assert found.route_v6.identity.nsx_id == "six"


def test_a_second_default_route_is_foreign() -> None:
    made = drafted({f"{ROUTES}/zweite": {"network": "0.0.0.0/0", "next_hops": [{"ip_address": "10.9.0.1"}]}})
    assert "0.0.0.0/0 has a route already" in foreign(made)["zweite"]


def test_a_default_route_that_a_file_cannot_hold_is_somebody_elses_and_a_question() -> None:
    scopes = [f"{SERVICES}/interfaces/up-1", f"{SERVICES}/interfaces/up-2"]
    made = drafted(
        {f"{ROUTES}/way-out": {"network": "0.0.0.0/0", "next_hops": [{"ip_address": "10.9.0.1", "scope": scopes}]}}
    )
    assert domain(made).default_route.external
    assert [one.key for one in made.questions] == ["default_route.external"]
    assert "way-out" in foreign(made)


@pytest.mark.parametrize(
    ("changes", "key", "sentence"),
    [
        (
            {f"{ROUTES}/way-out": None},
            "default_route.next_hops",
            "'QUESTION: which router is the way out?' is not a list",
        ),
        ({T0: {}}, "tier0.ha_mode", "'QUESTION: is it ACTIVE_ACTIVE or ACTIVE_STANDBY?' is not allowed here"),
        (
            {f"{SERVICES}/interfaces/up-1": None, f"{SERVICES}/interfaces/up-2": None},
            "tier0.uplinks",
            "'QUESTION: which uplinks has it?' is not a list",
        ),
    ],
)
def test_what_a_file_needs_and_nobody_saw_is_refused_by_the_name_of_the_question(
    changes: dict[str, Json | None], key: str, sentence: str
) -> None:
    made = drafted(changes)
    assert key in [one.key for one in made.questions]
    assert made.domain is None
    with pytest.raises(DomainFileError) as caught:
        read(parse(made.text.encode(), "wld05.yaml"), "wld05")
    assert sentence in str(caught.value)


def test_nothing_that_sends_leaves_the_ranges_a_question() -> None:
    empty = {path: None for path in by_hand() if path.startswith(("/infra/tier-1s/", "/infra/segments/", RULES))}
    made = drafted(empty)
    assert "egress.ranges" in [one.key for one in made.questions]
    assert made.domain is None


def test_addresses_of_no_block_stand_for_themselves_with_a_question() -> None:
    made = drafted({"/infra/ip-blocks/egress": None})
    assert [str(one) for one in domain(made).egress.ranges] == ["30.0.9.4/32", "30.0.9.5/32"]
    (question,) = made.questions
    assert question.what == "which egress range is 30.0.9.4, 30.0.9.5 of? no IP block or pool that was seen holds them"
    assert check([domain(made)]).errors == ()


def test_a_translated_address_that_is_routed_from_outside_is_a_question() -> None:
    made = drafted({f"{RULES}/hand-1": snat("30.0.9.4", "10.99.0.4", 7)})
    assert [one.key for one in made.questions] == ["egress.routed"]


def test_rules_of_a_tier1_that_were_not_seen_are_a_question() -> None:
    path = "/infra/tier-1s/t1-dev/nat/USER/nat-rules"
    made = drafted(
        {f"{path}/out": None},
        Unseen("NAT rules of Tier-1 t1-dev", "the user may not", "t1-dev", path=path),
    )
    (question,) = made.questions
    assert (
        question.what == "which address does Tier-1 t1-dev translate to? its NAT rules were not seen: the user may not"
    )
    assert made.blind
    assert domain(made).tier1s["t1-dev"].egress is None
    assert domain(made).tier1s["t1-dev"].nat


def test_a_routed_namespace_leaves_with_its_own_addresses() -> None:
    path = "/infra/tier-1s/t1-shop"
    made = drafted(
        {
            f"{path}/nat/USER/nat-rules/out": None,
            path: {"tier0_path": T0, "route_advertisement_types": ["TIER1_CONNECTED"]},
        }
    )
    assert not domain(made).tier1s["t1-shop"].nat
    assert [str(one) for one in domain(made).tier1s["t1-shop"].networks] == ["10.246.1.0/24"]


def test_a_tier1_that_translates_nothing_and_advertises_nothing_is_told() -> None:
    path = "/infra/tier-1s/t1-shop"
    made = drafted(
        {
            f"{path}/nat/USER/nat-rules/out": None,
            path: {"tier0_path": T0, "route_advertisement_types": ["TIER1_LB_VIP"]},
        }
    )
    assert not domain(made).tier1s["t1-shop"].nat
    assert "no NAT rule that acts, and its networks 10.246.1.0/24 are not advertised" in made.text
    assert "30.0.9.5" not in made.text


@pytest.mark.parametrize("name", ["supervisor", "tkg", "Ä", "", "x" * 90])
def test_a_namespace_of_any_name_gives_a_key_that_a_file_may_have(name: str) -> None:
    made = drafted(tier1("t1-dev", "10.246.0.0/24", "30.0.9.4", name))
    assert len(domain(made).egress.more) == 1


def test_the_supervisor_is_named_only_where_it_is_certain() -> None:
    changes = tier1("domain-c8", "10.244.0.96/28", "30.0.9.9")
    rules = {f"{RULES}/sup": snat("30.0.9.9", "10.9.0.22", 3, scope=_uplinks())}
    assert domain(drafted({**changes, **rules})).egress.supervisor is not None
    again = tier1("domain-c9", "10.244.1.96/28", "30.0.9.10")
    both = {**rules, f"{RULES}/sup2": snat("30.0.9.10", "10.9.0.23", 4, scope=_uplinks())}
    assert domain(drafted({**changes, **again, **both})).egress.supervisor is None


def test_what_our_own_stack_made_comes_back_under_its_keys() -> None:
    made = drafted()
    first = domain(made)
    again = draft(survey({**by_hand(), **owned(first).objects(T0)}), T0, TOP)
    assert again.domain == first


def test_an_exception_is_held_before_its_mapping_and_foreign_after_it() -> None:
    rule = snat(
        "", "", 3, action="NO_SNAT", destination_network="10.50.0.0/16", firewall_match="BYPASS", scope=_uplinks()
    )
    assert str(domain(drafted({f"{RULES}/core": rule})).egress.exceptions["core"].destination) == "10.50.0.0/16"
    late = drafted({f"{RULES}/core": {**rule, "sequence_number": 30}})
    assert foreign(late)["core"] == "it is an exception, and mapping hand-1 is asked before it"


def test_stateful_active_active_vrf_and_another_locale_service_are_told() -> None:
    made = drafted(
        {
            T0: {"ha_mode": "ACTIVE_ACTIVE", "stateful_services": {"enabled": True}, "vrf_config": {"tier0_path": "/infra/tier-0s/parent"}},
            SERVICES: {},
            f"{T0}/locale-services/other": {},
            f"{T0}/locale-services/other/interfaces/up-9": interface(9),
        }
    )  # fmt: skip
    assert domain(made).tier0.stateful_active_active
    assert domain(made).tier0.vrf_of == "parent"
    assert foreign(made)["up-9"] == "it stands in the locale service other, and a file has room for one"


def test_load_balancers_make_the_ingress_range_where_a_block_is_theirs() -> None:
    servers: dict[str, Json] = {
        "/infra/lb-services/lb": {"connectivity_path": "/infra/tier-1s/t1-dev"},
        "/infra/lb-virtual-servers/api": {"ip_address": "30.1.0.1", "ports": ["6443"], "lb_service_path": "/infra/lb-services/lb"},
    }  # fmt: skip
    asked = drafted(servers)
    assert [one.key for one in asked.questions] == ["ingress.range"]
    assert domain(asked).ingress is None
    made = drafted({**servers, "/infra/ip-blocks/vips": {"cidr": "30.1.0.0/24"}})
    assert made.questions == ()
    assert "range: 30.1.0.0/24" in made.text


def test_bfd_peers_made_by_hand_are_foreign_and_those_of_the_stack_are_held() -> None:
    peer = {
        "peer_address": "10.9.0.1",
        "bfd_profile_path": "/infra/bfd-profiles/fast",
        "source_addresses": ["10.9.0.2", "10.9.0.3"],
    }
    made = drafted({f"{ROUTES}/bfd-peers/gw": peer})
    assert "a file's peers are called wld05-bfd-ADDRESS" in foreign(made)["gw"]
    assert domain(made).default_route.bfd is None
    own = {
        f"{ROUTES}/bfd-peers/wld05-bfd-10-9-0-1": peer,
        f"{ROUTES}/bfd-peers/wld05-bfd-10-9-0-254": {**peer, "peer_address": "10.9.0.254"},
    }
    bfd = domain(drafted(own)).default_route.bfd
    assert bfd is not None
    assert (bfd.profile, bfd.sources, bfd.tags) == ("fast", (), {}), (
        "sent from all uplinks of its subnet, as a file means it"
    )
    fewer = {path: {**body, "source_addresses": ["10.9.0.3"]} for path, body in own.items()}
    one = domain(drafted(fewer)).default_route.bfd
    assert one is not None
    assert one.sources == ("up-2",)


def test_a_file_has_room_for_so_much_and_the_rest_is_told() -> None:
    many = {
        f"{RULES}/r{number}": snat(f"30.1.{number // 250}.{number % 250}", "10.9.0.20", 100 + number, scope=_uplinks())
        for number in range(3500)
    }
    made = drafted(many)
    assert made.domain is not None
    assert any("a file has no room for more" in one.why for one in made.foreign)
    rules = [one for one in made.foreign if one.kind is Kind.RULE]
    assert len(rules) + len(domain(made).egress.more) == 3501


def test_tier1s_and_bfd_peers_that_were_not_seen_are_questions() -> None:
    made = drafted(
        None,
        Unseen("Tier-1s", "the user may not", path="/infra/tier-1s"),
        Unseen("BFD peers of T0-hand", "the user may not", path=f"{ROUTES}/bfd-peers"),
    )
    assert {"tier1s", "default_route.bfd"} <= {one.key for one in made.questions}
    for what in ("which Tier-1s hang below it? they were not seen", "has it BFD peers? they were not seen"):
        assert f"# QUESTION: {what}" in made.text


def test_bgp_neighbours_are_told_where_there_is_no_static_default_route() -> None:
    made = drafted({f"{ROUTES}/way-out": None, f"{SERVICES}/bgp/neighbors/tor": {"neighbor_address": "10.9.0.1"}})
    assert "there is no static route to 0.0.0.0/0, and it has 1 BGP neighbour" in made.text


def test_what_is_marked_for_deletion_or_hangs_elsewhere_is_in_no_file() -> None:
    other = tier1("t1-other", "10.99.0.0/24", "30.0.9.77")
    other["/infra/tier-1s/t1-other"]["tier0_path"] = "/infra/tier-0s/another"
    gone = snat("30.0.9.5", "10.9.0.25", 9, scope=_uplinks(), marked_for_delete=True)
    made = drafted({**other, f"{RULES}/gone": gone})
    assert "t1-other" not in made.text
    assert "gone" not in foreign(made)
    assert len(owned(domain(made)).rules) == 1


def test_two_namespaces_of_one_name_get_keys_of_their_own() -> None:
    again = tier1("t1-dev-2", "10.246.9.0/24", "30.0.9.9", "dev", "c2")
    rule = {f"{RULES}/hand-2": snat("30.0.9.9", "10.9.0.29", 11, scope=_uplinks())}
    assert list(domain(drafted({**again, **rule})).egress.more) == ["dev", "dev-2"]


def test_a_rule_of_the_whole_range_covers_every_sender() -> None:
    made = drafted({f"{RULES}/hand-1": snat("30.0.9.0/24", "10.9.0.20", 7, display_name="All of it")})
    (key,) = domain(made).egress.more
    assert key == "all-of-it"
    assert {what for _, what in made.addresses} == {"translated by mapping all-of-it"}
    assert domain(made).egress.applied_to == "everywhere"


def test_several_addresses_of_a_tier1_are_a_question_and_nothing_is_guessed() -> None:
    made = drafted({"/infra/tier-1s/t1-dev/nat/USER/nat-rules/two": snat("10.246.0.128/25", "30.0.9.6", 0)})
    (question,) = made.questions
    assert (
        question.what == "Tier-1 t1-dev translates to 30.0.9.6, 30.0.9.4, and a file names one: which one is it?"
        or "30.0.9.4, 30.0.9.6" in question.what
    )
    assert domain(made).tier1s["t1-dev"].egress is None


def test_an_interface_with_several_addresses_keeps_the_first_and_the_others_are_told() -> None:
    two = [
        {"ip_addresses": ["10.9.0.2", "10.9.0.99"], "prefix_len": 24},
        {"ip_addresses": ["2001:db8::2"], "prefix_len": 64},
    ]
    made = drafted({f"{SERVICES}/interfaces/up-1": interface(1, subnets=two, urpf_mode="NONE")})
    uplink = domain(made).tier0.uplinks[0]
    assert (str(uplink.address), str(uplink.ipv6)) == ("10.9.0.2/24", "2001:db8::2/64")
    assert foreign(made)["up-1"] == "its further addresses 10.9.0.99/24 have no place in the file"
    assert "interfaces/up-1 (urpf_mode NONE)" in made.text


def test_a_tier0_whose_id_no_file_may_say_is_a_question_with_the_readers_sentence() -> None:
    odd = "/infra/tier-0s/T0&x"
    made = draft(survey({odd: {"ha_mode": "ACTIVE_ACTIVE"}}), odd, TOP)
    assert made.domain is None
    (question,) = [one for one in made.questions if one.key == "tier0.id"]
    assert "'T0&x' is not allowed here" in question.what


def test_edge_cluster_blocks_and_load_balancers_are_told() -> None:
    cluster = "/infra/sites/default/enforcement-points/default/edge-clusters/ec"
    made = drafted(
        {
            SERVICES: {"edge_cluster_path": cluster},
            cluster: {"display_name": "Edges of hall 2"},
            "/infra/ip-blocks/spare": {"cidr": "30.7.0.0/16"},
            "/infra/lb-services/lb": {"connectivity_path": "/infra/tier-1s/t1-dev"},
            "/infra/lb-virtual-servers/api": {"ip_address": "30.1.0.1", "ports": ["6443"], "lb_service_path": "/infra/lb-services/lb"},
        }
    )  # fmt: skip
    assert f"{SERVICES} edge_cluster_path: ec, called Edges of hall 2" in made.text
    assert "#   30.0.9.0/24 /infra/ip-blocks/egress (12 of 256 addresses taken)" in made.text
    assert "#   30.7.0.0/16 /infra/ip-blocks/spare\n" in made.text
    assert "#   30.1.0.1:6443 api, on Tier-1 t1-dev" in made.text


def test_a_question_about_a_tier1_with_dots_in_its_id_stands_at_its_place() -> None:
    two = tier1("t1.dev.x", "10.246.9.0/24", "30.0.9.9")
    two["/infra/tier-1s/t1.dev.x/nat/USER/nat-rules/two"] = snat("10.246.9.128/25", "30.0.9.10", 0)
    text = drafted(two).text
    assert "  # QUESTION: Tier-1 t1.dev.x translates to 30.0.9.9, 30.0.9.10, and a file names one" in text
    assert "QUESTION" in text.partition("tier1s:")[2].partition("t1.dev.x: {")[0]
