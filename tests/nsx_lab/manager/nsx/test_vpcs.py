"""Projects, VPCs and what connects them with a Tier-0, as NSX 9 names them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from nsx_lab import Lab
from nsx_lab.manager.http.client import ControlError
from nsx_lab.manager.nsx.profiles import PROFILES
from tests.nsx_lab.vpcs import PROFILE, PROJECT, VPC, objects

ClientOf = Callable[..., httpx.Client]
Json = dict[str, Any]


@pytest.fixture
def nine(seed_document: Json) -> Iterator[Lab]:
    with Lab(seed_document, profile="9.1") as lab:
        yield lab


def write(api: httpx.Client, written: dict[str, Json]) -> None:
    for path, body in written.items():
        answer = api.patch(path, json=body)
        assert answer.status_code == 200, answer.text


def rules(api: httpx.Client, section: str = "DEFAULT") -> list[tuple[str, str]]:
    found = api.get(f"{VPC}/nat/{section}/nat-rules").json()["results"]
    return [(one["source_network"], one["translated_network"]) for one in found]


def test_default_project_is_there(nine: Lab, client_of: ClientOf) -> None:
    api = client_of(nine)
    assert [one["id"] for one in api.get("/orgs").json()["results"]] == ["default"]
    assert [one["default"] for one in api.get("/orgs/default/projects").json()["results"]] == [True]
    default = "/orgs/default/projects/default"
    profile = api.get(f"{default}/vpc-connectivity-profiles/default").json()
    assert api.get(profile["transit_gateway_path"]).json()["is_default"]


def test_default_snat_of_a_vpc(nine: Lab, client_of: ClientOf) -> None:
    api = client_of(nine)
    write(api, objects())
    assert rules(api) == [("172.16.0.0/20", "30.2.0.1"), ("172.17.0.0/20", "30.2.0.1")]
    assert [one["id"] for one in api.get(f"{VPC}/nat").json()["results"]] == ["DEFAULT", "INTERNAL", "USER"]
    assert api.delete(f"{VPC}/nat/DEFAULT/nat-rules/default-snat-0").status_code == 400


def test_default_snat_takes_the_address_that_is_asked_for(nine: Lab, client_of: ClientOf) -> None:
    api = client_of(nine)
    write(api, objects(preferred_default_snat_ip="30.2.0.9"))
    assert {address for _, address in rules(api)} == {"30.2.0.9"}


def test_a_profile_without_default_snat_makes_no_rule(nine: Lab, client_of: ClientOf) -> None:
    api = client_of(nine)
    wanted = objects()
    wanted[PROFILE]["service_gateway"]["nat_config"]["enable_default_snat"] = False
    write(api, wanted)
    assert rules(api) == []


def test_a_vpc_has_rules_of_its_own_and_takes_them_along(nine: Lab, client_of: ClientOf) -> None:
    api = client_of(nine)
    write(api, objects())
    write(
        api,
        {
            f"{VPC}/nat/USER/nat-rules/one": {
                "action": "REFLEXIVE",
                "source_network": "172.16.0.5",
                "translated_network": "30.2.0.5",
            }
        },
    )
    assert rules(api, "USER") == [("172.16.0.5", "30.2.0.5")]
    assert api.get(f"{VPC}/nat/USER/nat-rules/one").json()["resource_type"] == "PolicyVpcNatRule"
    assert api.delete(f"{VPC}/subnets/web").status_code == 200
    assert api.delete(VPC).status_code == 200
    assert api.get(f"{VPC}/attachments/default").status_code in (400, 404)


def test_usage_of_ip_blocks(nine: Lab, client_of: ClientOf, seed_document: Json) -> None:
    api = client_of(nine)
    write(api, objects())
    (told,) = api.get("/infra/ip-blocks/usage").json()["results"]
    counts = [told[f"{name}_ips_count"] for name in ("overall", "used", "available")]
    assert (told["intent_path"], counts) == ("/infra/ip-blocks/external", ["256", "17", "239"])
    with Lab(seed_document, profile="4.2") as older:
        assert client_of(older).get("/infra/ip-blocks/usage").status_code == 404


def test_search_finds_vpcs_by_type(nine: Lab, client_of: ClientOf) -> None:
    api = client_of(nine)
    write(api, objects())
    query = "resource_type:(Vpc OR VpcAttachment OR PolicyVpcNatRule OR GatewayConnection) AND marked_for_delete:false"
    found = [one["path"] for one in api.get("/search/query", params={"query": query}).json()["results"]]
    assert {VPC, f"{VPC}/attachments/default", "/infra/gateway-connections/t0"} < set(found)
    assert len(found) == 5


def test_what_is_referred_to_must_be_there(nine: Lab, client_of: ClientOf) -> None:
    api = client_of(nine)
    answer = api.patch(PROJECT, json={})
    answer = api.patch(f"{PROJECT}/vpcs/shop", json={})
    answer = api.patch(f"{VPC}/attachments/default", json={"vpc_connectivity_profile": PROFILE})
    assert (answer.status_code, answer.json()["error_code"]) == (400, 500012)
    assert PROFILE in answer.json()["error_message"]


def test_older_profiles_have_no_projects(seed_document: Json, client_of: ClientOf) -> None:
    for name in PROFILES:
        with Lab(seed_document, profile=name) as lab:
            api = client_of(lab)
            status = {path: api.get(path).status_code for path in ("/orgs", VPC, "/infra/gateway-connections")}
            assert set(status.values()) <= ({200, 400} if name == "9.1" else {404}), (name, status)


def _tree() -> Json:
    """The same as `objects` as a tree below OrgRoot, and what stands below /infra."""
    vpc = {"id": "shop", "private_ips": ["172.16.0.0/20"], "children": [
        {"resource_type": "ChildVpcAttachment", "VpcAttachment": {"id": "default", "vpc_connectivity_profile": PROFILE}},
    ]}  # fmt: skip
    project = {"id": "dev", "children": [
        {"resource_type": "ChildTransitGateway", "TransitGateway": {"id": "tgw"}},
        {"resource_type": "ChildVpcConnectivityProfile", "VpcConnectivityProfile": {"id": "out", **objects()[PROFILE]}},
        {"resource_type": "ChildVpc", "Vpc": vpc},
    ]}  # fmt: skip
    org = {"id": "default", "children": [{"resource_type": "ChildProject", "Project": project}]}
    return {"resource_type": "OrgRoot", "children": [{"resource_type": "ChildOrg", "Org": org}]}


def test_a_tree_below_the_org_root_is_taken_whole_or_not_at_all(
    nine: Lab, client_of: ClientOf, seed_document: Json
) -> None:
    api = client_of(nine)
    answer = api.patch("/org-root", json=_tree())
    assert (answer.status_code, answer.json()["error_code"]) == (400, 500012), "its block is missing"
    assert api.get(VPC).status_code in (400, 404)
    assert api.patch("/infra/ip-blocks/external", json={"cidrs": ["30.2.0.0/24"]}).status_code == 200
    assert api.patch("/org-root", json=_tree()).status_code == 200
    assert rules(api) == [("172.16.0.0/20", "30.2.0.1")]
    assert (
        api.patch("/org-root", json={"children": [{"resource_type": "ChildTier0", "Tier0": {"id": "x"}}]}).status_code
        == 501
    )
    with Lab(seed_document, profile="4.2") as older:
        assert client_of(older).patch("/org-root", json=_tree()).status_code == 404


def _seed(document: Json) -> Json:
    block = {"id": "external", "cidrs": ["30.2.0.0/24"]}
    infra = {**document["infra"], "children": [
        *document["infra"]["children"], {"resource_type": "ChildIpAddressBlock", "IpAddressBlock": block},
    ]}  # fmt: skip
    return {**document, "infra": infra, "org_root": _tree()}


def test_a_seed_holds_vpcs(seed_document: Json, client_of: ClientOf) -> None:
    with Lab(_seed(seed_document), profile="9.1") as lab:
        assert rules(client_of(lab)) == [("172.16.0.0/20", "30.2.0.1")]
        assert lab.control.snapshot()["objects"]
        again = lab.control.snapshot()
    with Lab(profile="9.1") as other:
        other.control.restore(again)
        assert rules(client_of(other)) == [("172.16.0.0/20", "30.2.0.1")]


def test_a_seed_with_vpcs_wants_a_profile_that_has_them(seed_document: Json) -> None:
    with pytest.raises(ValueError, match="/orgs/default"), Lab(_seed(seed_document), profile="4.2"):
        pass
    with pytest.raises(ValueError, match='"org_root" is'), Lab({**seed_document, "org_root": []}, profile="9.1"):
        pass


def test_control_errors_are_told_for_a_seed_of_vpcs(nine: Lab, seed_document: Json) -> None:
    wrong = _seed(seed_document)
    wrong["org_root"]["resource_type"] = "Infra"
    with pytest.raises(ControlError, match="OrgRoot is expected"):
        nine.control.seed(wrong)
