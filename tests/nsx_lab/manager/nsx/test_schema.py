"""Bodies against the schema, requests and answers alike."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from nsx_lab.manager.nsx import schema
from nsx_lab.manager.store.kinds import KINDS

T0 = "/infra/tier-0s/T0-wld01"
RULE = f"{T0}/nat/USER/nat-rules/a"
ROUTE = f"{T0}/static-routes/a"


def test_unknown_property_answers_287(api: httpx.Client, rule: dict[str, Any]) -> None:
    answer = api.patch(RULE, json={**rule, "id": "a", "bogus": 1})
    assert answer.status_code == 400
    assert answer.json()["error_code"] == 287
    assert answer.json()["error_message"] == "Json de-serialization error: property bogus is unrecognized."
    assert api.get(RULE).status_code == 404


@pytest.mark.parametrize(
    "path, body",
    [
        (RULE, {"action": "SNATT"}),
        (RULE, {"source_network": "30.0.0.5"}),
        (RULE, {"action": "REFLEXIVE", "sequence_number": "10"}),
        (RULE, {"action": "REFLEXIVE", "enabled": "yes"}),
        (RULE, {"action": "REFLEXIVE", "tags": [{"scope": "x" * 129, "tag": ""}]}),
        (RULE, {"action": "REFLEXIVE", "tags": [{"scope": "x", "tag": "y" * 257}]}),
        (RULE, {"action": "REFLEXIVE", "display_name": "x" * 256}),
        (RULE, {"action": "REFLEXIVE", "resource_type": "StaticRoutes"}),
        (RULE, {"action": "REFLEXIVE", "id": "another"}),
        (ROUTE, {"network": "0.0.0.0/0"}),
        (ROUTE, {"network": "0.0.0.0/0", "next_hops": []}),
        (ROUTE, {"network": "0.0.0.0/0", "next_hops": [{"ip_address": "10.27.51.1", "admin_distance": 300}]}),
        (ROUTE, {"network": "0.0.0.0/0", "next_hops": [{"ip_address": "10.27.51.1", "scope": []}]}),
        (T0, {"ha_mode": "ACTIVE"}),
    ],
)
def test_wrong_bodies_are_refused(api: httpx.Client, path: str, body: dict[str, Any]) -> None:
    answer = api.patch(path, json=body)
    assert answer.status_code == 400
    assert answer.json()["error_code"] > 990000


def test_null_is_as_good_as_nothing(api: httpx.Client, rule: dict[str, Any]) -> None:
    assert api.patch(RULE, json={**rule, "id": "a", "destination_network": None}).status_code == 200
    assert "destination_network" not in api.get(RULE).json()


def test_read_only_fields_may_come_back(api: httpx.Client, rule: dict[str, Any]) -> None:
    api.patch(RULE, json={**rule, "id": "a"})
    assert api.put(RULE, json=api.get(RULE).json()).status_code == 200


def test_every_kind_is_in_the_schema() -> None:
    known = set(schema.types())
    for kind in KINDS:
        assert set(kind.variants or (kind.resource_type,)) <= known


def test_every_stored_object_fits_its_type(
    api: httpx.Client, lab: Any, rule: dict[str, Any], route: dict[str, Any]
) -> None:
    api.patch(RULE, json={**rule, "id": "a"})
    api.patch(ROUTE, json={**route, "id": "a"})
    for obj in lab.control.objects().values():
        assert schema.problems(obj["resource_type"], obj) == [], obj["path"]


def test_other_answers_fit_their_types(api: httpx.Client, lab: Any, rule: dict[str, Any]) -> None:
    api.patch(RULE, json={**rule, "id": "a"})
    lab.control.realization(RULE, "ERROR", "boom")
    entity = api.get("/infra/realized-state/realized-entities", params={"intent_path": RULE}).json()["results"][0]
    assert schema.problems("GenericPolicyRealizedResource", entity) == []
    assert schema.problems("PolicyAlarmResource", entity["alarms"][0]) == []
    status = api.get("/infra/realized-state/status", params={"intent_path": RULE}).json()
    assert schema.problems("ConsolidatedRealizedStatus", status) == []


def test_schema_says_where_it_comes_from() -> None:
    data = Path(schema.__file__).parent / "data"
    provenance = json.loads((data / "nsx-policy.schema.json").read_text())["x-provenance"]
    assert provenance["package"] == "vcf-nsx"
    head = (data / "nsx-routes.txt").read_text().splitlines()[:6]
    for key, value in provenance.items():
        assert f"# {key}: {value}" in head


def test_fields_of_what_extends_an_abstract_type_are_taken(api: httpx.Client) -> None:
    dhcp = {"resource_type": "SegmentDhcpV4Config", "server_address": "172.16.9.2/24", "options": {"others": []}}
    segment = {"subnets": [{"gateway_address": "172.16.9.1/24", "dhcp_config": dhcp}]}
    assert api.patch("/infra/segments/s", json=segment).status_code == 200
    assert api.get("/infra/segments/s").json()["subnets"][0]["dhcp_config"] == dhcp
    segment["subnets"][0]["gateway"] = "172.16.9.1"
    assert api.patch("/infra/segments/s", json=segment).json()["error_code"] == 287
