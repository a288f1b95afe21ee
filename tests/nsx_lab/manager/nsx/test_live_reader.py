"""What a reader of a live manager needs of a Tier-0 and the Tier-1s below it, from a seed as egress writes it, through a plain HTTP client."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from nsx_lab import Lab

T0 = "/infra/tier-0s/T0-wld01"
EDGES = "/infra/sites/default/enforcement-points/default/edge-clusters/T0-wld01-edges"
PEER = f"{T0}/static-routes/bfd-peers/gw"
BALANCER, POOL = "/infra/lb-services/domain-c8", "/infra/lb-pools/harbor_443"
ADVERTISED = ["TIER1_NAT", "TIER1_LB_VIP"]
Json = dict[str, Any]


def ncp(**scopes: str) -> list[Json]:
    """Tags as NCP writes them."""
    return [{"scope": f"ncp/{scope}", "tag": tag} for scope, tag in scopes.items()]


def rule(name: str, action: str, **more: Any) -> Json:
    tags = ncp(version="1.2.0", cluster="domain-c8", project="team-a")
    body = {"resource_type": "PolicyNatRule", "id": name, "action": action, "tags": tags, **more}
    return {"resource_type": "ChildPolicyNatRule", "PolicyNatRule": body}


def tier1(name: str, *rules: Json, edges: str = EDGES, **more: Any) -> Json:
    """A Tier-1 with its service router and the NAT rules of section USER."""
    services = {"resource_type": "LocaleServices", "id": "default", **({"edge_cluster_path": edges} if edges else {})}
    children: list[Json] = [{"resource_type": "ChildLocaleServices", "LocaleServices": services}]
    if rules:
        nat = {"resource_type": "PolicyNat", "id": "USER", "nat_type": "USER", "children": list(rules)}
        children.append({"resource_type": "ChildPolicyNat", "PolicyNat": nat})
    body = {"resource_type": "Tier1", "id": name, "tier0_path": T0, "children": children, **more}
    return {"resource_type": "ChildTier1", "Tier1": body}


@pytest.fixture
def reader(client_of: Callable[..., httpx.Client]) -> Iterator[tuple[Lab, httpx.Client]]:
    """A lab with three namespaces, and a client of it."""
    uplinks = [
        {
            "resource_type": "ChildTier0Interface",
            "Tier0Interface": {
                "id": f"edge0{number}-uplink1",
                "type": "EXTERNAL",
                "edge_path": f"{EDGES}/edge-nodes/edge0{number}",
                "subnets": [{"ip_addresses": [f"10.27.51.{address}"], "prefix_len": 24}],
            },
        }
        for number, address in ((1, 145), (2, 147))
    ]
    peer = {"id": "gw", "peer_address": "10.27.51.1", "bfd_profile_path": "/infra/bfd-profiles/default"}
    route = {"id": "default", "network": "0.0.0.0/0", "next_hops": [{"ip_address": "10.27.51.1"}]}
    tier0 = {
        "id": "T0-wld01",
        "ha_mode": "ACTIVE_STANDBY",
        "children": [
            {
                "resource_type": "ChildLocaleServices",
                "LocaleServices": {"id": "default", "edge_cluster_path": EDGES, "children": uplinks},
            },
            {"resource_type": "ChildStaticRouteBfdPeer", "BfdPeer": peer},
            {"resource_type": "ChildStaticRoutes", "StaticRoutes": route},
        ],
    }
    exempt = rule("no", "NO_SNAT", destination_network="172.20.0.0/24", sequence_number=0)
    children = [
        {"resource_type": "ChildTier0", "Tier0": tier0},
        tier1(
            "domain-c8",
            exempt,
            rule("snat", "SNAT", source_network="10.244.0.96/28", translated_network="30.0.0.5", sequence_number=10),
            route_advertisement_types=ADVERTISED,
        ),
        tier1("any-source", rule("snat", "SNAT", translated_network="30.0.0.17"), route_advertisement_types=ADVERTISED),
        tier1("no-edges", rule("snat", "SNAT", source_network="10.246.0.0/24", translated_network="30.0.0.18"), edges=""),
        {
            "resource_type": "ChildLBService",
            "LBService": {"id": "domain-c8", "connectivity_path": "/infra/tier-1s/domain-c8", "size": "SMALL"},
        },
        {
            "resource_type": "ChildLBPool",
            "LBPool": {"id": "harbor_443", "members": [{"ip_address": "10.244.0.98", "port": "8443"}]},
        },
        {
            "resource_type": "ChildLBVirtualServer",
            "LBVirtualServer": {
                "id": "harbor_443",
                "display_name": "harbor",
                "ip_address": "30.0.1.10",
                "ports": ["443"],
                "lb_service_path": BALANCER,
                "pool_path": POOL,
                "application_profile_path": "/infra/lb-app-profiles/default-tcp-lb-app-profile",
                "tags": ncp(cluster="domain-c8", project="team-a", service="harbor"),
            },
        },
    ]  # fmt: skip
    seed = {"format": "nsx-lab-seed", "version": 1, "infra": {"resource_type": "Infra", "children": children}}
    with Lab(seed) as lab:
        yield lab, client_of(lab)


def listed(api: httpx.Client, path: str) -> list[Json]:
    answer = api.get(path)
    assert answer.status_code == 200, answer.text
    found: list[Json] = answer.json()["results"]
    return found


def test_rules_of_a_tier1_are_read_with_their_tags(reader: tuple[Lab, httpx.Client]) -> None:
    _, api = reader
    rules = listed(api, "/infra/tier-1s/domain-c8/nat/USER/nat-rules")
    assert {(one["action"], one.get("source_network"), one.get("translated_network")) for one in rules} == {
        ("NO_SNAT", None, None),
        ("SNAT", "10.244.0.96/28", "30.0.0.5"),
    }
    assert {tag["scope"]: tag["tag"] for tag in rules[0]["tags"]}["ncp/project"] == "team-a"
    found = listed(
        api, '/search/query?query=resource_type:PolicyNatRule AND tags.scope:"ncp/cluster" AND tags.tag:domain\\-c8'
    )
    assert {one["path"].split("/")[3] for one in found} == {"domain-c8", "any-source", "no-edges"}


def test_snat_without_a_source_is_accepted_and_realized(reader: tuple[Lab, httpx.Client]) -> None:
    lab, api = reader
    path = "/infra/tier-1s/any-source/nat/USER/nat-rules/snat"
    assert "source_network" not in api.get(path).json()
    assert path in lab.realized()


def test_service_router_of_a_tier1_is_its_edge_cluster(reader: tuple[Lab, httpx.Client]) -> None:
    _, api = reader
    clusters = {
        name: [one.get("edge_cluster_path") for one in listed(api, f"/infra/tier-1s/{name}/locale-services")]
        for name in ("domain-c8", "no-edges")
    }
    assert clusters == {"domain-c8": [EDGES], "no-edges": [None]}
    assert api.get("/infra/tier-1s/domain-c8").json()["ha_mode"] == "ACTIVE_STANDBY"
    assert "ha_mode" not in api.get("/infra/tier-1s/no-edges").json()
    asked = {"intent_path": "/infra/tier-1s/no-edges/nat/USER/nat-rules/snat"}
    (entity,) = api.get("/infra/realized-state/realized-entities", params=asked).json()["results"]
    assert entity["state"] == "ERROR"


def test_virtual_servers_are_read_and_routed(reader: tuple[Lab, httpx.Client]) -> None:
    _, api = reader
    (server,) = listed(api, "/infra/lb-virtual-servers")
    assert (server["display_name"], server["ip_address"], server["ports"]) == ("harbor", "30.0.1.10", ["443"])
    assert api.get(server["pool_path"]).json()["members"] == [{"ip_address": "10.244.0.98", "port": "8443"}]
    assert api.get(server["lb_service_path"]).json()["connectivity_path"] == "/infra/tier-1s/domain-c8"
    assert ("t1l", "30.0.1.10/32") in forwarded(api)
    assert api.delete(BALANCER).json()["error_code"] == 500030


def forwarded(api: httpx.Client) -> set[tuple[str, str]]:
    """Type and network of what all edges of the Tier-0 forward."""
    tables = listed(api, f"{T0}/forwarding-table")
    found = [{(one["route_type"], one["network"]) for one in table["route_entries"]} for table in tables]
    return set.intersection(*found)


def test_forwarding_table_has_the_egress_addresses_and_the_way_out(reader: tuple[Lab, httpx.Client]) -> None:
    _, api = reader
    assert forwarded(api) == {
        ("t0c", "10.27.51.0/24"),
        ("t0s", "0.0.0.0/0"),
        ("t1n", "30.0.0.5/32"),
        ("t1n", "30.0.0.17/32"),
        ("t1l", "30.0.1.10/32"),
    }


def test_bfd_peer_that_is_down_is_an_alarm_and_takes_the_route(
    reader: tuple[Lab, httpx.Client], client_of: Callable[..., httpx.Client]
) -> None:
    lab, api = reader
    assert [peer["peer_address"] for peer in listed(api, f"{T0}/static-routes/bfd-peers")] == ["10.27.51.1"]
    lab.control.runtime(PEER, "DOWN")
    assert ("t0s", "0.0.0.0/0") not in forwarded(api)
    (alarm,) = listed(client_of(lab, base="/api/v1"), "/alarms?feature_name=routing")
    assert (alarm["event_type"], alarm["alarm_source"]) == ("bfd_down_on_external_interface", [PEER])


def test_virtual_server_has_one_address(reader: tuple[Lab, httpx.Client]) -> None:
    _, api = reader
    body = {"ports": ["443"], "application_profile_path": "/infra/lb-app-profiles/default-tcp-lb-app-profile"}
    for address in ("30.0.1.0/24", "harbor", ""):
        assert api.patch("/infra/lb-virtual-servers/x", json={**body, "ip_address": address}).status_code == 400
    assert api.patch("/infra/lb-virtual-servers/x", json=body).status_code == 400
    assert api.patch("/infra/lb-virtual-servers/x", json={**body, "ip_address": "2001:db8::10"}).status_code == 200


def test_saved_rule_with_a_range_breaks_no_table(tmp_path: Any, client_of: Callable[..., httpx.Client]) -> None:
    """Facts are taken over unchecked: what the lab cannot read is left out of its tables."""
    interface = f"{T0}/locale-services/default/interfaces/a"
    saved = [
        {"path": T0, "id": "T0-wld01", "resource_type": "Tier0"},
        {"path": interface, "id": "a", "resource_type": "Tier0Interface", "edge_path": f"{EDGES}/edge-nodes/edge01",
         "subnets": [{"ip_addresses": ["10.27.51.145"], "prefix_len": 24}]},
        {"path": "/infra/tier-1s/t", "id": "t", "resource_type": "Tier1", "tier0_path": T0, "route_advertisement_types": ADVERTISED},
        {"path": "/infra/tier-1s/t/nat/USER/nat-rules/r", "id": "r", "resource_type": "PolicyNatRule", "action": "SNAT",
         "source_network": "10.0.0.0/24", "translated_network": "30.0.0.5-30.0.0.9"},
        {"path": f"{T0}/static-routes/odd", "id": "odd", "resource_type": "StaticRoutes", "network": "everywhere", "next_hops": [{"ip_address": "10.27.51.1"}]},
        {"path": f"{T0}/static-routes/hop", "id": "hop", "resource_type": "StaticRoutes", "network": "0.0.0.0/0", "next_hops": [{"ip_address": "the-router"}]},
    ]  # fmt: skip
    (tmp_path / "saved.json").write_text(json.dumps(saved))
    with Lab(tmp_path) as lab:
        assert forwarded(client_of(lab)) == {("t0c", "10.27.51.0/24")}
