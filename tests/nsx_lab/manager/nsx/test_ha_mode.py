"""What the manager says to another HA mode of a Tier-0."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

T0 = "/infra/tier-0s/mode"
SERVICES = f"{T0}/locale-services/default"
CLUSTER = "/infra/sites/default/enforcement-points/default/edge-clusters/ec-1"
RULE = f"{T0}/nat/USER/nat-rules/x"


@pytest.fixture
def gateway(api: httpx.Client) -> httpx.Client:
    """An ACTIVE_ACTIVE gateway with two uplinks on one edge: nothing is in the way of another mode."""
    api.patch(T0, json={"ha_mode": "ACTIVE_ACTIVE"}).raise_for_status()
    api.patch(SERVICES, json={"edge_cluster_path": CLUSTER}).raise_for_status()
    for number in (1, 2):
        interface(api, f"up{number}", f"10.9.{number}.2")
    return api


def interface(api: httpx.Client, name: str, address: str, edge: str = "edge01", kind: str = "EXTERNAL") -> None:
    body = {
        "type": kind,
        "edge_path": f"{CLUSTER}/edge-nodes/{edge}",
        "subnets": [{"ip_addresses": [address], "prefix_len": 24}],
    }
    api.patch(f"{SERVICES}/interfaces/{name}", json=body).raise_for_status()


def mode(api: httpx.Client, wanted: str) -> str:
    """Asks for a mode; the manager's words where it refuses."""
    answer = api.patch(T0, json={"ha_mode": wanted})
    now = api.get(T0).json()["ha_mode"]
    if answer.status_code == 200:
        assert now == wanted
        return ""
    assert (answer.status_code, answer.json()["error_code"]) == (400, 990001)
    assert now != wanted
    return str(answer.json()["error_message"])


def rule(api: httpx.Client, action: str, **fields: Any) -> None:
    body = {"action": action, "source_network": "30.0.0.5", "translated_network": "10.9.1.9", **fields}
    api.patch(RULE, json=body).raise_for_status()


def test_the_mode_of_a_bare_gateway_is_changed_both_ways(gateway: httpx.Client) -> None:
    assert mode(gateway, "ACTIVE_STANDBY") == ""
    assert mode(gateway, "ACTIVE_ACTIVE") == ""


def test_what_is_in_the_way_of_another_mode_is_named(gateway: httpx.Client) -> None:
    api = gateway
    rule(api, "REFLEXIVE", scope=[f"{SERVICES}/interfaces/up1"])
    assert mode(api, "ACTIVE_STANDBY").endswith("REFLEXIVE rules are applied to interfaces (x).")
    rule(api, "REFLEXIVE")
    interface(api, "up3", "10.9.1.3", edge="edge02")
    assert mode(api, "ACTIVE_STANDBY").endswith("it has uplinks on 2 edges (edge01, edge02), allowed is one.")
    api.delete(f"{SERVICES}/interfaces/up3").raise_for_status()
    interface(api, "services", "10.9.7.2", kind="SERVICE")
    assert mode(api, "ACTIVE_STANDBY").endswith("it has service interfaces (services).")
    api.delete(f"{SERVICES}/interfaces/services").raise_for_status()
    api.patch("/infra/tier-0s/vrf", json={"vrf_config": {"tier0_path": T0}}).raise_for_status()
    assert mode(api, "ACTIVE_STANDBY").endswith("it has VRF gateways (vrf).")
    api.delete("/infra/tier-0s/vrf").raise_for_status()
    assert mode(api, "ACTIVE_STANDBY") == "", "a REFLEXIVE rule that is applied to no interface stays"


def test_on_active_standby_its_own_rules_and_its_vip_are_in_the_way(gateway: httpx.Client) -> None:
    api = gateway
    assert mode(api, "ACTIVE_STANDBY") == ""
    rule(api, "SNAT")
    interface(api, "up3", "10.9.1.3", edge="edge02")
    paths = [f"{SERVICES}/interfaces/{name}" for name in ("up1", "up3")]
    vip = {
        "external_interface_paths": paths,
        "vip_subnets": [{"ip_addresses": ["10.9.1.9"], "prefix_len": 24}],
        "enabled": True,
    }
    api.patch(SERVICES, json={"edge_cluster_path": CLUSTER, "ha_vip_configs": [vip]}).raise_for_status()
    told = mode(api, "ACTIVE_ACTIVE")
    for part in ("it has uplinks on 2 edges", "it has an HA VIP", "it has SNAT/DNAT/NO_SNAT/NO_DNAT rules (x)"):
        assert part in told


def test_what_goes_in_the_same_request_is_not_in_the_way(gateway: httpx.Client) -> None:
    api = gateway
    rule(api, "REFLEXIVE", scope=[f"{SERVICES}/interfaces/up1"])
    gone = {
        "resource_type": "ChildPolicyNatRule",
        "marked_for_delete": True,
        "PolicyNatRule": {"resource_type": "PolicyNatRule", "id": "x"},
    }
    nat = {
        "resource_type": "ChildPolicyNat",
        "PolicyNat": {"resource_type": "PolicyNat", "id": "USER", "children": [gone]},
    }
    tier0 = {"resource_type": "Tier0", "id": "mode", "ha_mode": "ACTIVE_STANDBY", "children": [nat]}
    body = {"resource_type": "Infra", "children": [{"resource_type": "ChildTier0", "Tier0": tier0}]}
    api.patch("/infra", json=body).raise_for_status()
    assert api.get(T0).json()["ha_mode"] == "ACTIVE_STANDBY"


def test_gateways_that_are_part_of_each_other_have_a_mode(api: httpx.Client) -> None:
    """Nobody should write that, and no request may end as a bug of the lab."""
    other = "/infra/tier-0s/other"
    for path in (T0, other):
        api.patch(path, json={"ha_mode": "ACTIVE_STANDBY"}).raise_for_status()
        api.patch(f"{path}/locale-services/default", json={"edge_cluster_path": CLUSTER}).raise_for_status()
    for path, above in ((T0, other), (other, T0), (T0, T0)):
        api.patch(path, json={"ha_mode": "ACTIVE_STANDBY", "vrf_config": {"tier0_path": above}}).raise_for_status()
        rule(api, "SNAT")
