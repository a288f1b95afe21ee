"""Exceptions, destinations and any source: what is for SNAT rules alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cdktf import TerraformStack, TerraformVariable

from tier0_egress.constructs import EgressException, EgressMapping, EgressSnatPair, HaMode, NatAction, RefusedValueError

Synth = Callable[[], dict[str, Any]]
T0 = "/infra/tier-0s/T0-wld01"
UPLINK = f"{T0}/locale-services/default/interfaces/edge01-uplink1"
WHOLE = EgressMapping(source="30.0.0.0/24", translated="10.27.51.50", nsx_id="whole", priority=500)
CORPORATE = EgressException(destination="10.0.0.0/8", nsx_id="corporate", priority=50)


def standby(stack: TerraformStack, **changed: Any) -> EgressSnatPair:
    given: dict[str, Any] = {
        "gateway_path": T0,
        "ha_mode": HaMode.ACTIVE_STANDBY,
        "applied_to": [UPLINK],
        "more": {"whole": WHOLE},
    }
    return EgressSnatPair(stack, "Egress", **(given | changed))


def rules(synth: Synth) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = synth()["resource"]["nsxt_policy_nat_rule"]
    return found


def test_an_exception_is_a_no_snat_rule_with_everything_said(stack: TerraformStack, synth: Synth) -> None:
    made = standby(stack, exceptions={"corporate": CORPORATE})
    assert made.action is NatAction.SNAT
    assert list(made.exceptions) == ["corporate"]
    rule = rules(synth)["Egress_NoSnat_corporate"]
    rule.pop("//", None)
    assert rule == {
        "gateway_path": T0,
        "nsx_id": "corporate",
        "display_name": "corporate",
        "type": "USER",
        "action": "NO_SNAT",
        "destination_networks": ["10.0.0.0/8"],
        "rule_priority": 50,
        "firewall_match": "BYPASS",
        "scope": [UPLINK],
        "enabled": True,
        "logging": False,
    }


def test_an_exception_may_be_limited_to_a_source_and_be_for_every_destination(
    stack: TerraformStack, synth: Synth
) -> None:
    limited = EgressException(source="30.0.0.7", destination="any", nsx_id="one", priority=1)
    standby(stack, exceptions={"one": limited})
    rule = rules(synth)["Egress_NoSnat_one"]
    assert rule["source_networks"] == ["30.0.0.7"]
    assert "destination_networks" not in rule


def test_exceptions_may_stand_without_mappings(stack: TerraformStack, synth: Synth) -> None:
    standby(stack, more=None, exceptions={"corporate": CORPORATE})
    assert list(rules(synth)) == ["Egress_NoSnat_corporate"]


def test_any_source_leaves_the_field_out_and_a_destination_is_compared(stack: TerraformStack, synth: Synth) -> None:
    everything = EgressMapping(source="any", translated="10.27.51.50", nsx_id="all", priority=1000)
    backup = EgressMapping(source="any", destination="10.9.0.0/16", translated="10.27.51.51", nsx_id="b", priority=900)
    standby(stack, more={"all": everything, "backup": backup})
    found = rules(synth)
    assert "source_networks" not in found["Egress_all"]
    assert found["Egress_all"]["lifecycle"]["ignore_changes"] == ["destination_networks"]
    assert found["Egress_backup"]["destination_networks"] == ["10.9.0.0/16"]
    assert "lifecycle" not in found["Egress_backup"]


ANY = EgressMapping(source="any", translated="10.27.51.50", nsx_id="all", priority=1000)
LIMITED = EgressMapping(source="30.0.0.5", destination="10.0.0.9", translated="10.27.51.50", nsx_id="l", priority=1)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"more": {"all": ANY}}, "source: 'any' is for SNAT rules, these are REFLEXIVE: .*a required field"),
        ({"more": {"limited": LIMITED}}, "destination: '10.0.0.9' is for SNAT rules.*this field is not applicable"),
        ({"more": None, "exceptions": {"corporate": CORPORATE}}, "exceptions: 'corporate' is for SNAT rules.*the available action is Reflexive"),
    ],
)  # fmt: skip
def test_reflexive_rules_take_none_of_it_as_nsx_says(stack: TerraformStack, changed: Any, words: str) -> None:
    with pytest.raises(RefusedValueError, match=words):
        standby(stack, ha_mode=HaMode.ACTIVE_ACTIVE, **changed)


def test_stateful_active_active_takes_them(stack: TerraformStack, synth: Synth) -> None:
    mode: dict[str, Any] = {"ha_mode": HaMode.ACTIVE_ACTIVE, "stateful_active_active": True}
    standby(stack, exceptions={"corporate": CORPORATE}, more={"all": ANY}, **mode)
    assert {rule["action"] for rule in rules(synth).values()} == {"SNAT", "NO_SNAT"}


def _exception(**changed: Any) -> EgressException:
    given: dict[str, Any] = {"destination": "10.0.0.0/8", "nsx_id": "corporate", "priority": 50}
    return EgressException(**(given | changed))


@pytest.mark.parametrize(
    ("exception", "words"),
    [
        (_exception(priority=500), "priority: '500' is used twice"),
        (_exception(priority=501), "exceptions: x has priority 501, and mapping whole, which takes its packets, 500"),
        (_exception(nsx_id="whole"), "nsx_id: 'whole' is used twice"),
    ],
)
def test_an_exception_that_would_never_act_or_has_another_rules_number_is_refused(
    stack: TerraformStack, exception: Any, words: str
) -> None:
    with pytest.raises(RefusedValueError, match=words):
        standby(stack, exceptions={"x": exception})


def test_a_later_exception_for_other_packets_is_taken(stack: TerraformStack, synth: Synth) -> None:
    standby(stack, exceptions={"x": _exception(source="30.9.0.0/24", priority=501)})
    assert "Egress_NoSnat_x" in rules(synth)


@pytest.mark.parametrize(
    ("exceptions", "words"),
    [
        ([], "exceptions: \\[\\] is no mapping"),
        ({1: CORPORATE}, "exceptions: 1 is no key"),
        ({"a/b": CORPORATE, "a--b": CORPORATE}, "exceptions: two keys become 'a--b'"),
        ({"a": WHOLE}, "exceptions\\['a'\\]: an object of class EgressMapping is not allowed"),
    ],
)
def test_wrong_exceptions_are_told(stack: TerraformStack, exceptions: Any, words: str) -> None:
    with pytest.raises(RefusedValueError, match=words):
        standby(stack, exceptions=exceptions)


def test_an_exception_and_a_mapping_of_one_name_in_the_tree_are_refused(stack: TerraformStack) -> None:
    with pytest.raises(RefusedValueError, match="exceptions: 'NoSnat_a' in the construct tree is that of a mapping"):
        standby(stack, more={"NoSnat_a": WHOLE}, exceptions={"a": CORPORATE})


@pytest.mark.parametrize("prop", ["source", "destination"])
def test_text_that_is_no_address_names_the_argument(prop: str) -> None:
    with pytest.raises(RefusedValueError, match=f"{prop}: '10.0.0' is not an IPv4 address or network"):
        _exception(**{prop: "10.0.0"})


def test_two_mappings_of_one_source_may_differ_in_their_destination(stack: TerraformStack, synth: Synth) -> None:
    one = EgressMapping(source="30.0.0.5", translated="10.27.51.1", nsx_id="a", priority=2)
    standby(stack, more={"limited": LIMITED, "one": one})
    assert len(rules(synth)) == 2
    again = EgressMapping(source="30.0.0.5", destination="10.0.0.9", translated="10.27.51.1", nsx_id="a", priority=2)
    with pytest.raises(RefusedValueError, match="source: '30.0.0.5' towards '10.0.0.9' is used twice"):
        EgressSnatPair(
            stack, "Other", gateway_path=T0, ha_mode=HaMode.ACTIVE_STANDBY, applied_to=[UPLINK], more={"a": LIMITED, "b": again}
        )  # fmt: skip


def test_expressions_pass_unchecked(stack: TerraformStack, synth: Synth) -> None:
    corporate = TerraformVariable(stack, "corporate", type="string").string_value
    standby(stack, exceptions={"x": _exception(destination=corporate, priority=501)})
    assert rules(synth)["Egress_NoSnat_x"]["destination_networks"] == ["${var.corporate}"]
