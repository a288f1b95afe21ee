from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import pytest
from cdktf import TerraformStack, TerraformVariable

from tier0_egress.constructs import BfdPeer, NextHop, RefusedValueError, Tier0DefaultRoute, Tier0Gateway

Synth = Callable[[], dict[str, Any]]
T0 = "/infra/tier-0s/T0-wld01"
UPLINK = f"{T0}/locale-services/default/interfaces/edge01-uplink1"


def route(stack: TerraformStack, **changed: Any) -> Tier0DefaultRoute:
    given: dict[str, Any] = {
        "gateway_path": T0,
        "nsx_id": "wld01-default-route",
        "next_hops": [NextHop(address="10.27.51.1")],
    }
    return Tier0DefaultRoute(stack, "DefaultRoute", **(given | changed))


def test_route_says_everything_that_counts(stack: TerraformStack, synth: Synth) -> None:
    route(stack, display_name="way out", description="by code", tags={"managed-by": "tier0-egress"})
    assert synth()["resource"]["nsxt_policy_static_route"] == {
        "DefaultRoute": {
            "gateway_path": T0,
            "nsx_id": "wld01-default-route",
            "display_name": "way out",
            "description": "by code",
            "network": "0.0.0.0/0",
            "next_hop": [{"ip_address": "10.27.51.1", "admin_distance": 1}],
            "tag": [{"scope": "managed-by", "tag": "tier0-egress"}],
            "lifecycle": {"prevent_destroy": True},
        }
    }


def test_path_is_that_of_the_route(stack: TerraformStack, expression: Callable[[str], str]) -> None:
    assert expression(route(stack).path) == "${nsxt_policy_static_route.DefaultRoute.path}"


def test_display_name_is_the_id_when_left_out(stack: TerraformStack, synth: Synth) -> None:
    route(stack)
    assert synth()["resource"]["nsxt_policy_static_route"]["DefaultRoute"]["display_name"] == "wld01-default-route"


def test_protection_can_be_taken_away(stack: TerraformStack, synth: Synth) -> None:
    route(stack, protect=False)
    assert "lifecycle" not in synth()["resource"]["nsxt_policy_static_route"]["DefaultRoute"]


def test_next_hops_keep_their_order_distances_and_interfaces(stack: TerraformStack, synth: Synth) -> None:
    hops = [
        NextHop(address=IPv4Address("10.27.51.2"), interface_path=UPLINK),
        NextHop(address="10.27.51.1"),
        NextHop(address="10.27.52.1", admin_distance=10),
    ]
    route(stack, next_hops=hops)
    assert synth()["resource"]["nsxt_policy_static_route"]["DefaultRoute"]["next_hop"] == [
        {"ip_address": "10.27.51.2", "admin_distance": 1, "interface": UPLINK},
        {"ip_address": "10.27.51.1", "admin_distance": 1},
        {"ip_address": "10.27.52.1", "admin_distance": 10},
    ]


def test_ipv6_next_hops_make_the_ipv6_default_route(stack: TerraformStack, synth: Synth) -> None:
    route(stack, next_hops=[NextHop(address=IPv6Address("2001:db8::1")), NextHop(address="2001:DB8::2")])
    made = synth()["resource"]["nsxt_policy_static_route"]["DefaultRoute"]
    assert made["network"] == "::/0"
    assert [hop["ip_address"] for hop in made["next_hop"]] == ["2001:db8::1", "2001:db8::2"]


@pytest.mark.parametrize("ip_version, network", [(None, "0.0.0.0/0"), (4, "0.0.0.0/0"), (6, "::/0")])
def test_next_hop_may_be_known_only_when_terraform_runs(
    stack: TerraformStack, synth: Synth, ip_version: int | None, network: str
) -> None:
    gateway = Tier0Gateway.from_id(stack, "Tier0", gateway_id="T0-wld01")
    hop = TerraformVariable(stack, "hop", type="string").string_value
    route(
        stack,
        gateway_path=gateway.path,
        next_hops=[NextHop(address=hop, interface_path=gateway.interface_path("edge01-uplink1"))],
        ip_version=ip_version,
    )
    resource = synth()["resource"]["nsxt_policy_static_route"]["DefaultRoute"]
    assert resource["network"] == network
    assert resource["next_hop"][0]["ip_address"] == "${var.hop}"
    assert resource["gateway_path"] == "${data.nsxt_policy_tier0_gateway.Tier0.path}"


