from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Address
from typing import Any

import pytest
from cdktf import TerraformStack, TerraformVariable

from egress.vocabulary import MAX_PRIORITY
from tier0_egress.constructs import (
    EgressMapping,
    EgressSnatPair,
    FirewallMatch,
    HaMode,
    NatAction,
    NextHop,
    RefusedValueError,
    Tier0DefaultRoute,
)

Synth = Callable[[], dict[str, Any]]
T0 = "/infra/tier-0s/T0-wld01"
UPLINK = f"{T0}/locale-services/default/interfaces/edge01-uplink1"
SUPERVISOR = EgressMapping(source="30.0.0.5", translated="10.27.51.145", nsx_id="wld01-egress-supervisor")
TKG = EgressMapping(source="30.0.0.16", translated="10.27.51.147", nsx_id="wld01-egress-tkg")


def pair(stack: TerraformStack, **changed: Any) -> EgressSnatPair:
    given: dict[str, Any] = {
        "gateway_path": T0,
        "ha_mode": HaMode.ACTIVE_ACTIVE,
        "applied_to": [UPLINK],
        "supervisor": SUPERVISOR,
        "tkg": TKG,
    }
    return EgressSnatPair(stack, "Egress", **(given | changed))


def rules(synth: Synth) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = synth()["resource"]["nsxt_policy_nat_rule"]
    return found


def mapping(**changed: Any) -> EgressMapping:
    given: dict[str, Any] = {"source": "30.0.0.20", "translated": "10.27.51.150", "nsx_id": "more", "priority": 120}
    return EgressMapping(**(given | changed))


def test_active_active_gateway_gets_two_reflexive_rules_that_leave_nothing_to_defaults(
    stack: TerraformStack, synth: Synth
) -> None:
    made = pair(stack)
    said = {
        "gateway_path": T0,
        "type": "USER",
        "action": "REFLEXIVE",
        "firewall_match": "MATCH_INTERNAL_ADDRESS",
        "scope": [UPLINK],
        "enabled": True,
        "logging": False,
    }
    assert made.action is NatAction.REFLEXIVE
    assert rules(synth) == {
        "Egress_supervisor": said
        | {
            "nsx_id": "wld01-egress-supervisor",
            "display_name": "wld01-egress-supervisor",
            "source_networks": ["30.0.0.5"],
            "translated_networks": ["10.27.51.145"],
            "rule_priority": 100,
        },
        "Egress_tkg": said
        | {
            "nsx_id": "wld01-egress-tkg",
            "display_name": "wld01-egress-tkg",
            "source_networks": ["30.0.0.16"],
            "translated_networks": ["10.27.51.147"],
            "rule_priority": 110,
        },
    }


@pytest.mark.parametrize(
    "how", [{"ha_mode": HaMode.ACTIVE_STANDBY}, {"ha_mode": "ACTIVE_STANDBY"}, {"stateful_active_active": True}]
)
def test_stateful_gateway_gets_snat_rules_that_stand_an_echoed_destination_of_anything(
    stack: TerraformStack, synth: Synth, how: dict[str, Any]
) -> None:
    pair(stack, **how)
    for rule in rules(synth).values():
        assert rule["action"] == "SNAT"
        assert rule["lifecycle"]["ignore_changes"] == ["destination_networks"]
        assert '"0.0.0.0/0"' in rule["lifecycle"]["postcondition"][0]["condition"]


@pytest.mark.parametrize("ha_mode", HaMode)
def test_no_rule_ever_has_a_destination(stack: TerraformStack, synth: Synth, ha_mode: HaMode) -> None:
    pair(stack, ha_mode=ha_mode)
    assert [rule for rule in rules(synth).values() if "destination_networks" in rule] == []


def test_what_a_mapping_says_goes_into_its_rule(stack: TerraformStack, synth: Synth) -> None:
    said = mapping(
        firewall_match=FirewallMatch.BYPASS, display_name="backup", description="nightly", tags={"stack": "wld01"}
    )
    pair(stack, more={"backup": said})
    rule = rules(synth)["Egress_backup"]
    assert rule["firewall_match"] == "BYPASS"
    assert rule["display_name"] == "backup"
    assert rule["description"] == "nightly"
    assert rule["tag"] == [{"scope": "stack", "tag": "wld01"}]
    assert rule["rule_priority"] == 120


