from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cdktf import TerraformStack, TerraformVariable, Token
from cdktf_cdktf_provider_nsxt.provider import NsxtProvider

from tier0_egress.constructs import RefusedValueError, Tier0Gateway

Synth = Callable[[], dict[str, Any]]
Expression = Callable[[str], str]


def test_gateway_is_looked_up_by_id(stack: TerraformStack, synth: Synth) -> None:
    Tier0Gateway.from_id(stack, "Tier0", gateway_id="T0-wld01")
    assert synth()["data"]["nsxt_policy_tier0_gateway"] == {"Tier0": {"id": "T0-wld01"}}


def test_gateway_is_looked_up_by_its_exact_display_name(stack: TerraformStack, synth: Synth) -> None:
    Tier0Gateway.from_display_name(stack, "Tier0", display_name='T0 "east"')
    lookup = synth()["data"]["nsxt_policy_tier0_gateway"]["Tier0"]
    (condition,) = lookup["lifecycle"]["postcondition"]
    assert lookup["display_name"] == 'T0 "east"'
    assert condition["condition"] == r'${self.display_name == "T0 \"east\""}'
    assert "${self.display_name}" in condition["error_message"]


def test_display_name_may_be_known_only_when_terraform_runs(stack: TerraformStack, synth: Synth) -> None:
    name = TerraformVariable(stack, "name", type="string").string_value
    Tier0Gateway.from_display_name(stack, "Tier0", display_name=name)
    lookup = synth()["data"]["nsxt_policy_tier0_gateway"]["Tier0"]
    assert lookup["display_name"] == "${var.name}"
    assert lookup["lifecycle"]["postcondition"][0]["condition"] == "${(self.display_name == var.name)}"


@pytest.mark.parametrize("locale_service", ["default", "ls1"])
def test_interface_path_lies_below_the_gateway_found(
    stack: TerraformStack, expression: Expression, locale_service: str
) -> None:
    gateway = Tier0Gateway.from_id(stack, "Tier0", gateway_id="T0-wld01")
    assert expression(gateway.interface_path("up1", locale_service)) == (
        "${data.nsxt_policy_tier0_gateway.Tier0.path}/locale-services/" + locale_service + "/interfaces/up1"
    )


def test_path_is_that_of_the_gateway_found(stack: TerraformStack, expression: Expression) -> None:
    gateway = Tier0Gateway.from_id(stack, "Tier0", gateway_id="T0-wld01")
    assert Token.is_unresolved(gateway.path)
    assert expression(gateway.path) == "${data.nsxt_policy_tier0_gateway.Tier0.path}"


def test_gateway_may_be_on_another_manager(stack: TerraformStack, synth: Synth) -> None:
    other = NsxtProvider(stack, "other", alias="other", host="nsx2.example.com")
    Tier0Gateway.from_id(stack, "Tier0", gateway_id="T0", provider=other)
    assert synth()["data"]["nsxt_policy_tier0_gateway"]["Tier0"]["provider"] == "nsxt.other"


def test_gateway_is_made_by_its_factories_only(stack: TerraformStack) -> None:
    with pytest.raises(
        RefusedValueError, match=r"looked up with Tier0Gateway\.from_id or Tier0Gateway\.from_display_name"
    ):
        Tier0Gateway(stack, "Tier0")
    assert stack.node.try_find_child("Tier0") is None


@pytest.mark.parametrize("gateway_id", ["", "/infra/tier-0s/T0", "a&b", "x" * 1025])
def test_gateway_refuses_what_is_no_id(stack: TerraformStack, gateway_id: str) -> None:
    with pytest.raises(RefusedValueError, match="is no NSX id, allowed are 1 to 1024 characters"):
        Tier0Gateway.from_id(stack, "Tier0", gateway_id=gateway_id)
