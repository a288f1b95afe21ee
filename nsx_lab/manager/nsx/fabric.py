"""What the manager API (/api/v1) shows of the fabric: edges as transport nodes, edge clusters, the manager's own cluster, alarms.

All of it follows from the Policy objects and from what is down: there is nothing to write here.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from nsx_lab.manager.nsx.profiles import Profile
from nsx_lab.manager.nsx.runtime import DOWN, UP, Runtime
from nsx_lab.manager.store.ledger import Evidence, claim, not_modelled
from nsx_lab.manager.store.store import Object, Transaction

_SDK = "vcf-nsx 9.1.1.0, model_client.py and the stubs below vcf.nsx.api.v1"
claim(
    "each PolicyEdgeNode is a transport node of /api/v1/transport-nodes (its nsx_id), each PolicyEdgeCluster an edge cluster (its unique_id)",
    Evidence.SPEC,
    f"{_SDK}: TransportNode, EdgeCluster, PolicyEdgeNode.nsx_id and edge_transport_node_uuid",
    "test_fabric.py::test_edges_are_transport_nodes",
)
claim(
    "status of an edge cluster: UP, DEGRADED with some members down, DOWN with all; of a member and of a transport node UP or DOWN",
    Evidence.SPEC,
    f"{_SDK}: EdgeClusterStatus, TransportNodeStatus, PolicyEdgeClusterStatus. Which word follows from which members is an assumption",
    "test_fabric.py::test_status_follows_from_what_is_down",
)
claim(
    "the manager is a cluster of one node, STABLE",
    Evidence.SPEC,
    f"{_SDK}: ClusterStatus, ClusterConfig, NodeProperties. That it is one node, and all names, are the lab's",
    "test_fabric.py::test_cluster_and_node",
)
claim(
    "a BFD peer that is down is an open alarm of /api/v1/alarms, feature routing, event bfd_down_on_external_interface; an edge that is down one of feature "
    "infrastructure_communication, event edge_tunnels_down",
    Evidence.DOC,
    f"NSX event catalogue (feature and event names, severities); form: {_SDK}, Alarm. Texts are the lab's",
    "test_fabric.py::test_alarms_tell_what_is_down",
)
not_modelled(
    "manager API: host transport nodes, transport zones, logical routers", "hosts do not appear; the rest is 501"
)

_NAMESPACE = uuid.UUID("6b1d5f1a-4a0e-4f57-8a57-0f0b1a5d2c11")
CLUSTER_ID = str(uuid.uuid5(_NAMESPACE, "cluster"))
NODE_ID = str(uuid.uuid5(_NAMESPACE, "node"))
NODE_NAME = "nsx-lab"

Json = dict[str, Any]


class Fabric:
    """Read-only view. `now` is in milliseconds since 1970."""

    def __init__(self, tx: Transaction, runtime: Runtime, now: int) -> None:
        self._tx = tx
        self._runtime = runtime
        self._now = now

    def transport_nodes(self) -> list[Json]:
        """TransportNode objects, one for each edge node."""
        return [_transport_node(edge) for edge in self._tx.of_type("PolicyEdgeNode")]

    def edge(self, ident: str) -> Object | None:
        """The PolicyEdgeNode behind a transport node's id."""
        return next((edge for edge in self._tx.of_type("PolicyEdgeNode") if node_id(edge) == ident), None)

    def node_status(self, edge: Object) -> Json:
        """TransportNodeStatus of an edge node."""
        state = self._state(edge["path"])
        return {
            "node_uuid": node_id(edge),
            "node_display_name": edge["display_name"],
            "node_path": edge["path"],
            "node_type": "EdgeNode",
            "status": state,
            "mgmt_connection_status": state,
            "control_connection_status": {"status": state},
            "tunnel_status": {"status": state},
            "last_status_changed_time": self._now,
        }

    def edge_clusters(self) -> list[Json]:
        """EdgeCluster objects."""
        return [self._edge_cluster(cluster) for cluster in self._tx.of_type("PolicyEdgeCluster")]

    def cluster(self, ident: str) -> Object | None:
        """The PolicyEdgeCluster behind an edge cluster's id."""
        return next((one for one in self._tx.of_type("PolicyEdgeCluster") if one["unique_id"] == ident), None)

    def cluster_status(self, cluster: Object) -> Json:
        """EdgeClusterStatus."""
        members = [
            {"transport_node": _reference(edge), "status": self._state(edge["path"])} for edge in self._members(cluster)
        ]
        return {
            "edge_cluster_id": cluster["unique_id"],
            "edge_cluster_status": _of_all([str(member["status"]) for member in members]),
            "member_status": members,
            "last_update_timestamp": self._now,
        }

    def policy_cluster_status(self, cluster: Object) -> Json:
        """PolicyEdgeClusterStatus: the same as the Policy API tells it."""
        members = [
            {
                "policy_edge_node_path": edge["path"],
                "display_name": edge["display_name"],
                "status": self._state(edge["path"]),
            }
            for edge in self._members(cluster)
        ]
        return {
            "edge_cluster_name": cluster["display_name"],
            "edge_cluster_status": _of_all([member["status"] for member in members]),
            "member_status": members,
            "last_update_timestamp": self._now,
        }

    def alarms(self) -> list[Json]:
        """Alarm objects of what is down, all of them open."""
        return [alarm for path in self._runtime.down() for alarm in self._alarms_of(self._tx.get(path) or {})]

    def _alarms_of(self, obj: Object) -> Iterator[Json]:
        if obj.get("resource_type") == "StaticRouteBfdPeer":
            yield self._alarm(
                obj,
                ("routing", "bfd_down_on_external_interface"),
                f"BFD session with peer {obj.get('peer_address')} is down.",
                entity=self._tx.get(obj["parent_path"]) or obj,
            )
        elif obj.get("resource_type") == "PolicyEdgeNode":
            yield self._alarm(
                obj,
                ("infrastructure_communication", "edge_tunnels_down"),
                f"All tunnels of Edge node {obj['display_name']} are down.",
                entity=obj,
            )

    def _alarm(self, obj: Object, event: tuple[str, str], summary: str, *, entity: Object) -> Json:
        feature, event_type = event
        return {
            "resource_type": "Alarm",
            "id": str(uuid.uuid5(_NAMESPACE, f"{event_type} {obj['path']}")),
            "feature_name": feature,
            "feature_display_name": feature.replace("_", " ").title(),
            "event_type": event_type,
            "event_type_display_name": event_type.replace("_", " ").title(),
            "summary": summary,
            "entity_id": node_id(entity),
            "entity_resource_type": entity["resource_type"],
            "alarm_source_type": "INTENT_PATH",
            "alarm_source": [obj["path"]],
            "severity": "HIGH",
            "status": "OPEN",
            "last_reported_time": self._now,
        }

    def _edge_cluster(self, cluster: Object) -> Json:
        members = [
            {
                "member_index": edge.get("member_index", number),
                "transport_node_id": node_id(edge),
                "display_name": edge["display_name"],
            }
            for number, edge in enumerate(self._members(cluster))
        ]
        return {
            **_envelope(cluster),
            "resource_type": "EdgeCluster",
            "id": cluster["unique_id"],
            "members": members,
        } | {"member_node_type": "EDGE_NODE"}

    def _members(self, cluster: Object) -> list[Object]:
        return self._tx.children(cluster["path"], "PolicyEdgeNode")

    def _state(self, path: str) -> str:
        return DOWN if self._runtime.is_down(path) else UP


