"""Life of objects: create, read, change, delete, and the fields the manager adds."""

from __future__ import annotations

from typing import Any

import httpx

RULE = "/infra/tier-0s/T0-wld01/nat/USER/nat-rules/nat-vm-a"
ROUTE = "/infra/tier-0s/T0-wld01/static-routes/default-route"


def test_life_of_a_rule(api: httpx.Client, rule: dict[str, Any]) -> None:
    assert api.get(RULE).status_code == 404
    created = api.patch(RULE, json=rule)
    assert (created.status_code, created.content) == (200, b"")
    assert rule.items() <= api.get(RULE).json().items()
    gone = api.request("DELETE", RULE, json={})
    assert (gone.status_code, gone.content) == (200, b"")
    assert api.get(RULE).status_code == 404


def test_envelope_of_a_new_rule(api: httpx.Client, rule: dict[str, Any]) -> None:
    api.patch(RULE, json=rule)
    got = api.get(RULE).json()
    expected = {
        "resource_type": "PolicyNatRule",
        "path": RULE,
        "parent_path": "/infra/tier-0s/T0-wld01/nat/USER",
        "relative_path": "nat-vm-a",
        "remote_path": "",
        "marked_for_delete": False,
        "overridden": False,
        "_system_owned": False,
        "_protection": "NOT_PROTECTED",
        "_create_user": "admin",
        "_last_modified_user": "admin",
        "_revision": 0,
    }
    assert expected.items() <= got.items()
    assert got["_create_time"] > 1_700_000_000_000
    assert got["unique_id"] == got["realization_id"]


def test_patch_replaces_user_fields_and_bumps_the_revision(api: httpx.Client, rule: dict[str, Any]) -> None:
    api.patch(RULE, json=rule)
    before = api.get(RULE).json()
    api.patch(RULE, json={"action": "REFLEXIVE", "source_network": "30.0.0.6", "translated_network": "10.27.51.146"})
    after = api.get(RULE).json()
    assert after["source_network"] == "30.0.0.6"
    assert "tags" not in after
    assert after["firewall_match"] == "MATCH_INTERNAL_ADDRESS"
    assert after["display_name"] == "nat-vm-a"
    assert after["_revision"] == before["_revision"] + 1
    assert after["unique_id"] == before["unique_id"]
    assert after["_create_time"] == before["_create_time"]


def test_partial_patch_merges_and_replaces_lists(api: httpx.Client, rule: dict[str, Any]) -> None:
    api.patch(RULE, json=rule)
    body = {"enabled": False, "tags": [{"scope": "a", "tag": "b"}]}
    api.patch(RULE, json=body, headers={"nsx-enable-partial-patch": "true"})
    got = api.get(RULE).json()
    assert (got["source_network"], got["enabled"], got["tags"]) == ("30.0.0.5", False, [{"scope": "a", "tag": "b"}])


def test_partial_patch_can_be_switched_on_for_all(api: httpx.Client, rule: dict[str, Any]) -> None:
    assert api.get("/system-config/nsx-partial-patch-config").json() == {"enable_partial_patch": False}
    api.patch("/system-config/nsx-partial-patch-config", json={"enable_partial_patch": True})
    api.patch(RULE, json=rule)
    api.patch(RULE, json={"logging": True})
    assert api.get(RULE).json()["source_network"] == "30.0.0.5"


def test_client_cannot_set_the_fields_of_the_manager(api: httpx.Client, rule: dict[str, Any]) -> None:
    api.patch(
        RULE, json={**rule, "_revision": 41, "path": "/infra/elsewhere", "_create_user": "mallory", "unique_id": "x"}
    )
    got = api.get(RULE).json()
    assert (got["_revision"], got["path"], got["_create_user"]) == (0, RULE, "admin")
    assert got["unique_id"] != "x"


def test_put_creates_and_replaces_with_the_revision(api: httpx.Client, rule: dict[str, Any]) -> None:
    created = api.put(RULE, json=rule)
    assert (created.status_code, created.json()["_revision"]) == (200, 0)
    replaced = api.put(RULE, json={**rule, "logging": True, "_revision": 0})
    assert (replaced.json()["_revision"], replaced.json()["logging"]) == (1, True)


def test_put_with_a_stale_revision_answers_412(api: httpx.Client, rule: dict[str, Any]) -> None:
    api.put(RULE, json=rule)
    api.patch(RULE, json=rule)
    stale = api.put(RULE, json={**rule, "_revision": 0})
    assert stale.status_code == 412
    assert "Fetch the latest copy of the object and retry" in stale.json()["error_message"]
    assert api.put(RULE, json=rule).status_code == 412
    assert api.get(RULE).json()["_revision"] == 1


def test_default_objects_are_there(api: httpx.Client) -> None:
    for path in (
        "/infra/sites/default/enforcement-points/default",
        "/infra/bfd-profiles/default",
        "/infra/ipv6-ndra-profiles/default",
        "/infra/domains/default",
    ):
        assert api.get(path).json()["_system_owned"] is True


def test_edge_clusters_that_the_seed_names_are_there(api: httpx.Client) -> None:
    clusters = api.get("/infra/sites/default/enforcement-points/default/edge-clusters").json()
    assert [cluster["id"] for cluster in clusters["results"]] == ["ec-1"]
    nodes = api.get(clusters["results"][0]["path"] + "/edge-nodes").json()
    assert [(node["id"], node["member_index"]) for node in nodes["results"]] == [("edge01", 0), ("edge02", 1)]


