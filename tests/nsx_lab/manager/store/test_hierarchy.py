"""PATCH /infra: trees."""

from __future__ import annotations

from typing import Any

import httpx

CLUSTER = "/infra/sites/default/enforcement-points/default/edge-clusters/ec-1"


def tree(*children: dict[str, Any]) -> dict[str, Any]:
    return {"resource_type": "Infra", "children": list(children)}


def tier0(ident: str, *children: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "resource_type": "ChildTier0",
        "Tier0": {"resource_type": "Tier0", "id": ident, "children": list(children), **fields},
    }


def locale_services(**fields: Any) -> dict[str, Any]:
    body = {"resource_type": "LocaleServices", "id": "default", **fields}
    return {"resource_type": "ChildLocaleServices", "marked_for_delete": False, "LocaleServices": body}


def test_gateway_as_the_provider_creates_it(api: httpx.Client) -> None:
    body = tree(
        tier0("new", locale_services(edge_cluster_path=CLUSTER), ha_mode="ACTIVE_STANDBY", disable_firewall=False)
    )
    assert api.patch("/infra?enforce_revision_check=false", json=body).status_code == 200
    got = api.get("/infra/tier-0s/new").json()
    assert (got["ha_mode"], got["disable_firewall"], "children" in got) == ("ACTIVE_STANDBY", False, False)
    assert got["internal_transit_subnets"] == ["169.254.0.0/28"]
    assert api.get("/infra/tier-0s/new/locale-services/default").json()["edge_cluster_path"] == CLUSTER


def test_gateway_as_the_provider_deletes_it(api: httpx.Client) -> None:
    api.patch("/infra", json=tree(tier0("new", locale_services(edge_cluster_path=CLUSTER))))
    gone = {"resource_type": "ChildTier0", "marked_for_delete": True, "Tier0": {"resource_type": "Tier0", "id": "new"}}
    assert api.patch("/infra?enforce_revision_check=false", json=tree(gone)).status_code == 200
    assert api.get("/infra/tier-0s/new").status_code == 404


def test_tree_is_taken_whole_or_not_at_all(api: httpx.Client) -> None:
    bad = tier0("second", locale_services(edge_cluster_path=f"{CLUSTER}-missing"))
    answer = api.patch("/infra", json=tree(tier0("first"), bad))
    assert answer.json()["error_code"] == 500012
    assert api.get("/infra/tier-0s/first").status_code == 404


def test_revision_is_enforced_when_asked_for(api: httpx.Client) -> None:
    revision = api.get("/infra/tier-0s/T0-wld01").json()["_revision"]
    stale = api.patch(
        "/infra?enforce_revision_check=true", json=tree(tier0("T0-wld01", _revision=revision + 1, description="x"))
    )
    assert stale.status_code == 412
    right = api.patch(
        "/infra?enforce_revision_check=true", json=tree(tier0("T0-wld01", _revision=revision, description="x"))
    )
    assert right.status_code == 200
    assert api.get("/infra/tier-0s/T0-wld01").json()["description"] == "x"


def test_parent_that_only_leads_to_children_is_not_touched(api: httpx.Client) -> None:
    before = api.get("/infra/tier-0s/T0-wld01").json()
    rule = {"id": "a", "action": "REFLEXIVE", "source_network": "30.0.0.5", "translated_network": "10.27.51.145"}
    section = {
        "resource_type": "ChildPolicyNat",
        "PolicyNat": {"id": "USER", "children": [{"resource_type": "ChildPolicyNatRule", "PolicyNatRule": rule}]},
    }
    assert api.patch("/infra", json=tree(tier0("T0-wld01", section))).status_code == 200
    assert api.get("/infra/tier-0s/T0-wld01/nat/USER/nat-rules/a").status_code == 200
    assert api.get("/infra/tier-0s/T0-wld01").json() == before


def test_bfd_peers_have_a_wrapper_of_their_own(api: httpx.Client) -> None:
    peer = {"id": "p", "peer_address": "10.27.51.1", "bfd_profile_path": "/infra/bfd-profiles/default"}
    body = tree(tier0("T0-wld01", {"resource_type": "ChildStaticRouteBfdPeer", "BfdPeer": peer}))
    assert api.patch("/infra", json=body).status_code == 200
    assert api.get("/infra/tier-0s/T0-wld01/static-routes/bfd-peers/p").status_code == 200


def test_wrapper_that_the_lab_does_not_know_answers_501(api: httpx.Client) -> None:
    answer = api.patch("/infra", json=tree({"resource_type": "ChildIPSecVpnService", "IPSecVpnService": {"id": "x"}}))
    assert answer.status_code == 501
    assert "ChildIPSecVpnService" in answer.json()["error_message"]


def test_malformed_trees_are_refused(api: httpx.Client) -> None:
    trees: list[Any] = [[{"resource_type": "ChildTier0"}], [{"resource_type": "ChildTier0", "Tier0": {}}], ["x"], {}]
    for children in trees:
        answer = api.patch("/infra", json={"resource_type": "Infra", "children": children or "x"})
        assert answer.status_code == 400


def test_configuration_reads_back_as_a_tree(api: httpx.Client) -> None:
    got = api.get("/infra", params={"filter": "Type-Tier0Interface"}).json()
    gateways = [child["Tier0"] for child in got["children"] if child["resource_type"] == "ChildTier0"]
    assert [gateway["id"] for gateway in gateways] == ["T0-wld01"]
    services = gateways[0]["children"]
    assert [child["resource_type"] for child in services] == ["ChildLocaleServices"]
    assert len(services[0]["LocaleServices"]["children"]) == 3


def test_reference_leads_to_children_without_writing(api: httpx.Client) -> None:
    segment = {
        "resource_type": "ChildSegment",
        "Segment": {"id": "s", "subnets": [{"gateway_address": "172.16.9.1/24"}]},
    }
    reference = {"resource_type": "ChildResourceReference", "target_type": "Tier1", "children": [segment]}
    before = api.get("/infra/tier-1s/domain-c8").json()
    assert api.patch("/infra", json=tree({**reference, "id": "domain-c8"})).status_code == 200
    assert api.get("/infra/tier-1s/domain-c8/segments/s").status_code == 200
    assert api.get("/infra/tier-1s/domain-c8").json() == before
    lost = api.patch("/infra", json=tree({**reference, "id": "nobody"}))
    assert (lost.status_code, lost.json()["error_code"]) == (400, 500012)
    assert api.patch("/infra", json=tree({**reference, "id": "a/b"})).status_code == 400
    unknown = api.patch("/infra", json=tree({**reference, "id": "x", "target_type": "Nonsense"}))
    assert (unknown.status_code, "Nonsense" in unknown.json()["error_message"]) == (501, True)
