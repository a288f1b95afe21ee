"""The manager API below /api/v1: read what a client needs to look around, and nothing else of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nsx_lab.manager.http.wire import Answer, Request
from nsx_lab.manager.nsx import fabric
from nsx_lab.manager.nsx.fabric import Fabric
from nsx_lab.manager.nsx.manager import Manager
from nsx_lab.manager.store import errors, listing
from nsx_lab.manager.store.clock import wall_ms
from nsx_lab.manager.store.ledger import Evidence, claim
from nsx_lab.manager.store.store import Object, Transaction

PREFIX = "/api/v1"
ALARM_FILTERS = ("feature_name", "event_type", "severity", "status", "node_id", "entity_resource_type")
"""Parameters by which the list of alarms is cut down (vcf-nsx, stub of GET /api/v1/alarms)."""

claim(
    "the manager API reads transport nodes, edge clusters, alarms, cluster and node; all else that NSX has below /api/v1, and every write, is 501 by name",
    Evidence.SPEC,
    "route table of PyPI vcf-nsx 9.1.1.0 (vcf.nsx.api.v1)",
    "test_fabric.py::test_rest_of_the_manager_api_is_501_by_name",
)

Json = dict[str, Any]
Lists = dict[str, Callable[[Fabric], list[Json]]]
LISTS: Lists = {
    "transport-nodes": Fabric.transport_nodes,
    "edge-clusters": Fabric.edge_clusters,
    "alarms": Fabric.alarms,
}
PATHS = (
    "node",
    "cluster",
    "cluster/status",
    *LISTS,
    *(f"{name}/{{id}}" for name in LISTS),
    "transport-nodes/{id}/status",
    "transport-nodes/{id}/state",
    "edge-clusters/{id}/status",
)
"""What is read here, below the prefix."""


class ManagerApi:
    """Answers reads. Raises NsxError for an object that is not there."""

    def __init__(self, manager: Manager) -> None:
        self._manager = manager

    def answer(self, request: Request) -> Answer | None:
        """The answer to a request of the manager API; None for what is not read here."""
        if request.method != "GET" or not request.path.startswith(f"{PREFIX}/"):
            return None
        name, *rest = request.path.removeprefix(f"{PREFIX}/").split("/")
        view = Fabric(Transaction(self._manager.store), self._manager.runtime, wall_ms())
        if name in LISTS:
            return self._of_list(name, rest, view, request)
        fixed = {
            ("node",): lambda: fabric.manager_node(self._manager.settings.profile, wall_ms()),
            ("cluster",): fabric.cluster_config,
            ("cluster", "status"): fabric.cluster_status,
        }.get((name, *rest))
        return Answer(body=fixed()) if fixed is not None else None

    def _of_list(self, name: str, rest: list[str], view: Fabric, request: Request) -> Answer | None:
        found = LISTS[name](view)
        if not rest:
            return Answer(body=listing.page(_filtered(name, found, request.parameters()), request.parameters()))
        if len(rest) == 1 and rest[0] not in ("status", "state"):
            return Answer(body=_one(found, rest[0]))
        if name == "transport-nodes" and rest[1:] in (["status"], ["state"]):
            return Answer(body=self._of_edge(view, _there(view.edge(rest[0]), rest[0]), rest[1]))
        if name == "edge-clusters" and rest[1:] == ["status"]:
            return Answer(body=view.cluster_status(_there(view.cluster(rest[0]), rest[0])))
        return None

    def _of_edge(self, view: Fabric, edge: Object, what: str) -> Json:
        if what == "status":
            return view.node_status(edge)
        return {"transport_node_id": fabric.node_id(edge), "state": "success", "maintenance_mode_state": "DISABLED"}


def _filtered(name: str, found: list[Json], query: dict[str, str]) -> list[Json]:
    if name == "transport-nodes" and "EdgeNode" not in query.get("node_types", "EdgeNode").split(","):
        return []
    wanted = {field: query[field] for field in ALARM_FILTERS if name == "alarms" and query.get(field)}
    return [obj for obj in found if all(str(obj.get(name, "")) in value.split(",") for name, value in wanted.items())]


def _one(found: list[Json], ident: str) -> Json:
    return _there(next((obj for obj in found if obj["id"] == ident), None), ident)


def _there(obj: Json | None, ident: str) -> Json:
    if obj is None:
        raise errors.not_found(ident)
    return obj