def test_adding_a_mapping_changes_no_other_rule(stack: TerraformStack, synth: Synth) -> None:
    pair(stack)
    before = rules(synth)
    stack.node.try_remove_child("Egress")
    pair(stack, more={"backup": mapping()})
    after = rules(synth)
    assert after.keys() - before.keys() == {"Egress_backup"}
    assert before == {name: after[name] for name in before}


def test_empty_scope_is_said_too(stack: TerraformStack, synth: Synth) -> None:
    pair(stack, applied_to=[])
    assert [rule["scope"] for rule in rules(synth).values()] == [[], []]


def test_one_mapping_is_enough(stack: TerraformStack, synth: Synth) -> None:
    made = pair(stack, tkg=None)
    assert list(rules(synth)) == ["Egress_supervisor"]
    assert list(made.rules) == ["supervisor"]


def test_rules_come_after_the_route(stack: TerraformStack, synth: Synth) -> None:
    route = Tier0DefaultRoute(
        stack, "DefaultRoute", gateway_path=T0, nsx_id="r", next_hops=[NextHop(address="10.27.51.1")]
    )
    pair(stack, default_route=route)
    for rule in rules(synth).values():
        assert rule["depends_on"] == ["nsxt_policy_static_route.DefaultRoute"]


def test_values_may_be_typed_or_text(stack: TerraformStack, synth: Synth) -> None:
    typed = mapping(source=IPv4Network("30.0.0.0/28"), translated=IPv4Network("10.28.0.0/28"))
    text = mapping(source="30.0.0.0/28", translated="10.28.0.0/28")
    assert typed == text
    assert mapping(source=IPv4Address("30.0.0.20")) == mapping()
    pair(stack, more={"net": typed})
    assert rules(synth)["Egress_net"]["source_networks"] == ["30.0.0.0/28"]
    assert rules(synth)["Egress_net"]["translated_networks"] == ["10.28.0.0/28"]


def test_values_may_be_known_only_when_terraform_runs(stack: TerraformStack, synth: Synth) -> None:
    text = TerraformVariable(stack, "address", type="string").string_value
    number: Any = TerraformVariable(stack, "number", type="number").number_value
    unknown = EgressMapping(source=text, translated=text, nsx_id=text, priority=number, display_name="x")
    pair(stack, gateway_path=text, applied_to=[text], tkg=unknown, more={"b": mapping(source=text)})
    rule = rules(synth)["Egress_tkg"]
    assert rule["source_networks"] == rule["translated_networks"] == ["${var.address}"]
    assert rule["rule_priority"] == "${var.number}"
    assert rule["gateway_path"] == rule["nsx_id"] == "${var.address}"


def test_scope_may_be_a_list_that_terraform_knows(stack: TerraformStack, synth: Synth) -> None:
    pair(stack, applied_to=TerraformVariable(stack, "uplinks", type="list(string)").list_value)
    assert rules(synth)["Egress_tkg"]["scope"] == "${var.uplinks}"


def test_reflexive_rule_refuses_unequal_sizes(stack: TerraformStack) -> None:
    with pytest.raises(RefusedValueError, match="30.0.0.0/28 has 16 addresses.*should be exactly the same as that of"):
        pair(stack, more={"net": mapping(source="30.0.0.0/28")})


def test_snat_rule_takes_unequal_sizes(stack: TerraformStack, synth: Synth) -> None:
    pair(stack, ha_mode=HaMode.ACTIVE_STANDBY, more={"net": mapping(source="30.0.0.0/28")})
    assert rules(synth)["Egress_net"]["translated_networks"] == ["10.27.51.150"]


def test_reflexive_rules_refuse_to_share_a_translated_address(stack: TerraformStack) -> None:
    with pytest.raises(
        RefusedValueError, match=r"translated: '10\.27\.51\.145' is used twice.*REFLEXIVE is one to one"
    ):
        pair(stack, more={"b": mapping(translated="10.27.51.145")})


