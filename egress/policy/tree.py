"""NSX Policy objects as one mapping from path to object, whether they came as a tree, from a manager or from a plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from egress.domain import EgressError
from egress.policy.paths import Collection, child, collection
from egress.vocabulary import INFRA

Json: TypeAlias = dict[str, Any]
PolicyObjects: TypeAlias = Mapping[str, Json]
"""Objects by their Policy path. An object's own `children` are not looked at."""

_COLLECTIONS = {
    "Tier0": Collection.TIER0S,
    "Tier1": Collection.TIER1S,
    "LocaleServices": Collection.LOCALE_SERVICES,
    "Tier0Interface": Collection.INTERFACES,
    "StaticRoutes": Collection.STATIC_ROUTES,
    "PolicyNat": Collection.NAT,
    "PolicyNatRule": Collection.NAT_RULES,
}
"""Collections by object type (NSX Policy API). Other types mean nothing to the walk."""


def flatten(infra: Json) -> dict[str, Json]:
    """The objects of a hierarchical tree (`{"resource_type": "Infra", "children": [...]}`).

    Errors: EgressError for a child without an id, or a wrapper that does not hold what its name says.
    """
    return dict(_below(infra, INFRA))


def _below(parent: Json, path: str) -> Iterator[tuple[str, Json]]:
    for wrapper in parent.get("children", ()):
        kind = str(wrapper.get("resource_type", "")).removeprefix("Child")
        if kind not in _COLLECTIONS:
            continue
        body = wrapper.get(kind)
        if not isinstance(body, dict) or not body.get("id"):
            raise EgressError(f"a Child{kind} below {path} holds no {kind} with an id")
        here = child(path, _COLLECTIONS[kind], body["id"])
        yield here, {name: value for name, value in body.items() if name != "children"}
        yield from _below(body, here)


def children(objects: PolicyObjects, parent: str, kind: Collection) -> Iterator[tuple[str, Json]]:
    """Path and object of everything directly in a collection below `parent`, in the mapping's order."""
    start = f"{collection(parent, kind)}/"
    for path, body in objects.items():
        if path.startswith(start) and "/" not in path[len(start) :]:
            yield path, body
