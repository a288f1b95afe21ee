from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cdktf import TerraformStack

from tier0_egress.constructs import NextHop, RealizationCheck, RefusedValueError, Tier0DefaultRoute

Synth = Callable[[], dict[str, Any]]


def checked(stack: TerraformStack, **settings: Any) -> RealizationCheck:
    hops = [NextHop(address="10.27.51.1")]
    route = Tier0DefaultRoute(stack, "DefaultRoute", gateway_path="/infra/tier-0s/T0", nsx_id="r", next_hops=hops)
    return RealizationCheck(stack, "DefaultRouteRealized", resource=route.resource, **settings)


def test_check_is_read_after_every_change_of_its_resource(stack: TerraformStack, synth: Synth) -> None:
    checked(stack)
    info = synth()["data"]["nsxt_policy_realization_info"]["DefaultRouteRealized"]
    assert info["path"] == "${nsxt_policy_static_route.DefaultRoute.path}"
    assert info["depends_on"] == ["nsxt_policy_static_route.DefaultRoute"]


def test_check_fails_on_anything_but_realized(stack: TerraformStack, synth: Synth) -> None:
    checked(stack)
    (condition,) = synth()["data"]["nsxt_policy_realization_info"]["DefaultRouteRealized"]["lifecycle"]["postcondition"]
    assert condition["condition"] == '${self.state == "REALIZED"}'
    assert "${self.state}" in condition["error_message"]
    assert "${self.path}" in condition["error_message"]


def test_state_can_be_referred_to(stack: TerraformStack, expression: Callable[[str], str]) -> None:
    state = checked(stack).state
    assert expression(state) == "${data.nsxt_policy_realization_info.DefaultRouteRealized.state}"


@pytest.mark.parametrize("settings, delay, timeout", [({}, 0, 120), ({"delay": 2, "timeout": 30}, 2, 30)])
def test_check_waits_as_long_as_it_is_told(
    stack: TerraformStack, synth: Synth, settings: dict[str, int], delay: int, timeout: int
) -> None:
    checked(stack, **settings)
    info = synth()["data"]["nsxt_policy_realization_info"]["DefaultRouteRealized"]
    assert (info["delay"], info["timeout"]) == (delay, timeout)


@pytest.mark.parametrize("settings", [{"delay": -1}, {"timeout": 0}, {"timeout": "30"}])
def test_check_refuses_times_that_are_none(stack: TerraformStack, settings: dict[str, Any]) -> None:
    with pytest.raises(RefusedValueError, match="allowed is a whole number from"):
        checked(stack, **settings)