def test_snat_rules_may_share_a_translated_address(stack: TerraformStack, synth: Synth) -> None:
    pair(stack, ha_mode=HaMode.ACTIVE_STANDBY, more={"b": mapping(translated="10.27.51.145")})
    assert rules(synth)["Egress_b"]["translated_networks"] == ["10.27.51.145"]


def test_rules_refuse_to_share_a_source(stack: TerraformStack) -> None:
    with pytest.raises(RefusedValueError, match=r"source: '30\.0\.0\.5' is used twice"):
        pair(stack, more={"b": mapping(source="30.0.0.5/32")})


@pytest.mark.parametrize("ha_mode", HaMode)
@pytest.mark.parametrize("priority, refused", [(100, False), (119, False), (121, True)])
def test_a_source_within_another_is_refused_when_its_rule_would_never_act(
    stack: TerraformStack, synth: Synth, ha_mode: HaMode, priority: int, refused: bool
) -> None:
    wide = mapping(source="30.0.0.0/30", translated="10.28.0.0/30", nsx_id="wide", priority=120)
    narrow = mapping(source="30.0.0.1", translated="10.28.1.1", nsx_id="narrow", priority=priority)
    given: dict[str, Any] = {"ha_mode": ha_mode, "supervisor": None, "tkg": None}
    for more in ({"wide": wide, "narrow": narrow}, {"narrow": narrow, "wide": wide}):
        if refused:
            words = r"source: '30\.0\.0\.1' of narrow lies in '30\.0\.0\.0/30' of wide, whose priority 120 is looked at first"
            with pytest.raises(RefusedValueError, match=words):
                pair(stack, more=more, **given)
        else:
            pair(stack, more=more, **given)
            assert len(rules(synth)) == 2
            stack.node.try_remove_child("Egress")


def test_reflexive_rules_refuse_translated_networks_that_overlap(stack: TerraformStack) -> None:
    net = mapping(source="30.0.1.0/28", translated="10.27.51.144/28", nsx_id="net")
    with pytest.raises(
        RefusedValueError, match=r"translated: '10\.27\.51\.145' lies in '10\.27\.51\.144/28' of another rule"
    ):
        pair(stack, more={"net": net})
    pair(stack, ha_mode=HaMode.ACTIVE_STANDBY, more={"net": net})


def test_paths_of_the_rules_are_attributes(stack: TerraformStack, expression: Callable[[str], str]) -> None:
    made = pair(stack, tkg=None, more={"b": mapping()})
    assert made.supervisor_path == made.rule_path("supervisor")
    assert expression(f"{made.supervisor_path} {made.rule_path('b')}") == (
        "${nsxt_policy_nat_rule.Egress_supervisor.path} ${nsxt_policy_nat_rule.Egress_b.path}"
    )
    with pytest.raises(RefusedValueError, match="'tkg' has no rule here, allowed is supervisor or b"):
        _ = made.tkg_path


@pytest.mark.parametrize("keys", [("a/b", "a--b"), ("a\nb", "a--b")])
def test_keys_that_are_one_name_in_the_tree_are_refused(stack: TerraformStack, keys: tuple[str, str]) -> None:
    first, second = (
        mapping(nsx_id=key.replace("/", "-"), source=f"30.0.9.{i}", translated=f"10.27.51.{i}", priority=i)
        for i, key in enumerate(("one", "two"), 1)
    )
    with pytest.raises(RefusedValueError, match="two keys become 'a--b' in the construct tree"):
        pair(stack, more=dict(zip(keys, (first, second), strict=True)))


def test_rules_refuse_to_share_a_priority(stack: TerraformStack) -> None:
    with pytest.raises(RefusedValueError, match="priority: '110' is used twice.*no defined order"):
        pair(stack, more={"b": mapping(priority=110)})


def test_rules_refuse_to_share_an_id(stack: TerraformStack) -> None:
    with pytest.raises(RefusedValueError, match="nsx_id: 'wld01-egress-tkg' is used twice"):
        pair(stack, more={"b": mapping(nsx_id="wld01-egress-tkg")})


def test_further_mapping_needs_a_priority(stack: TerraformStack) -> None:
    with pytest.raises(RefusedValueError, match="more: mapping 'b' has no priority"):
        pair(stack, more={"b": mapping(priority=None)})


