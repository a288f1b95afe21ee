"""The lab's description of itself."""

from __future__ import annotations

from typing import Any

import pytest

from nsx_lab import Lab
from nsx_lab.manager.http.openapi import document
from nsx_lab.manager.nsx import operations

BASE = "/policy/api/v1/infra"


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return document()


def test_description_is_served_by_the_control_plane(lab: Lab, described: dict[str, Any]) -> None:
    assert lab.control.ask("GET", "/openapi") == described


def test_only_operations_of_nsx_are_described(described: dict[str, Any]) -> None:
    for path, methods in described["paths"].items():
        filled = "/".join("x" if segment.startswith("{") else segment for segment in path.split("/"))
        for method in methods:
            assert operations.allows(method.upper(), filled), (method, path)


def test_objects_of_the_golden_domain_are_described(described: dict[str, Any]) -> None:
    assert set(described["paths"][f"{BASE}/tier-0s/{{tier0Id}}/nat/{{policyNatId}}/nat-rules/{{policyNatRuleId}}"]) == {
        "get",
        "patch",
        "put",
        "delete",
    }
    assert set(described["paths"][f"{BASE}/tier-0s/{{tier0Id}}/static-routes/bfd-peers"]) == {"get"}


def test_every_reference_leads_somewhere(described: dict[str, Any]) -> None:
    known = described["components"]["schemas"]

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                assert value["$ref"].rpartition("/")[2] in known
            for item in value.values():
                walk(item)
        elif isinstance(value, list):
            for item in value:
                walk(item)

    walk(described)
