"""A plan in network words: every kind of object, everything that can become of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from egress.delivery.content.network_words import Became, Told, headline, short_name, told, value
from egress.delivery.content.plan_content import PlanContent, parse

Json = dict[str, Any]
HOP = {"ip_address": "10.27.51.1", "admin_distance": 1, "interface": None}
ROUTE: Json = {
    "network": "0.0.0.0/0",
    "next_hop": [HOP],
    "nsx_id": "wld01-default-route",
    "path": "/infra/r",
    "revision": 3,
}
RULE: Json = {
    "action": "REFLEXIVE",
    "source_networks": ["30.0.0.5"],
    "destination_networks": None,
    "translated_networks": ["10.27.51.145"],
    "rule_priority": 100,
    "enabled": True,
    "firewall_match": "MATCH_INTERNAL_ADDRESS",
    "scope": ["/infra/tier-0s/T0/locale-services/default/interfaces/edge01-uplink1"],
    "nsx_id": "wld01-egress-supervisor",
}
PEER: Json = {
    "peer_address": "10.27.51.1",
    "bfd_profile_path": "/infra/bfd-profiles/default",
    "source_addresses": ["10.27.51.145", "10.27.51.147"],
    "enabled": True,
    "nsx_id": "wld01-bfd-1",
}
KINDS = {"nsxt_policy_static_route": ROUTE, "nsxt_policy_nat_rule": RULE, "nsxt_policy_static_route_bfd_peer": PEER}
IPV6 = ROUTE | {"network": "::/0", "next_hop": [HOP | {"ip_address": "2001:db8::1"}]}


def entry(kind: str, actions: list[str], before: Json | None, after: Json | None, **more: Any) -> Json:
    importing = {"importing": {"id": "x"}} if more.pop("importing", False) else {}
    return {
        "address": more.pop("address", f"{kind}.One"),
        "mode": "managed",
        "type": kind,
        "change": {"actions": actions, "before": before, "after": after, "after_unknown": more.pop("unknown", {})} | importing,
    } | more  # fmt: skip


def of(*entries: Json, **plan: Any) -> PlanContent:
    return parse(json.dumps({"format_version": "1.2", "resource_changes": entries} | plan), "the plan")


def words(*entries: Json) -> list[str]:
    return [str(one) for one in told(of(*entries))]


def one(kind: str, actions: list[str], before: Json | None, after: Json | None, **more: Any) -> str:
    (text,) = words(entry(kind, actions, before, after, **more))
    return text


@pytest.mark.parametrize(
    ("kind", "values", "text"),
    [
        ("nsxt_policy_static_route", ROUTE, "default route: new, next hop 10.27.51.1"),
        ("nsxt_policy_static_route", ROUTE | {"network": "10.9.0.0/16", "next_hop": [HOP | {"ip_address": None}]}, "route to 10.9.0.0/16: new, drops what is sent there"),
        ("nsxt_policy_nat_rule", RULE | {"action": "NO_SNAT", "source_networks": None, "translated_networks": None, "destination_networks": ["10.0.0.0/8"], "firewall_match": "BYPASS"}, "NAT rule towards 10.0.0.0/8: new, NO_SNAT, not translated, priority 100, past the firewall"),
        ("nsxt_policy_static_route", IPV6, "IPv6 default route: new, next hop 2001:db8::1"),
        ("nsxt_policy_static_route", ROUTE | {"network": "10.9.0.0/16"}, "route to 10.9.0.0/16: new, next hop 10.27.51.1"),
        (
            "nsxt_policy_static_route",
            ROUTE | {"next_hop": [HOP | {"admin_distance": 5}, HOP | {"ip_address": "10.27.51.2", "interface": "/infra/tier-0s/T0/locale-services/default/interfaces/up1"}]},
            "default route: new, next hops 10.27.51.1 (distance 5), 10.27.51.2 (by up1)",
        ),
        ("nsxt_policy_static_route", ROUTE | {"next_hop": []}, "default route: new, no next hop"),
        ("nsxt_policy_nat_rule", RULE, "NAT rule for 30.0.0.5: new, REFLEXIVE to 10.27.51.145, priority 100"),
        (
            "nsxt_policy_nat_rule",
            RULE | {"action": "SNAT", "destination_networks": ["10.0.0.0/8"], "enabled": False, "logging": True, "firewall_match": "BYPASS"},
            "NAT rule for 30.0.0.5: new, SNAT to 10.27.51.145, towards 10.0.0.0/8, priority 100, not enabled, logged, past the firewall",
        ),
        (
            "nsxt_policy_nat_rule",
            RULE | {"action": "NO_SNAT", "translated_networks": None, "destination_networks": ["10.0.0.0/8", "172.16.0.0/12"]},
            "NAT rule for 30.0.0.5: new, NO_SNAT, not translated, towards 10.0.0.0/8, 172.16.0.0/12, priority 100",
        ),
        (
            "nsxt_policy_nat_rule",
            RULE | {"action": "DNAT", "source_networks": None, "destination_networks": ["10.1.1.1"], "service": "/infra/services/HTTPS"},
            "NAT rule towards 10.1.1.1: new, DNAT to 10.27.51.145, service HTTPS, priority 100",
        ),
        ("nsxt_policy_nat_rule", RULE | {"source_networks": []}, "NAT rule for any source: new, REFLEXIVE to 10.27.51.145, priority 100"),
        (
            "nsxt_policy_static_route_bfd_peer",
            PEER,
            "BFD peer 10.27.51.1: new, profile default, from 10.27.51.145, 10.27.51.147",
        ),
        ("nsxt_policy_static_route_bfd_peer", PEER | {"source_addresses": None, "enabled": False}, "BFD peer 10.27.51.1: new, profile default, not enabled"),
        ("nsxt_policy_group", {"display_name": "web"}, "nsxt_policy_group.One: new"),
    ],
)  # fmt: skip
def test_a_new_object_is_told_by_what_it_does(kind: str, values: Json, text: str) -> None:
    assert one(kind, ["create"], None, values) == text


@pytest.mark.parametrize(
    ("kind", "change", "text"),
    [
        ("nsxt_policy_static_route", {"next_hop": [HOP | {"ip_address": "10.27.51.2"}]}, "default route: next hop 10.27.51.1 -> 10.27.51.2"),
        ("nsxt_policy_nat_rule", {"translated_networks": ["10.27.51.99"]}, "NAT rule for 30.0.0.5: translated network 10.27.51.145 -> 10.27.51.99"),
        ("nsxt_policy_nat_rule", {"source_networks": ["30.0.0.6"]}, "NAT rule for 30.0.0.5: source network 30.0.0.5 -> 30.0.0.6"),
        ("nsxt_policy_nat_rule", {"scope": []}, "NAT rule for 30.0.0.5: scope edge01-uplink1 -> nothing"),
        ("nsxt_policy_nat_rule", {"rule_priority": 7, "enabled": False}, "NAT rule for 30.0.0.5: priority 100 -> 7; enabled true -> false"),
        ("nsxt_policy_nat_rule", {"tag": [{"scope": "team", "tag": "net"}]}, "NAT rule for 30.0.0.5: tags nothing -> team=net"),
        ("nsxt_policy_static_route_bfd_peer", {"enabled": False}, "BFD peer 10.27.51.1: enabled true -> false"),
        ("nsxt_policy_static_route_bfd_peer", {"bfd_profile_path": "/infra/bfd-profiles/fast"}, "BFD peer 10.27.51.1: BFD profile default -> fast"),
    ],
)  # fmt: skip
def test_a_change_is_told_from_what_to_what(kind: str, change: Json, text: str) -> None:
    assert one(kind, ["update"], KINDS[kind], KINDS[kind] | change) == text


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("actions", "became", "sign"),
    [
        (["create"], Became.NEW, "+"),
        (["update"], Became.CHANGED, "~"),
        (["delete"], Became.DELETED, "-"),
        (["delete", "create"], Became.REPLACED, "-/+"),
        (["create", "delete"], Became.REPLACED_LATE, "+/-"),
        (["forget"], Became.FORGOTTEN, "."),
    ],
)
def test_every_action_on_every_kind_has_a_word_and_a_sign(
    kind: str, actions: list[str], became: Became, sign: str
) -> None:
    before = None if actions == ["create"] else KINDS[kind]
    after = None if actions in (["delete"], ["forget"]) else KINDS[kind] | {"nsx_id": "another"}
    (found,) = told(of(entry(kind, actions, before, after)))
    assert (found.became, found.became.sign) == (became, sign)
    text = str(found)
    assert text.startswith(f"{found.object}: ")
    assert str(became) in text or became is Became.CHANGED
    assert "id " in text if before and after else True, "what makes it another object is told"


def test_what_is_deleted_says_what_it_was() -> None:
    rule = one("nsxt_policy_nat_rule", ["delete"], RULE, None)
    assert rule == "NAT rule for 30.0.0.5: deleted, was REFLEXIVE to 10.27.51.145, priority 100"
    assert one("nsxt_policy_static_route", ["delete"], ROUTE, None) == "default route: deleted, was next hop 10.27.51.1"


def test_a_replaced_route_says_so_and_why() -> None:
    text = one(
        "nsxt_policy_static_route",
        ["delete", "create"],
        ROUTE,
        ROUTE | {"nsx_id": "b", "id": "?"},
        unknown={"id": True, "path": True, "revision": True},
    )
    assert text == "default route: deleted, then made anew, id wld01-default-route -> b"  # fmt: skip


def test_an_import_is_told_apart_from_a_change() -> None:
    kind = "nsxt_policy_nat_rule"
    as_it_is = one(kind, ["no-op"], RULE, RULE, importing=True)
    assert as_it_is == "NAT rule for 30.0.0.5: taken into the state as it is"
    changed = one(kind, ["update"], RULE, RULE | {"rule_priority": 7}, importing=True)
    assert changed == "NAT rule for 30.0.0.5: taken into the state, and changed, priority 100 -> 7"


def test_an_object_that_moves_in_the_state_is_told_and_one_that_stays_is_not() -> None:
    kind = "nsxt_policy_nat_rule"
    assert words(entry(kind, ["no-op"], RULE, RULE)) == []
    assert words(entry(kind, ["no-op"], RULE, RULE, previous_address="x.Old")) == [
        "NAT rule for 30.0.0.5: moved in the state"
    ]


def test_what_nsx_will_give_is_no_change_and_what_a_person_set_is() -> None:
    unknown = {"revision": True, "policy_based_vpn_mode": True, "description": True}
    text = one("nsxt_policy_nat_rule", ["update"], RULE | {"revision": 1}, RULE | {"logging": True}, unknown=unknown)
    assert text == "NAT rule for 30.0.0.5: logging nothing -> true; description nothing -> (known after apply)"


def test_routes_come_first_then_peers_then_rules_by_priority() -> None:
    found = told(
        of(
            entry("nsxt_policy_nat_rule", ["create"], None, RULE | {"rule_priority": 110, "source_networks": ["30.0.0.1"]}),
            entry("nsxt_policy_group", ["create"], None, {}, address="a.A"),
            entry("nsxt_policy_nat_rule", ["delete"], RULE, None, address="b.B"),
            entry("nsxt_policy_static_route_bfd_peer", ["create"], None, PEER),
            entry("nsxt_policy_static_route", ["create"], None, IPV6),
            entry("nsxt_policy_static_route", ["create"], None, ROUTE | {"network": "10.0.0.0/8"}),
            entry("nsxt_policy_static_route", ["create"], None, ROUTE),
        )
    )  # fmt: skip
    assert [one.object for one in found] == [
        "default route", "IPv6 default route", "route to 10.0.0.0/8", "BFD peer 10.27.51.1", "NAT rule for 30.0.0.5", "NAT rule for 30.0.0.1",
        "a.A",
    ]  # fmt: skip


def test_two_objects_that_are_called_alike_are_told_apart_by_their_ids() -> None:
    kind = "nsxt_policy_nat_rule"
    found = words(
        entry(kind, ["delete"], RULE | {"nsx_id": "old"}, None),
        entry(kind, ["create"], None, RULE | {"nsx_id": "new"}, address="x.New"),
    )
    assert [text.split(":")[0] for text in found] == ["NAT rule for 30.0.0.5 (old)", "NAT rule for 30.0.0.5 (new)"]


def test_a_type_that_nobody_here_knows_is_told_with_its_values() -> None:
    text = one("nsxt_policy_group", ["update"], {"criteria": [{"b": 1, "a": 2}]}, {"criteria": [{"a": 3}]})
    assert text == 'nsxt_policy_group.One: criteria {"a": 2, "b": 1} -> {"a": 3}'


def test_secrets_stay_hidden() -> None:
    secret = entry("nsxt_policy_x", ["update"], {"psk": "old"}, {"psk": "new"})
    secret["change"] |= {"before_sensitive": {"psk": True}, "after_sensitive": {"psk": True}}
    (text,) = words(secret)
    assert "old" not in text
    assert "new" not in text


def test_the_headline_is_the_engines() -> None:
    assert headline(of(entry("x", ["create"], None, {}))) == "Plan: 1 to add, 0 to change, 0 to destroy."
    assert headline(of(entry("x", ["update"], {"a": 1}, {"a": 2}, importing=True))) == (
        "Plan: 1 to import, 0 to add, 1 to change, 0 to destroy."
    )
    outputs = of(output_changes={"route": {"actions": ["update"]}})
    assert headline(outputs) == "Plan: nothing on the manager changes, only what the state remembers."


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/infra/tier-0s/T0/nat/USER/nat-rules/wld01-egress-supervisor", "rule wld01-egress-supervisor"),
        ("/infra/tier-0s/T0/static-routes/wld01-default-route", "route wld01-default-route"),
        ("/infra/tier-0s/T0/static-routes/bfd-peers/wld01-bfd-1", "BFD peer wld01-bfd-1"),
        ("/infra/domains/default/groups/web", "groups web"),
        ("web", "object web"),
        ("", "object "),
    ],
)
def test_an_object_on_the_manager_has_a_short_name(path: str, name: str) -> None:
    assert short_name(path) == name


_VALUES = some.recursive(
    some.none() | some.booleans() | some.integers() | some.text(max_size=8) | some.sampled_from(["/infra/a/x", "/infra/b/x"]),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.sampled_from(["scope", "tag", "ip_address"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@given(_VALUES, _VALUES)
def test_values_that_differ_are_told_differently(before: Any, after: Any) -> None:
    said = value("scope", before, after)
    assert (said.before == said.after) == (json.dumps(before) == json.dumps(after))


def test_told_is_made_of_plain_values() -> None:
    (found,) = told(of(entry("nsxt_policy_nat_rule", ["update"], RULE, RULE | {"enabled": False})))
    assert isinstance(found, Told)
    assert [(one.attribute, one.before, one.after) for one in found.values] == [("enabled", "true", "false")]
