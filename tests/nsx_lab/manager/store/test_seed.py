"""What a lab can start with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from nsx_lab import Lab
from nsx_lab.manager.store.seed import SeedError

T0 = "/infra/tier-0s/T0-wld01"
ClientOf = Callable[..., httpx.Client]


def test_seed_document_is_checked(seed_document: dict[str, Any]) -> None:
    seed_document["infra"]["children"][0]["Tier0"]["bogus"] = 1
    with pytest.raises(SeedError, match="refuses the seed.*bogus is unrecognized"):
        Lab(seed_document)


def test_seed_with_a_wrapper_that_is_not_known_is_refused(seed_document: dict[str, Any]) -> None:
    seed_document["infra"]["children"].append({"resource_type": "ChildNothing", "Nothing": {"id": "x"}})
    with pytest.raises(SeedError, match="ChildNothing"):
        Lab(seed_document)


def test_folder_of_saved_answers(
    tmp_path: Path, lab: Lab, api: httpx.Client, client_of: ClientOf, rule: dict[str, Any]
) -> None:
    api.patch(f"{T0}/nat/USER/nat-rules/nat-vm-a", json=rule)
    for name, path in {"t0": T0, "rules": f"{T0}/nat/USER/nat-rules", "services": f"{T0}/locale-services"}.items():
        (tmp_path / f"{name}.json").write_text(api.get(path).text)
    (tmp_path / "else.json").write_text('{"results": [{"something": "else"}], "result_count": 1}')
    with Lab(tmp_path) as copy:
        got = client_of(copy).get(f"{T0}/nat/USER/nat-rules/nat-vm-a").json()
        assert got == api.get(f"{T0}/nat/USER/nat-rules/nat-vm-a").json()
        assert client_of(copy).get(f"{T0}/nat").json()["result_count"] == 4


def test_seed_may_be_named_by_a_text(tmp_path: Path, seed_document: dict[str, Any]) -> None:
    (tmp_path / "seed.json").write_text(json.dumps(seed_document))
    with Lab(str(tmp_path / "seed.json")) as lab:
        assert T0 in lab.realized()


def test_folder_without_answers_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("[]")
    with pytest.raises(SeedError, match="no answer of a Policy API"):
        Lab(tmp_path)


def state_of(*resources: dict[str, Any], version: int = 4) -> dict[str, Any]:
    return {"version": version, "terraform_version": "1.11.4", "resources": list(resources)}


def resource(kind: str, **attributes: Any) -> dict[str, Any]:
    return {"mode": "managed", "type": kind, "name": "x", "instances": [{"attributes": attributes}]}


def test_terraform_state(tmp_path: Path, client_of: ClientOf) -> None:
    hop = {"admin_distance": 1, "interface": f"{T0}/locale-services/default/interfaces/up", "ip_address": "10.27.51.1"}
    route = resource(
        "nsxt_policy_static_route",
        path=f"{T0}/static-routes/r",
        display_name="r",
        network="0.0.0.0/0",
        next_hop=[hop],
        tag=[],
    )
    rule = resource(
        "nsxt_policy_nat_rule",
        path=f"{T0}/nat/USER/nat-rules/a",
        display_name="a",
        description="",
        action="REFLEXIVE",
        source_networks=["30.0.0.5"],
        translated_networks=["10.27.51.145"],
        destination_networks=None,
        enabled=True,
        logging=False,
        firewall_match="BYPASS",
        rule_priority=110,
        scope=[],
        tag=[{"scope": "a", "tag": "b"}],
    )
    file = tmp_path / "terraform.tfstate"
    file.write_text(json.dumps(state_of(route, rule)))
    with Lab(file) as lab:
        client = client_of(lab)
        assert client.get(T0).json()["ha_mode"] == "ACTIVE_ACTIVE"
        got = client.get(f"{T0}/nat/USER/nat-rules/a").json()
        assert (got["source_network"], got["sequence_number"], got["tags"]) == (
            "30.0.0.5",
            110,
            [{"scope": "a", "tag": "b"}],
        )
        assert "destination_network" not in got
        assert client.get(f"{T0}/static-routes/r").json()["next_hops"] == [
            {"admin_distance": 1, "ip_address": "10.27.51.1", "scope": [hop["interface"]]}
        ]


@pytest.mark.parametrize("document, words", [(state_of(version=3), "version 3"), (state_of(), "no static route")])
def test_terraform_state_of_no_use_is_refused(tmp_path: Path, document: dict[str, Any], words: str) -> None:
    file = tmp_path / "terraform.tfstate"
    file.write_text(json.dumps(document))
    with pytest.raises(SeedError, match=words):
        Lab(file)


@pytest.mark.parametrize(
    "answer, words",
    [
        (
            {"path": f"{T0}/static-routes/r", "network": "0.0.0.0/0", "next_hops": 5},
            "next_hops: 5 is not of type 'array'",
        ),
        ({"path": f"{T0}/static-routes/r"}, "'network' is a required property"),
        ({"path": f"{T0}/nat/USER/nat-rules/r"}, "'action' is a required property"),
        ({"path": T0, "_revision": "x"}, "_revision: 'x' is not of type 'integer'"),
        ({"path": T0, "resource_type": "Tier1"}, "resource_type 'Tier1': allowed are Tier0"),
    ],
)
def test_saved_answer_that_a_later_request_would_stumble_over_is_refused(
    tmp_path: Path, answer: dict[str, Any], words: str
) -> None:
    (tmp_path / "x.json").write_text(json.dumps(answer))
    with pytest.raises(SeedError, match=words):
        Lab(tmp_path)


@pytest.mark.parametrize(
    "resources, words",
    [
        ([1], "1: an object is expected"),
        ("x", "'x': a list or null is expected"),
        (
            [{"type": "nsxt_policy_nat_rule", "instances": [{"attributes": 7}]}],
            "attributes 7: an object or null is expected",
        ),
        (
            [resource("nsxt_policy_nat_rule", path=f"{T0}/nat/USER/nat-rules/a", source_networks=[5])],
            "5: text is expected",
        ),
        (
            [resource("nsxt_policy_static_route", path=f"{T0}/static-routes/r", next_hop=["x"])],
            "'x': an object is expected",
        ),
        ([resource("nsxt_policy_static_route", path=["x"])], "path"),
        ([resource("nsxt_policy_nat_rule", path="/infra/elsewhere")], "could not be found"),
    ],
)
def test_terraform_state_of_another_form_is_refused(tmp_path: Path, resources: Any, words: str) -> None:
    (tmp_path / "x.tfstate").write_text(json.dumps({**state_of(), "resources": resources}))
    with pytest.raises(SeedError, match=words):
        Lab(tmp_path / "x.tfstate")


def test_seed_that_is_nested_too_deep_is_refused(tmp_path: Path) -> None:
    (tmp_path / "seed.json").write_text(
        '{"format": "nsx-lab-seed", "version": 1, "infra": ' + "[" * 100 + "]" * 100 + "}"
    )
    with pytest.raises(SeedError, match="nested deeper than 64 levels"):
        Lab(tmp_path / "seed.json")