def test_admin_distance_may_be_known_only_when_terraform_runs(stack: TerraformStack, synth: Synth) -> None:
    distance: Any = TerraformVariable(stack, "distance", type="number").number_value
    route(stack, next_hops=[NextHop(address="10.27.51.1", admin_distance=distance)])
    hops = synth()["resource"]["nsxt_policy_static_route"]["DefaultRoute"]["next_hop"]
    assert hops[0]["admin_distance"] == "${var.distance}"


def test_bfd_peer_comes_after_its_route_and_has_a_readable_address(stack: TerraformStack, synth: Synth) -> None:
    peer = BfdPeer(nsx_id="wld01-bfd-1", peer_address="10.27.51.1", source_addresses=["10.27.51.145"], tags={"a": "b"})
    route(stack, bfd_peers=[peer])
    assert synth()["resource"]["nsxt_policy_static_route_bfd_peer"] == {
        "DefaultRoute_wld01-bfd-1": {
            "gateway_path": T0,
            "nsx_id": "wld01-bfd-1",
            "display_name": "wld01-bfd-1",
            "bfd_profile_path": "/infra/bfd-profiles/default",
            "peer_address": "10.27.51.1",
            "source_addresses": ["10.27.51.145"],
            "enabled": True,
            "tag": [{"scope": "a", "tag": "b"}],
            "depends_on": ["nsxt_policy_static_route.DefaultRoute"],
        }
    }


def test_an_id_that_terraform_cannot_use_as_a_name_keeps_its_hash(stack: TerraformStack, synth: Synth) -> None:
    route(stack, bfd_peers=[BfdPeer(nsx_id="peer 1", peer_address="10.27.51.1")])
    (name,) = synth()["resource"]["nsxt_policy_static_route_bfd_peer"]
    assert name.startswith("DefaultRoute_peer1_")


@pytest.mark.parametrize(
    "path, reason",
    [
        ("/infra/tier-1s/T1", "the provider takes any other path for that of a Tier-1"),
        ("/infra/tier-0s/T0/locale-services/default", "the provider takes any other path for that of a Tier-1"),
        ("T0-wld01", "allowed is the path of a Tier-0 gateway, such as /infra/tier-0s/T0-wld01"),
        ("/orgs/default/projects/p/infra/tier-1s/T1", "lies in a project"),
        ("/global-infra/tier-0s/T0", "belongs to a Global Manager"),
    ],
)
def test_route_refuses_what_is_no_tier0_path(stack: TerraformStack, path: str, reason: str) -> None:
    with pytest.raises(RefusedValueError, match=f"gateway_path: '{path}' .*{reason}"):
        route(stack, gateway_path=path)


@pytest.mark.parametrize("distance", [0, 256, -1, True, "1", 1.5])
def test_next_hop_refuses_distances_outside_1_to_255(distance: Any) -> None:
    with pytest.raises(RefusedValueError, match="allowed is a whole number from 1 to 255"):
        NextHop(address="10.27.51.1", admin_distance=distance)


@pytest.mark.parametrize("wrong", ["", "10.27.51.300", "10.27.51.0/24", "router", 7, None])
def test_next_hop_refuses_what_is_no_address(wrong: Any) -> None:
    with pytest.raises(RefusedValueError, match="is not an address, allowed is one IPv4 or IPv6 address"):
        NextHop(address=wrong)


@pytest.mark.parametrize("wrong", ["0.0.0.0", "224.0.0.1", "127.0.0.1", "::", "ff02::1"])  # noqa: S104
def test_next_hop_refuses_addresses_that_no_router_has(wrong: str) -> None:
    with pytest.raises(RefusedValueError, match="is no router"):
        NextHop(address=wrong)


def test_next_hop_refuses_a_zone() -> None:
    with pytest.raises(RefusedValueError, match="name the interface in interface_path instead"):
        NextHop(address="fe80::1%eth0")


