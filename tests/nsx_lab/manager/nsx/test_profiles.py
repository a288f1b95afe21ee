"""Version profiles and settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from nsx_lab import Lab
from nsx_lab.manager.http.client import ControlError
from nsx_lab.manager.nsx.profiles import PROFILES

ClientOf = Callable[..., httpx.Client]
CLUSTER = "/infra/sites/default/enforcement-points/default/edge-clusters/ec-1"


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_version_is_that_of_the_profile(name: str, client_of: ClientOf) -> None:
    with Lab(profile=name) as lab:
        version = client_of(lab, base="").get("/api/v1/node/version").json()
        assert version["product_version"].startswith(f"{name}.")
        assert set(version) == {"node_version", "product_version"}


def test_network_spans_exist_on_9_1_only(client_of: ClientOf) -> None:
    found = {}
    for name in PROFILES:
        with Lab(profile=name) as lab:
            found[name] = client_of(lab).get("/infra/network-spans")
    assert {name: answer.status_code for name, answer in found.items()} == {"3.2": 404, "4.2": 404, "9.1": 200}
    spans = found["9.1"].json()
    assert (spans["result_count"], spans["results"][0]["is_default"]) == (1, True)


def test_vpn_mode_is_unknown_to_3_2(seed_document: dict[str, Any], client_of: ClientOf) -> None:
    codes = {}
    body = {
        "action": "REFLEXIVE",
        "source_network": "30.0.0.5",
        "translated_network": "10.27.51.145",
        "policy_based_vpn_mode": "BYPASS",
    }
    for name in PROFILES:
        with Lab(seed_document, profile=name) as lab:
            codes[name] = client_of(lab).patch("/infra/tier-0s/T0-wld01/nat/USER/nat-rules/a", json=body).status_code
    assert codes == {"3.2": 400, "4.2": 200, "9.1": 200}


def test_echo_of_an_unset_destination(lab: Lab, api: httpx.Client) -> None:
    api.patch("/infra/tier-0s/sb", json={"ha_mode": "ACTIVE_STANDBY"})
    api.patch("/infra/tier-0s/sb/locale-services/default", json={"edge_cluster_path": CLUSTER})
    path = "/infra/tier-0s/sb/nat/USER/nat-rules/a"
    api.patch(path, json={"action": "SNAT", "source_network": "30.0.0.5", "translated_network": "10.27.51.145"})
    assert "destination_network" not in api.get(path).json()
    lab.control.settings(echo_any=True)
    assert api.get(path).json()["destination_network"] == "0.0.0.0/0"
    reflexive = "/infra/tier-0s/sb/nat/USER/nat-rules/b"
    api.patch(
        reflexive, json={"action": "REFLEXIVE", "source_network": "30.0.0.6", "translated_network": "10.27.51.146"}
    )
    assert "destination_network" not in api.get(reflexive).json()


def test_settings_are_shown_and_checked(lab: Lab) -> None:
    assert lab.control.settings()["semantics"] == "refuse"
    assert lab.control.settings(index_lag=2, profile="9.1")["profile"] == "9.1"
    for values, words in (
        ({"semantics": "x"}, "allowed are refuse, realize"),
        ({"nope": 1}, "unknown setting 'nope'"),
        ({"partial_patch": "yes"}, "partial_patch 'yes': true or false is expected"),
        ({"index_lag": -1}, "index_lag -1: a number from 0 to"),
        ({"session_seconds": True}, "session_seconds true: a number from 0 to"),
        ({"echo_any": True, "semantics": 5}, "allowed are refuse, realize"),
        ({"profile": "1.0"}, "allowed are 3.2, 4.2, 9.1"),
    ):
        with pytest.raises(ControlError, match=words):
            lab.control.settings(**values)
    assert lab.control.settings()["echo_any"] is False, "all or none"
