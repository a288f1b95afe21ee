"""Tier0StaticRoute: a further route of a Tier-0, or one that discards."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Network
from typing import Any

import pytest
from cdktf import TerraformStack, TerraformVariable

from tier0_egress.constructs import BfdPeer, NextHop, RealizationCheck, RefusedValueError, Tier0StaticRoute

Synth = Callable[[], dict[str, Any]]
T0 = "/infra/tier-0s/T0-wld01"
UPLINK = f"{T0}/locale-services/default/interfaces/edge01-uplink1"
HOP = NextHop(address="10.27.51.7", admin_distance=5, interface_path=UPLINK)


def route(stack: TerraformStack, **changed: Any) -> Tier0StaticRoute:
    given: dict[str, Any] = {"gateway_path": T0, "nsx_id": "corporate", "network": "10.0.0.0/8", "next_hops": [HOP]}
    return Tier0StaticRoute(stack, "Corporate", **(given | changed))


def test_a_route_says_where_it_leads_and_by_which_hops(stack: TerraformStack, synth: Synth) -> None:
    made = route(stack, tags={"team": "network"}, description="to the offices")
    RealizationCheck(stack, "Realized", resource=made)
    (said,) = synth()["resource"]["nsxt_policy_static_route"].values()
    said.pop("//", None)
    assert said == {
        "gateway_path": T0,
        "nsx_id": "corporate",
        "display_name": "corporate",
        "description": "to the offices",
        "network": "10.0.0.0/8",
        "next_hop": [{"ip_address": "10.27.51.7", "admin_distance": 5, "interface": UPLINK}],
        "tag": [{"scope": "team", "tag": "network"}],
    }
    assert list(synth()["resource"]["nsxt_policy_static_route"]) == ["Corporate"]


def test_a_route_that_discards_has_a_next_hop_without_an_address(stack: TerraformStack, synth: Synth) -> None:
    route(stack, next_hops=[], discard=True)
    (said,) = synth()["resource"]["nsxt_policy_static_route"].values()
    assert said["next_hop"] == [{"admin_distance": 1}]


@pytest.mark.parametrize(
    ("network", "written"),
    [
        ("10.0.0.5", "10.0.0.5/32"),
        (IPv4Address("10.0.0.5"), "10.0.0.5/32"),
        (IPv4Network("10.0.0.0/8"), "10.0.0.0/8"),
        ("0.0.0.0/0", "0.0.0.0/0"),
    ],
)
def test_a_host_is_the_network_that_holds_only_it(
    stack: TerraformStack, synth: Synth, network: Any, written: str
) -> None:
    route(stack, network=network)
    (said,) = synth()["resource"]["nsxt_policy_static_route"].values()
    assert said["network"] == written


def test_ipv6_and_expressions_pass(stack: TerraformStack, synth: Synth) -> None:
    route(stack, network=IPv6Network("2001:db8::/32"), next_hops=[NextHop(address="2001:db8:51::7")])
    unknown = TerraformVariable(stack, "network", type="string").string_value
    Tier0StaticRoute(stack, "Unknown", gateway_path=T0, nsx_id="u", network=unknown, next_hops=[HOP])
    found = synth()["resource"]["nsxt_policy_static_route"]
    assert [found[name]["network"] for name in ("Corporate", "Unknown")] == ["2001:db8::/32", "${var.network}"]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"network": "10.0.0.1/8"}, "network: '10.0.0.1/8' has host bits set, the provider refuses it: write '10.0.0.0/8'"),
        ({"network": "corporate"}, "network: 'corporate' is not a network, allowed is one network or address"),
        ({"network": "2001:db8::/32"}, "next_hops: 10.27.51.7 are of another family, allowed are IPv6 addresses only"),
        ({"next_hops": []}, "next_hops: none given"),
        ({"discard": True}, "discard: True goes without next_hops"),
        ({"next_hops": [HOP, HOP]}, "next_hops: '10.27.51.7' is given twice"),
        ({"bfd_peers": [BfdPeer(nsx_id="p", peer_address="10.27.51.9")]}, "bfd_peers: '10.27.51.9' is no next hop"),
        ({"nsx_id": "bfd-peers"}, "nsx_id: 'bfd-peers' is a name that the API uses itself"),
    ],
)  # fmt: skip
def test_what_would_be_no_route_is_refused(stack: TerraformStack, changed: Any, words: str) -> None:
    with pytest.raises(RefusedValueError, match=words):
        route(stack, **changed)


@pytest.mark.parametrize(("protect", "lifecycle"), [(False, None), (True, {"prevent_destroy": True})])
def test_it_is_protected_when_told_so(
    stack: TerraformStack, synth: Synth, protect: bool, lifecycle: dict[str, bool] | None
) -> None:
    made = route(stack, protect=protect)
    assert made.nsx_id == "corporate"
    (said,) = synth()["resource"]["nsxt_policy_static_route"].values()
    assert said.get("lifecycle") == lifecycle
