"""The manager API: what a client reads to look around, through a plain HTTP client."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from nsx_lab import Lab
from nsx_lab.manager.http.manager_api import PATHS
from nsx_lab.manager.nsx import operations, schema
from nsx_lab.manager.store.seed import SeedError

CLUSTER = "/infra/sites/default/enforcement-points/default/edge-clusters/ec-1"
EDGE01, EDGE02 = f"{CLUSTER}/edge-nodes/edge01", f"{CLUSTER}/edge-nodes/edge02"
PEER = "/infra/tier-0s/T0-wld01/static-routes/bfd-peers/gw"


@pytest.fixture
def mp(lab: Lab, client_of: Callable[..., httpx.Client]) -> httpx.Client:
    """The manager API as admin."""
    return client_of(lab, base="/api/v1")


def read(mp: httpx.Client, path: str, name: str = "") -> dict[str, Any]:
    """An answer that is well, and of the SDK's type `name`."""
    answer = mp.get(path)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    assert not name or schema.problems(name, body) == []
    return body


def test_edges_are_transport_nodes(mp: httpx.Client, api: httpx.Client) -> None:
    found = {node["display_name"]: node for node in read(mp, "/transport-nodes")["results"]}
    assert set(found) == {"edge01", "edge02"}
    edge = api.get(EDGE01).json()
    node = read(mp, f"/transport-nodes/{edge['nsx_id']}", "TransportNode")
    assert node == found["edge01"]
    assert (node["resource_type"], node["node_deployment_info"]["resource_type"]) == ("TransportNode", "EdgeNode")
    assert read(mp, f"/transport-nodes/{node['id']}/state", "TransportNodeState")["state"] == "success"
    assert read(mp, "/transport-nodes?node_types=HostNode")["results"] == []
    assert mp.get("/transport-nodes/nobody").json()["error_code"] == 600


def test_edge_clusters_have_the_edges_as_members(mp: httpx.Client, api: httpx.Client) -> None:
    (cluster,) = read(mp, "/edge-clusters")["results"]
    assert (cluster["id"], cluster["display_name"]) == (api.get(CLUSTER).json()["unique_id"], "ec-1")
    assert read(mp, f"/edge-clusters/{cluster['id']}", "EdgeCluster") == cluster
    members = [(member["member_index"], member["transport_node_id"]) for member in cluster["members"]]
    assert members == [(0, api.get(EDGE01).json()["nsx_id"]), (1, api.get(EDGE02).json()["nsx_id"])]


def test_status_follows_from_what_is_down(lab: Lab, mp: httpx.Client, api: httpx.Client) -> None:
    ident, edge = api.get(CLUSTER).json()["unique_id"], api.get(EDGE01).json()["nsx_id"]

    def told() -> tuple[str, list[str], str, str]:
        status = read(mp, f"/edge-clusters/{ident}/status", "EdgeClusterStatus")
        policy = api.get(f"{CLUSTER}/status").json()
        assert schema.problems("PolicyEdgeClusterStatus", policy) == []
        node = read(mp, f"/transport-nodes/{edge}/status", "TransportNodeStatus")
        members = [member["status"] for member in status["member_status"]]
        assert members == [member["status"] for member in policy["member_status"]]
        return status["edge_cluster_status"], members, policy["edge_cluster_status"], node["status"]

    assert told() == ("UP", ["UP", "UP"], "UP", "UP")
    assert lab.control.runtime(EDGE01, "DOWN") == [EDGE01]
    assert told() == ("DEGRADED", ["DOWN", "UP"], "DEGRADED", "DOWN")
    lab.control.runtime(EDGE02, "DOWN")
    assert told() == ("DOWN", ["DOWN", "DOWN"], "DOWN", "DOWN")
    lab.control.runtime(EDGE01, "UP")
    assert told() == ("DEGRADED", ["UP", "DOWN"], "DEGRADED", "UP")


def test_edges_of_saved_answers_are_transport_nodes_too(tmp_path: Path, client_of: Callable[..., httpx.Client]) -> None:
    """Such objects are taken as they are: they need have neither nsx_id nor member_index."""
    saved = [{"path": path, "id": path.rpartition("/")[2]} for path in (CLUSTER, EDGE01, EDGE02)]
    (tmp_path / "saved.json").write_text(json.dumps(saved))
    with Lab(tmp_path) as lab:
        mp = client_of(lab, base="/api/v1")
        (cluster,) = read(mp, "/edge-clusters")["results"]
        assert [member["member_index"] for member in cluster["members"]] == [0, 1]
        for member in cluster["members"]:
            read(mp, f"/transport-nodes/{member['transport_node_id']}/status", "TransportNodeStatus")


def test_cluster_and_node(mp: httpx.Client) -> None:
    status = read(mp, "/cluster/status", "ClusterStatus")
    assert (status["mgmt_cluster_status"]["status"], status["control_cluster_status"]["status"]) == ("STABLE", "STABLE")
    config, node = read(mp, "/cluster", "ClusterConfig"), read(mp, "/node", "NodeProperties")
    assert [member["node_uuid"] for member in config["nodes"]] == [node["node_uuid"]]
    version = read(mp, "/node/version", "NodeVersion")
    assert version == {name: node[name] for name in ("node_version", "product_version")}


