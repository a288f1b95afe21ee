"""Objects that hold each other."""

from __future__ import annotations

from typing import Any

import httpx

T0 = "/infra/tier-0s/T0-wld01"
UPLINK = f"{T0}/locale-services/default/interfaces/edge01-uplink1"


def test_delete_of_a_referenced_object_is_refused(api: httpx.Client, rule: dict[str, Any]) -> None:
    api.patch(f"{T0}/nat/USER/nat-rules/a", json={**rule, "id": "a", "scope": [UPLINK]})
    answer = api.delete(UPLINK)
    assert answer.status_code == 400
    assert answer.json()["error_code"] == 500030
    assert f"{T0}/nat/USER/nat-rules/a" in answer.json()["error_message"]
    api.delete(f"{T0}/nat/USER/nat-rules/a")
    assert api.delete(UPLINK).status_code == 200


def test_dropping_the_reference_frees_the_object(api: httpx.Client, rule: dict[str, Any]) -> None:
    api.patch(f"{T0}/nat/USER/nat-rules/a", json={**rule, "id": "a", "scope": [UPLINK]})
    api.patch(f"{T0}/nat/USER/nat-rules/a", json={**rule, "id": "a"})
    assert api.delete(UPLINK).status_code == 200


def test_gateway_with_rules_cannot_be_deleted(api: httpx.Client, rule: dict[str, Any]) -> None:
    api.patch("/infra/tier-0s/spare", json={"display_name": "spare"})
    api.patch("/infra/tier-0s/spare/nat/USER/nat-rules/a", json={**rule, "id": "a"})
    assert api.delete("/infra/tier-0s/spare").json()["error_code"] == 500030
    api.delete("/infra/tier-0s/spare/nat/USER/nat-rules/a")
    assert api.delete("/infra/tier-0s/spare").status_code == 200
    assert api.get("/infra/tier-0s/spare/nat").json()["error_code"] == 500012


def test_gateway_with_tier1s_cannot_be_deleted(api: httpx.Client) -> None:
    api.patch("/infra/tier-0s/spare", json={})
    api.patch("/infra/tier-1s/leaf", json={"tier0_path": "/infra/tier-0s/spare"})
    assert "/infra/tier-1s/leaf" in api.delete("/infra/tier-0s/spare").json()["error_message"]


def test_reference_to_nothing_is_refused(api: httpx.Client, rule: dict[str, Any]) -> None:
    answer = api.patch(f"{T0}/nat/USER/nat-rules/a", json={**rule, "id": "a", "scope": [f"{UPLINK}-x"]})
    assert answer.json()["error_code"] == 500012
    assert answer.json()["error_message"] == f"The path=[{UPLINK}-x] is invalid"
    assert api.get(f"{T0}/nat/USER/nat-rules/a").status_code == 404


def test_objects_of_the_system_stay(api: httpx.Client) -> None:
    assert api.delete("/infra/bfd-profiles/default").json()["error_code"] == 500030