@pytest.mark.parametrize("priority", [0, MAX_PRIORITY])
def test_priority_may_be_at_either_end(stack: TerraformStack, synth: Synth, priority: int) -> None:
    pair(stack, more={"b": mapping(priority=priority)})
    assert rules(synth)["Egress_b"]["rule_priority"] == priority


@pytest.mark.parametrize("priority", [-1, MAX_PRIORITY + 1, True, "100", 1.5])
def test_mapping_refuses_priorities_out_of_range(priority: Any) -> None:
    with pytest.raises(RefusedValueError, match="priority: .* allowed is a whole number from 0 to 2147481599"):
        mapping(priority=priority)


@pytest.mark.parametrize("prop", ["source", "translated"])
@pytest.mark.parametrize(
    "value, reason",
    [
        ("30.0.0.5-30.0.0.9", "does not support IP range"),
        ("30.0.0.5,30.0.0.6", "does not support IP range"),
        ("2001:db8::1", "NSX has no NAT66"),
        (IPv6Address("2001:db8::1"), "NSX has no NAT66"),
        ("30.0.0.5/24", "has host bits set, the provider refuses it: write '30.0.0.0/24'"),
        ("30.0.0.300", "is not an IPv4 address or network"),
        ("30.0.0.0/33", "is not an IPv4 address or network"),
        ("", "is not an IPv4 address or network"),
        (5, "is not an address"),
    ],
)
def test_mapping_refuses_what_is_not_one_ipv4_address_or_network(prop: str, value: Any, reason: str) -> None:
    with pytest.raises(RefusedValueError, match=f"{prop}: .*{reason}"):
        mapping(**{prop: value})


def test_mapping_refuses_to_translate_to_its_own_source() -> None:
    with pytest.raises(RefusedValueError, match=r"translated: '30\.0\.0\.20' is the source itself"):
        mapping(translated="30.0.0.20")


def test_mapping_refuses_an_unknown_firewall_match() -> None:
    with pytest.raises(RefusedValueError, match="firewall_match: 'NONE' is not allowed.*BYPASS"):
        mapping(firewall_match="NONE")


def test_pair_refuses_an_unknown_ha_mode(stack: TerraformStack) -> None:
    with pytest.raises(RefusedValueError, match="ha_mode: 'ACTIVE' is not allowed, allowed is ACTIVE_ACTIVE or"):
        pair(stack, ha_mode="ACTIVE")


def test_pair_refuses_stateful_services_of_active_active_on_a_standby_gateway(stack: TerraformStack) -> None:
    with pytest.raises(RefusedValueError, match="goes with ha_mode ACTIVE_ACTIVE only"):
        pair(stack, ha_mode=HaMode.ACTIVE_STANDBY, stateful_active_active=True)


def test_pair_refuses_to_be_empty(stack: TerraformStack) -> None:
    with pytest.raises(RefusedValueError, match="no mapping given"):
        pair(stack, supervisor=None, tkg=None)


def test_pair_refuses_its_own_names_as_further_keys(stack: TerraformStack) -> None:
    with pytest.raises(RefusedValueError, match="more: 'tkg' is a name of its own"):
        pair(stack, more={"tkg": mapping()})


def test_pair_refuses_interfaces_of_another_gateway(stack: TerraformStack) -> None:
    with pytest.raises(RefusedValueError, match="applied_to: .*is no interface of '/infra/tier-0s/T0-wld01'"):
        pair(stack, applied_to=[UPLINK.replace("T0-wld01", "T0-other")])


def test_pair_takes_labels_as_scope(stack: TerraformStack, synth: Synth) -> None:
    pair(stack, applied_to=["/infra/labels/uplinks", "/infra/labels/uplinks"])
    assert rules(synth)["Egress_tkg"]["scope"] == ["/infra/labels/uplinks"]


def test_pair_refuses_what_is_no_tier0_path(stack: TerraformStack) -> None:
    with pytest.raises(RefusedValueError, match="gateway_path: '/infra/tier-1s/T1' is no Tier-0 path"):
        pair(stack, gateway_path="/infra/tier-1s/T1", applied_to=[])