def node_id(obj: Object) -> str:
    """The id of an edge's transport node. What was taken over as a fact need not have an nsx_id."""
    return str(obj.get("nsx_id") or obj["unique_id"])


def _transport_node(edge: Object) -> Json:
    node = {
        "resource_type": "EdgeNode",
        "id": node_id(edge),
        "external_id": node_id(edge),
        "display_name": edge["display_name"],
    }
    return {
        **_envelope(edge),
        "resource_type": "TransportNode",
        "id": node_id(edge),
        "node_id": node_id(edge),
        "maintenance_mode": "DISABLED",
        "node_deployment_info": node,
    }


def _reference(edge: Object) -> Json:
    return {
        "target_id": node_id(edge),
        "target_display_name": edge["display_name"],
        "target_type": "TransportNode",
        "is_valid": True,
    }


def _envelope(obj: Object) -> Json:
    names = ("display_name", "_create_time", "_create_user", "_last_modified_time", "_last_modified_user", "_revision")
    return {name: obj[name] for name in names}


def _of_all(states: list[str]) -> str:
    """The status of a whole by those of its members; one without members is up."""
    if DOWN not in states:
        return UP
    return DOWN if UP not in states else "DEGRADED"


def manager_node(profile: Profile, now: int) -> Json:
    """NodeProperties of the manager that was asked."""
    return {
        "hostname": NODE_NAME,
        "node_uuid": NODE_ID,
        "node_type": "NSX Manager",
        "node_version": profile.node_version,
        "product_version": profile.product_version,
        "system_time": now,
    }


def cluster_config() -> Json:
    """ClusterConfig of the managers."""
    node = {"node_uuid": NODE_ID, "fqdn": NODE_NAME, "display_name": NODE_NAME, "status": "JOINED"}
    return {"cluster_id": CLUSTER_ID, "nodes": [node]}


def cluster_status() -> Json:
    """ClusterStatus of the managers."""
    return {
        "cluster_id": CLUSTER_ID,
        "mgmt_cluster_status": {"status": "STABLE", "online_nodes": [{"uuid": NODE_ID}], "offline_nodes": []},
        "control_cluster_status": {"status": "STABLE"},
        "overall_status": "STABLE",
        "detailed_cluster_status": {"cluster_id": CLUSTER_ID, "overall_status": "STABLE", "groups": []},
    }
