"""Whose an object is, by the tags that NCP and nsx-operator put on what they make.

Scopes: NCP's `ncp/cluster`, `ncp/project` (the namespace's name), `ncp/project_uid`; nsx-operator's `nsx-op/cluster`, `nsx-op/namespace`,
`nsx-op/namespace_uid` (nsx-operator, pkg/nsx/services/common/types.go; NCP tags as captured, docs/fidelity.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from egress.policy.tree import Json

_CLUSTER = ("ncp/cluster", "nsx-op/cluster")
_NAMESPACE = ("ncp/project", "nsx-op/namespace", "nsx-op/vm_namespace")
_UID = ("ncp/project_uid", "nsx-op/namespace_uid", "nsx-op/vm_namespace_uid")


@dataclass(frozen=True)
class Owner:
    """A cluster and, where the object is of one, a namespace. `uid`: of the namespace; another one means that it was made anew."""

    cluster: str = ""
    namespace: str = ""
    uid: str = ""

    def __bool__(self) -> bool:
        return bool(self.cluster or self.namespace)

    def __str__(self) -> str:
        """In words, empty where no tag says whose it is."""
        if self.namespace:
            return f"namespace {self.namespace}" + (f" of cluster {self.cluster}" if self.cluster else "")
        return f"cluster {self.cluster}" if self.cluster else ""


def tags(body: Json) -> dict[str, str]:
    """Tags of an object as scope -> tag. A tag that cannot be read is none."""
    given = body.get("tags")
    held = [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []
    return {str(one.get("scope") or ""): str(one.get("tag") or "") for one in held}


def owner(*bodies: Json) -> Owner:
    """Whose an object is, by its own tags and those of what it belongs to, the nearest first.

    The first that names a namespace decides: several namespaces may share one Tier-1, whose own tags know the cluster only. A cluster that it
    does not name is taken from the next that does.
    """
    found = [_told(tags(body)) for body in bodies]
    cluster = next((one.cluster for one in found if one.cluster), "")
    of_namespace = next((one for one in found if one.namespace), None)
    if of_namespace is None:
        return Owner(cluster)
    return of_namespace if of_namespace.cluster else replace(of_namespace, cluster=cluster)


def _told(held: Mapping[str, str]) -> Owner:
    cluster, namespace, uid = (
        next((held[one] for one in scopes if held.get(one)), "") for scopes in (_CLUSTER, _NAMESPACE, _UID)
    )
    return Owner(cluster, namespace, uid)