def test_alarms_tell_what_is_down(lab: Lab, mp: httpx.Client, api: httpx.Client) -> None:
    assert read(mp, "/alarms")["results"] == []
    api.patch(PEER, json={"peer_address": "10.27.51.1", "bfd_profile_path": "/infra/bfd-profiles/default"})
    for path in (PEER, EDGE02):
        lab.control.runtime(path, "DOWN")
    bfd, edge = read(mp, "/alarms")["results"]
    assert (bfd["feature_name"], bfd["event_type"], bfd["status"]) == (
        "routing",
        "bfd_down_on_external_interface",
        "OPEN",
    )
    assert (bfd["alarm_source"], "10.27.51.1" in bfd["summary"]) == ([PEER], True)
    assert (edge["event_type"], edge["entity_id"]) == ("edge_tunnels_down", api.get(EDGE02).json()["nsx_id"])
    assert read(mp, f"/alarms/{bfd['id']}", "Alarm")["summary"] == bfd["summary"]
    assert read(mp, "/alarms?feature_name=routing&status=OPEN")["result_count"] == 1
    assert read(mp, "/alarms?severity=CRITICAL")["results"] == []
    api.delete(PEER)
    assert [alarm["event_type"] for alarm in read(mp, "/alarms")["results"]] == ["edge_tunnels_down"]


def test_seed_says_what_is_down(seed_document: dict[str, Any], client_of: Callable[..., httpx.Client]) -> None:
    with Lab({**seed_document, "down": [EDGE02]}) as lab:
        assert client_of(lab).get(f"{CLUSTER}/status").json()["edge_cluster_status"] == "DEGRADED"
        saved = lab.control.snapshot()
        lab.control.reset()
        assert lab.control.ask("GET", "/runtime") == {"down": [EDGE02]}
        lab.control.runtime(EDGE02, "UP")
        lab.control.restore(saved)
        assert lab.control.ask("GET", "/runtime") == {"down": [EDGE02]}


@pytest.mark.parametrize(
    "down, said",
    [
        ([f"{CLUSTER}/edge-nodes/nobody"], "edge-nodes/nobody is not there"),
        (["/infra/tier-0s/T0-wld01"], "/infra/tier-0s/T0-wld01 is neither up nor down: that is asked of PolicyEdgeNode and StaticRouteBfdPeer"),
        ("edge01", "expected a list of paths of edge nodes and BFD peers"),
    ],
)  # fmt: skip
def test_seed_that_takes_down_what_cannot_be_is_refused(seed_document: dict[str, Any], down: Any, said: str) -> None:
    with pytest.raises(SeedError, match=said):
        Lab({**seed_document, "down": down})


def test_seed_is_taken_whole_or_not_at_all(lab: Lab, api: httpx.Client) -> None:
    gateway = {"resource_type": "ChildTier0", "Tier0": {"id": "second"}}
    document = {"format": "nsx-lab-seed", "version": 1, "infra": {"resource_type": "Infra", "children": [gateway]}}
    with pytest.raises(Exception, match="edge-nodes/nobody is not there"):
        lab.control.seed({**document, "down": [f"{CLUSTER}/edge-nodes/nobody"]})
    assert api.get("/infra/tier-0s/second").status_code == 404


def test_control_plane_refuses_what_is_neither_up_nor_down(lab: Lab) -> None:
    for path, state in (("/infra/tier-0s/T0-wld01", "DOWN"), (EDGE01, "SLEEPY"), ("nonsense", "UP")):
        with pytest.raises(Exception, match="neither up nor down|SLEEPY|nonsense"):
            lab.control.runtime(path, state)
    assert lab.control.ask("GET", "/runtime") == {"down": []}


def test_every_path_that_is_read_is_one_of_nsx() -> None:
    for path in PATHS:
        assert operations.allows("GET", f"/api/v1/{path.replace('{id}', 'x')}"), path


@pytest.mark.parametrize(
    "method, path, status, said",
    [
        ("GET", "/logical-routers", 501, "GET /api/v1/logical-routers"),
        ("GET", "/transport-zones", 501, "GET /api/v1/transport-zones"),
        ("GET", "/edge-clusters/x/allocation-status", 501, "GET /api/v1/edge-clusters/{}/allocation-status"),
        ("PUT", "/transport-nodes/x", 501, "PUT /api/v1/transport-nodes/{}"),
        ("POST", "/alarms/x?action=set_status", 501, "POST /api/v1/alarms/{}?action=set_status"),
        ("DELETE", "/cluster/status", 405, "DELETE is not supported on /api/v1/cluster/status; allowed: GET"),
        ("GET", "/nothing-of-nsx", 404, "NSX has no operation at /api/v1/nothing-of-nsx"),
    ],
)
def test_rest_of_the_manager_api_is_501_by_name(
    lab: Lab, mp: httpx.Client, method: str, path: str, status: int, said: str
) -> None:
    answer = mp.request(method, path, json={})
    assert (answer.status_code, said in answer.json()["error_message"]) == (status, True), answer.text
    assert lab.control.journal()[-1]["status"] == status


def test_auditor_reads_the_manager_api(lab: Lab, client_of: Callable[..., httpx.Client]) -> None:
    lab.add_user("auditor", "secret", "auditor")
    seen = client_of(lab, auth=("auditor", "secret"), base="/api/v1")
    assert seen.get("/cluster/status").status_code == 200
    assert seen.put("/transport-nodes/x", json={}).status_code == 403
    assert client_of(lab, auth=("auditor", "wrong"), base="/api/v1").get("/alarms").status_code == 403