def test_gateway_has_four_nat_sections(api: httpx.Client) -> None:
    sections = api.get("/infra/tier-0s/T0-wld01/nat").json()["results"]
    assert {section["nat_type"] for section in sections} == {"INTERNAL", "USER", "DEFAULT", "NAT64"}


def test_locale_service_of_a_tier0_has_a_bgp_configuration(api: httpx.Client) -> None:
    bgp = "/infra/tier-0s/T0-wld01/locale-services/default/bgp"
    got = api.get(bgp).json()
    assert (got["resource_type"], got["id"], got["path"], got["_revision"]) == ("BgpRoutingConfig", "bgp", bgp, 0)
    first = {"enabled": True, "ecmp": True, "multipath_relax": True, "inter_sr_ibgp": True, "local_as_num": "65000"}
    assert first.items() <= got.items()
    entities = api.get("/infra/realized-state/realized-entities", params={"intent_path": bgp}).json()
    assert [entity["state"] for entity in entities["results"]] == ["REALIZED"]
    neighbor = {"neighbor_address": "10.27.51.1", "remote_as_num": "65001"}
    assert api.patch(bgp, json={"local_as_num": "65000", "enabled": True}).status_code == 200
    assert api.patch(f"{bgp}/neighbors/a", json=neighbor).status_code == 200
    assert [found["id"] for found in api.get(f"{bgp}/neighbors").json()["results"]] == ["a"]
    assert (api.get(bgp).json()["local_as_num"], api.get(f"{bgp}/elsewhere").status_code) == ("65000", 404)


def test_bgp_configuration_of_an_active_standby_tier0_begins_empty(api: httpx.Client) -> None:
    api.patch("/infra/tier-0s/standby", json={"ha_mode": "ACTIVE_STANDBY"})
    api.patch("/infra/tier-0s/standby/locale-services/default", json={})
    got = api.get("/infra/tier-0s/standby/locale-services/default/bgp").json()
    assert {"enabled", "local_as_num", "ecmp", "inter_sr_ibgp"} & set(got) == set()


def test_locale_service_of_a_tier1_has_no_bgp_configuration(api: httpx.Client) -> None:
    services = "/infra/tier-1s/domain-c8/locale-services/default"
    assert api.patch(services, json={}).status_code == 200
    assert api.get(f"{services}/bgp").status_code == 404


def test_segment_has_empty_lists_of_ports_and_bindings(api: httpx.Client) -> None:
    zone = "/infra/sites/default/enforcement-points/default/transport-zones/vlan"
    segment = "/infra/segments/uplink"
    assert api.patch(segment, json={"vlan_ids": ["12"], "transport_zone_path": zone}).status_code == 200
    maps = ("connection", "discovery-profile", "monitoring-profile", "qos-profile", "security-profile")
    for name in ("ports", *(f"segment-{kind}-binding-maps" for kind in maps)):
        answer = api.get(f"{segment}/{name}")
        assert (answer.status_code, answer.json()["results"], answer.json()["result_count"]) == (200, [], 0), name


def test_segment_takes_its_bindings_along_and_is_kept_by_ports(api: httpx.Client) -> None:
    segment = "/infra/segments/s"
    binding = {"qos_profile_path": "/infra/qos-profiles/default-segment-qos-profile"}
    children = [
        {"resource_type": "ChildSegmentPort", "SegmentPort": {"id": "p", "attachment": {"id": "vif-1"}}},
        {
            "resource_type": "ChildSegmentQosProfileBindingMap",
            "SegmentQosProfileBindingMap": {"id": "default", **binding},
        },
    ]
    tree = {"resource_type": "ChildSegment", "Segment": {"id": "s", "children": children}}
    assert api.patch("/infra", json={"resource_type": "Infra", "children": [tree]}).status_code == 200
    assert api.get(f"{segment}/ports/p").json()["attachment"] == {"id": "vif-1"}
    assert api.get(f"{segment}/segment-qos-profile-binding-maps").json()["result_count"] == 1
    assert api.delete(segment).json()["error_code"] == 500030
    assert api.delete(f"{segment}/ports/p").status_code == 200
    assert api.delete(segment).status_code == 200
    assert api.get(segment).status_code == 404


def test_bfd_peers_live_beside_static_routes(api: httpx.Client, route: dict[str, Any]) -> None:
    peer = "/infra/tier-0s/T0-wld01/static-routes/bfd-peers/peer-1"
    body = {"bfd_profile_path": "/infra/bfd-profiles/default", "peer_address": "10.27.51.1", "enabled": True}
    api.patch(ROUTE, json=route)
    assert api.patch(peer, json=body).status_code == 200
    got = api.get(peer).json()
    assert (got["resource_type"], got["parent_path"]) == ("StaticRouteBfdPeer", "/infra/tier-0s/T0-wld01")
    assert [r["id"] for r in api.get("/infra/tier-0s/T0-wld01/static-routes").json()["results"]] == ["default-route"]
    assert [p["id"] for p in api.get("/infra/tier-0s/T0-wld01/static-routes/bfd-peers").json()["results"]] == ["peer-1"]


def test_order_of_next_hops_and_networks_survives(api: httpx.Client, route: dict[str, Any]) -> None:
    hops = [{"admin_distance": 2, "ip_address": "10.27.51.3"}, {"admin_distance": 1, "ip_address": "10.27.51.1"}]
    api.patch(ROUTE, json={**route, "next_hops": hops})
    assert api.get(ROUTE).json()["next_hops"] == hops
