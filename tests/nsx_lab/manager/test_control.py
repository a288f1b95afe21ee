"""The control plane: its token, and what it can do."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from nsx_lab import Lab
from nsx_lab.manager.client import Control, ControlError

ClientOf = Callable[..., httpx.Client]
RULE = "/infra/tier-0s/T0-wld01/nat/USER/nat-rules/nat-vm-a"


def test_policy_credentials_do_not_open_the_control_plane(lab: Lab, client_of: ClientOf) -> None:
    client = client_of(lab, base="")
    for path in ("/_lab/health", "/_lab/journal", "/_lab/objects"):
        assert client.get(path).status_code == 401
    assert client.post("/_lab/reset").status_code == 401


def test_control_token_does_not_open_the_policy_api(lab: Lab, client_of: ClientOf) -> None:
    client = client_of(lab, auth=None)
    headers = {"Authorization": f"Bearer {lab.control_token}"}
    assert client.get("/infra/tier-0s", headers=headers).status_code == 403


def test_wrong_control_token_is_refused(lab: Lab) -> None:
    with pytest.raises(ControlError, match="control token"):
        Control(lab.host, lab.ca_pem, "wrong").health()


def test_reset_goes_back_to_the_seed(lab: Lab, api: httpx.Client, rule: dict[str, Any]) -> None:
    api.patch(RULE, json=rule)
    api.patch("/infra/tier-0s/other", json={})
    lab.control.reset()
    assert api.get(RULE).status_code == 404
    assert [t0["id"] for t0 in api.get("/infra/tier-0s").json()["results"]] == ["T0-wld01"]
    assert api.get("/infra/realized-state/realized-entities", params={"intent_path": RULE}).json()["results"] == []


def test_seed_adds_to_what_is_there(lab: Lab, api: httpx.Client) -> None:
    tree = {"resource_type": "Infra", "children": [{"resource_type": "ChildTier0", "Tier0": {"id": "second"}}]}
    lab.control.seed({"format": "nsx-lab-seed", "version": 1, "infra": tree})
    assert {t0["id"] for t0 in api.get("/infra/tier-0s").json()["results"]} == {"T0-wld01", "second"}


@pytest.mark.parametrize(
    "document, words",
    [
        ({}, '"format": "nsx-lab-seed"'),
        ({"format": "nsx-lab-seed", "version": 2, "infra": {}}, "version 2 is not known"),
        ({"format": "nsx-lab-seed", "version": 1}, '"infra" is missing'),
    ],
)
def test_unknown_seed_is_refused(lab: Lab, document: dict[str, Any], words: str) -> None:
    with pytest.raises(ControlError, match=words):
        lab.control.seed(document)


def test_objects_can_be_looked_up_by_type_and_place(lab: Lab) -> None:
    uplinks = lab.control.objects(below="/infra/tier-0s/T0-wld01/", type="Tier0Interface")
    assert {obj["id"] for obj in uplinks.values()} == {"edge01-uplink1", "edge02-uplink1", "services"}


def test_users_and_certificates_by_the_control_plane(lab: Lab, client_of: ClientOf, tmp_path: Path) -> None:
    lab.control.add_user("eve", "looking only", "auditor")
    assert client_of(lab, auth=("eve", "looking only")).delete("/infra/tier-1s/domain-c8").status_code == 403
    file = tmp_path / "eve.pem"
    file.write_text("".join(lab.control.client_certificate("eve")))
    context = ssl.create_default_context(cadata=lab.ca_pem)
    context.load_cert_chain(file)
    with httpx.Client(base_url=lab.url, verify=context, trust_env=False) as eve:
        assert eve.get("/policy/api/v1/infra/tier-0s").status_code == 200
    for action, words in (
        (lambda: lab.control.add_user("x", "y", "king"), "allowed are enterprise_admin"),
        (lambda: lab.control.client_certificate("nobody"), "known are admin, eve"),
        (lambda: lab.control.ask("POST", "/users", {"name": "x"}), "password is missing"),
    ):
        with pytest.raises(ControlError, match=words):
            action()
