"""404, 405 and 501 by the SDK's route table."""

from __future__ import annotations

import httpx
import pytest

from nsx_lab import Lab
from nsx_lab.manager.nsx import operations
from nsx_lab.manager.store.kinds import KINDS

BASE = "/policy/api/v1"


@pytest.mark.parametrize(
    "method, path, status",
    [
        ("GET", "/infra/nothing-of-nsx", 404),
        ("GET", "/infra/tier-0s/T0-wld01/nothing", 404),
        ("GET", "/infra/tier-0s//static-routes", 404),
        ("POST", "/infra/tier-0s", 405),
        ("DELETE", "/infra/tier-0s", 405),
        ("POST", "/infra/tier-0s/T0-wld01/static-routes/x", 405),
        ("GET", "/infra/lb-monitor-profiles", 501),
        ("PATCH", "/infra/lb-monitor-profiles/x", 501),
        ("GET", "/infra/tier-0s/T0-wld01/locale-services/default/bgp/neighbors/a/routes", 501),
        ("POST", "/infra/tier-0s/T0-wld01/actions/failover", 501),
    ],
)
def test_404_405_501(lab: Lab, api: httpx.Client, method: str, path: str, status: int) -> None:
    answer = api.request(method, path, json={})
    assert answer.status_code == status
    assert lab.control.journal()[-1]["status"] == status


def test_501_names_the_operation(api: httpx.Client) -> None:
    message = api.get("/infra/lb-monitor-profiles/x").json()["error_message"]
    assert message == "NSX has the operation GET /policy/api/v1/infra/lb-monitor-profiles/{}, this lab has not."


def test_405_names_what_is_allowed(api: httpx.Client) -> None:
    assert "allowed: GET" in api.post("/infra/tier-0s", json={}).json()["error_message"]


def test_every_kind_of_the_lab_is_an_object_of_nsx() -> None:
    known = [kind.resource_type for kind in KINDS if not kind.singleton and not kind.system]
    samples = {
        "PolicyEdgeNode": "/infra/sites/default/enforcement-points/default/edge-clusters/a/edge-nodes/b",
        "Tier0": "/infra/tier-0s/a",
        "StaticRouteBfdPeer": "/infra/tier-0s/a/static-routes/bfd-peers/b",
        "PolicyNatRule": "/infra/tier-1s/a/nat/USER/nat-rules/b",
        "Rule": "/infra/domains/default/gateway-policies/a/rules/b",
        "IpAddressPoolSubnet": "/infra/ip-pools/a/ip-subnets/b",
    }
    for name, path in samples.items():
        assert name in known
        assert operations.allows("GET", BASE + path), path


def test_actions_are_operations_of_their_own(api: httpx.Client) -> None:
    known = api.post("/infra/domains/default/gateway-policies/x?action=revise", json={})
    assert (known.status_code, "?action=revise" in known.json()["error_message"]) == (501, True)
    assert api.post("/infra/domains/default/gateway-policies/x?action=nonsense", json={}).status_code == 405