def test_route_refuses_to_be_without_a_next_hop(stack: TerraformStack) -> None:
    with pytest.raises(RefusedValueError, match="NSX refuses a route without a next hop"):
        route(stack, next_hops=[])


def test_route_refuses_next_hops_of_both_families(stack: TerraformStack) -> None:
    with pytest.raises(RefusedValueError, match=r"10\.27\.51\.1, 2001:db8::1 are of another family.*use two routes"):
        route(stack, next_hops=[NextHop(address="10.27.51.1"), NextHop(address="2001:db8::1")])


def test_route_refuses_next_hops_of_another_family_than_said(stack: TerraformStack) -> None:
    with pytest.raises(RefusedValueError, match="allowed are IPv6 addresses only"):
        route(stack, ip_version=6)


def test_route_refuses_an_unknown_family(stack: TerraformStack) -> None:
    with pytest.raises(RefusedValueError, match="allowed is 4 or 6"):
        route(stack, ip_version=5)


def test_route_refuses_the_same_next_hop_twice(stack: TerraformStack) -> None:
    with pytest.raises(RefusedValueError, match=r"'10\.27\.51\.1' is given twice"):
        route(stack, next_hops=[NextHop(address="10.27.51.1"), NextHop(address="10.27.51.1", admin_distance=5)])


def test_route_takes_the_same_next_hop_by_two_interfaces(stack: TerraformStack, synth: Synth) -> None:
    other = UPLINK.replace("edge01", "edge02")
    hops = [NextHop(address="10.27.51.1", interface_path=path) for path in (UPLINK, other)]
    route(stack, next_hops=hops)
    assert len(synth()["resource"]["nsxt_policy_static_route"]["DefaultRoute"]["next_hop"]) == 2


def test_route_refuses_an_interface_of_another_gateway(stack: TerraformStack) -> None:
    foreign = UPLINK.replace("T0-wld01", "T0-other")
    with pytest.raises(RefusedValueError, match="is no interface of '/infra/tier-0s/T0-wld01'"):
        route(stack, next_hops=[NextHop(address="10.27.51.1", interface_path=foreign)])


def test_route_refuses_bfd_on_ipv6(stack: TerraformStack) -> None:
    peer = BfdPeer(nsx_id="p", peer_address="10.27.51.1")
    with pytest.raises(RefusedValueError, match="the provider takes IPv4 peers only"):
        route(stack, next_hops=[NextHop(address="2001:db8::1")], bfd_peers=[peer])


def test_bfd_peer_refuses_ipv6() -> None:
    with pytest.raises(RefusedValueError, match="peer_address: '2001:db8::1' is IPv6"):
        BfdPeer(nsx_id="p", peer_address="2001:db8::1")


def test_bfd_peer_refuses_a_profile_that_is_no_path() -> None:
    with pytest.raises(RefusedValueError, match="profile_path: 'default' is no policy path"):
        BfdPeer(nsx_id="p", peer_address="10.27.51.1", profile_path="default")


def test_route_refuses_a_bfd_peer_that_is_no_next_hop(stack: TerraformStack) -> None:
    with pytest.raises(
        RefusedValueError, match=r"'10\.27\.51\.9' is no next hop of this route, allowed are 10\.27\.51\.1"
    ):
        route(stack, bfd_peers=[BfdPeer(nsx_id="p", peer_address="10.27.51.9")])


@pytest.mark.parametrize("second", [("p", "10.27.51.2"), ("q", "10.27.51.1")])
def test_route_refuses_two_bfd_peers_of_one_id_or_address(stack: TerraformStack, second: tuple[str, str]) -> None:
    hops = [NextHop(address="10.27.51.1"), NextHop(address="10.27.51.2")]
    peers = [BfdPeer(nsx_id="p", peer_address="10.27.51.1"), BfdPeer(nsx_id=second[0], peer_address=second[1])]
    with pytest.raises(RefusedValueError, match="is given twice, allowed is one peer for each next hop"):
        route(stack, next_hops=hops, bfd_peers=peers)
