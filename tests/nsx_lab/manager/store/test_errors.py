"""Error answers in the form of captured ones."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from nsx_lab import Lab
from nsx_lab.manager.store import errors

RULE = "/infra/tier-0s/T0-wld01/nat/USER/nat-rules/nat-vm-a"


def test_missing_object_answers_404_600(api: httpx.Client) -> None:
    path = "/infra/sites/default/enforcement-points/alb-endpoint"
    answer = api.get(path)
    assert answer.status_code == 404
    assert answer.json() == {
        "httpStatus": "NOT_FOUND",
        "error_code": 600,
        "module_name": "common-services",
        "error_message": f"The requested object : {path} could not be found. Object identifiers are case sensitive.",
    }


@pytest.mark.parametrize("below", ["locale-services", "static-routes/default-route", "nat/USER/nat-rules/x"])
def test_missing_parent_answers_400_500012(api: httpx.Client, below: str) -> None:
    answer = api.get(f"/infra/tier-0s/None/{below}")
    assert answer.status_code == 400
    assert answer.json() == {
        "httpStatus": "BAD_REQUEST",
        "error_code": 500012,
        "module_name": "Policy",
        "error_message": "The path=[/infra/tier-0s/None] is invalid",
    }


def test_write_below_a_missing_parent_answers_400_500012(api: httpx.Client, rule: dict[str, Any]) -> None:
    assert (
        api.patch("/infra/tier-0s/None/nat/USER/nat-rules/a", json={**rule, "id": "a"}).json()["error_code"] == 500012
    )
    assert (
        api.patch("/infra/tier-0s/T0-wld01/nat/SYSTEM/nat-rules/a", json={**rule, "id": "a"}).json()["error_code"]
        == 500012
    )


def test_swapped_bfd_lookup_answers_404(lab: Lab, api: httpx.Client) -> None:
    path = "/infra/tier-0s/peer-1/static-routes/bfd-peers/T0-wld01"
    assert api.get(path).status_code == 404
    lab.world.manager.settings.strict_bfd_lookup = True
    assert api.get(path).json()["error_code"] == 500012


def test_delete_of_a_missing_object_answers_404(api: httpx.Client) -> None:
    assert api.delete(RULE).json()["error_code"] == 600


@pytest.mark.parametrize("body", ["{", "[]", "3", '"text"', "nul"])
def test_body_that_is_no_object_is_refused(api: httpx.Client, body: str) -> None:
    answer = api.patch(RULE, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("application/json")


def test_synthetic_codes_say_so() -> None:
    made_up = errors.refused(errors.CODE_ROUTER_MODE, "no")
    known = errors.invalid_path("/infra/x")
    assert "lab" in made_up.body["error_data"]
    assert "error_data" not in known.body


def test_bgp_neighbor_below_a_gateway_that_is_gone_answers_404(api: httpx.Client) -> None:
    neighbors = "/infra/tier-0s/gone/locale-services/default/bgp/neighbors"
    assert (api.get(f"{neighbors}/a").status_code, api.get(f"{neighbors}/a").json()["error_code"]) == (404, 600)
    assert api.get(neighbors).json()["error_code"] == 500012
