"""Routing tables and NAT statistics."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from nsx_lab import Lab
from nsx_lab.manager.nsx import schema

T0 = "/infra/tier-0s/T0-wld01"
ROUTE = f"{T0}/static-routes/default-route"
UPLINKS = [f"{T0}/locale-services/default/interfaces/edge0{n}-uplink1" for n in (1, 2)]


def entries(api: httpx.Client, name: str = "routing-table", **query: str) -> list[list[tuple[Any, ...]]]:
    """(type, network, next hop) of each entry, by edge node."""
    answer = api.get(f"{T0}/{name}", params=query).json()
    assert answer["result_count"] == len(answer["results"])
    found = []
    for table in answer["results"]:
        assert schema.problems("RoutingTable", table) == []
        assert table["count"] == len(table["route_entries"])
        found.append(
            [(entry["route_type"], entry["network"], entry.get("next_hop", "")) for entry in table["route_entries"]]
        )
    return found


def test_default_route_is_in_the_table_of_each_edge(api: httpx.Client, route: dict[str, Any]) -> None:
    connected = [("t0c", "10.27.51.0/24", ""), ("t0c", "172.20.0.0/24", "")]
    assert entries(api) == [connected, connected]
    api.patch(ROUTE, json=route)
    assert entries(api) == [[("t0s", "0.0.0.0/0", "10.27.51.1"), *connected]] * 2
    assert entries(
        api, edge_path="/infra/sites/default/enforcement-points/default/edge-clusters/ec-1/edge-nodes/edge01"
    ) == [[("t0s", "0.0.0.0/0", "10.27.51.1"), *connected]]
    assert entries(api, route_source="STATIC", network_prefix="0.0.0.0/0") == [[("t0s", "0.0.0.0/0", "10.27.51.1")]] * 2


def test_next_hop_whose_bfd_peer_is_down_is_not_in_the_table(
    lab: Lab, api: httpx.Client, route: dict[str, Any]
) -> None:
    def hops() -> list[list[str]]:
        return [[via for _, network, via in table if network == "0.0.0.0/0"] for table in entries(api)]

    peer = f"{T0}/static-routes/bfd-peers/one"
    watched = {"peer_address": "10.27.51.1", "bfd_profile_path": "/infra/bfd-profiles/default"}
    api.patch(ROUTE, json={**route, "next_hops": [{"ip_address": f"10.27.51.{last}"} for last in (1, 2)]})
    api.patch(peer, json=watched)
    assert hops() == [["10.27.51.1", "10.27.51.2"]] * 2
    lab.control.runtime(peer, "DOWN")
    assert hops() == [["10.27.51.2"]] * 2
    api.patch(peer, json={**watched, "enabled": False})
    assert hops() == [["10.27.51.1", "10.27.51.2"]] * 2
    api.patch(peer, json=watched)
    lab.control.runtime(peer, "UP")
    assert hops() == [["10.27.51.1", "10.27.51.2"]] * 2


def test_edge_that_is_down_has_no_table(lab: Lab, api: httpx.Client) -> None:
    edge = "/infra/sites/default/enforcement-points/default/edge-clusters/ec-1/edge-nodes/edge01"
    lab.control.runtime(edge, "DOWN")
    left = api.get(f"{T0}/forwarding-table").json()["results"]
    assert [table["edge_node"].rpartition("/")[2] for table in left] == ["edge02"]


def test_number_of_routes(api: httpx.Client, route: dict[str, Any]) -> None:
    api.patch(ROUTE, json=route)
    counts = api.get(f"{T0}/number-of-routes").json()
    assert schema.problems("Tier0NumberOfRoutesResult", counts) == []
    assert counts == {"number_of_ipv4": 3, "number_of_ipv6": 0}
    assert api.get("/infra/tier-0s/nobody/number-of-routes").status_code == 404


def test_scope_limits_a_route_to_its_edge(api: httpx.Client, route: dict[str, Any]) -> None:
    api.patch(ROUTE, json={**route, "next_hops": [{"ip_address": "10.27.51.1", "scope": [UPLINKS[1]]}]})
    assert [[entry[0] for entry in table] for table in entries(api)] == [["t0c", "t0c"], ["t0s", "t0c", "t0c"]]


def test_unreachable_next_hop_is_not_in_the_table(api: httpx.Client, route: dict[str, Any]) -> None:
    api.patch(ROUTE, json={**route, "next_hops": [{"ip_address": "192.0.2.1"}]})
    assert all(entry[0] == "t0c" for table in entries(api) for entry in table)


def test_floating_route_is_not_forwarded(api: httpx.Client, route: dict[str, Any]) -> None:
    hops = [{"ip_address": f"10.27.51.{n}", "admin_distance": n} for n in (1, 2)]
    api.patch(ROUTE, json={**route, "next_hops": hops})
    assert [len(table) for table in entries(api)] == [4, 4]
    assert [[entry[2] for entry in table if entry[0] == "t0s"] for table in entries(api, "forwarding-table")] == [
        ["10.27.51.1"]
    ] * 2
    api.patch(ROUTE, json={**route, "next_hops": [{**hop, "admin_distance": 1} for hop in hops]})
    assert [len(table) for table in entries(api, "forwarding-table")] == [4, 4]


def test_table_shows_what_is_realized(lab: Lab, api: httpx.Client, route: dict[str, Any]) -> None:
    lab.control.realization(ROUTE, "hold")
    api.patch(ROUTE, json=route)
    assert [len(table) for table in entries(api)] == [2, 2]
    lab.control.realization(ROUTE, "REALIZED")
    assert [len(table) for table in entries(api)] == [3, 3]


def test_null_route(api: httpx.Client) -> None:
    api.patch(f"{T0}/static-routes/null", json={"network": "198.18.0.0/15", "next_hops": [{"admin_distance": 5}]})
    table = api.get(f"{T0}/routing-table").json()["results"][0]["route_entries"]
    assert [entry["network"] for entry in table if entry.get("black_hole")] == ["198.18.0.0/15"]


def test_advertised_nat_of_a_tier1(api: httpx.Client) -> None:
    cluster = "/infra/sites/default/enforcement-points/default/edge-clusters/ec-1"
    api.patch("/infra/tier-1s/domain-c8/locale-services/default", json={"edge_cluster_path": cluster})
    body = {"action": "SNAT", "source_network": "10.244.0.96/28", "translated_network": "30.0.0.5"}
    assert api.patch("/infra/tier-1s/domain-c8/nat/USER/nat-rules/egress", json=body).status_code == 200
    assert ("t1n", "30.0.0.5/32", "") in entries(api)[0]


def test_statistics_of_a_rule(lab: Lab, api: httpx.Client, rule: dict[str, Any]) -> None:
    path = f"{T0}/nat/USER/nat-rules/nat-vm-a"
    assert api.get(f"{path}/statistics").status_code == 404
    api.patch(path, json=rule)
    lab.report_nat(path, packets=3, octets=252)
    found = api.get(f"{path}/statistics").json()["results"][0]
    assert schema.problems("PolicyNatRuleStatisticsPerEnforcementPoint", found) == []
    assert (found["rule_statistics"][0]["total_packets"], found["rule_statistics"][0]["total_bytes"]) == (3, 252)
    assert "warning_message" not in found["rule_statistics"][0]
    api.patch(T0, json={"disable_firewall": True})
    assert "drop" in api.get(f"{path}/statistics").json()["results"][0]["rule_statistics"][0]["warning_message"]
    whole = api.get(f"{T0}/nat/statistics").json()["results"][0]
    assert schema.problems("PolicyNatRuleStatisticsPerLogicalRouter", whole) == []
    assert whole["statistics"]["total_packets"] == 3


@pytest.mark.parametrize("name", ["routing-table", "forwarding-table", "nat/statistics"])
def test_tables_of_a_gateway_that_is_not_there(api: httpx.Client, name: str) -> None:
    assert api.get(f"/infra/tier-0s/none/{name}").status_code == 404
