"""The hierarchical API: a tree of `Child*` wrappers, and the flat list of writes it stands for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nsx_lab.manager.store import errors
from nsx_lab.manager.store.kinds import INFRA, ROOTS, Kind, Place, child_kind
from nsx_lab.manager.store.ledger import Evidence, claim
from nsx_lab.manager.store.store import Object

claim(
    "PATCH /infra takes a tree of Child* wrappers: objects are created, changed or (marked_for_delete) deleted, all or none",
    Evidence.ACCEPTANCE,
    "TestAccResourceNsxtPolicyTier0Gateway_basic creates, changes and deletes a gateway so; wrappers: vcf-nsx model_client.py",
    "test_hierarchy.py::test_tree_is_taken_whole_or_not_at_all",
)


claim(
    "profile 9.1: PATCH /org-root takes a tree below OrgRoot in the same way",
    Evidence.SPEC,
    "route table and OrgRoot of PyPI vcf-nsx 9.1.1.0; nsx-operator writes VPCs so",
    "test_vpcs.py::test_a_tree_below_the_org_root_is_taken_whole_or_not_at_all",
)
claim(
    "ChildResourceReference (id, target_type) leads to the children of an object without writing it; the object must be there",
    Evidence.ACCEPTANCE,
    "TestAccResourceNsxtPolicyFixedSegment_basicUpdate writes segments of a Tier-1 so; vcf-nsx ChildResourceReference",
    "test_hierarchy.py::test_reference_leads_to_children_without_writing",
)

REFERENCE = "ChildResourceReference"


@dataclass(frozen=True, slots=True)
class Step:
    """One object of a tree. `bare` is true for an object that only leads to its children (nothing but id and resource_type)."""

    place: Place
    body: Object
    delete: bool
    bare: bool


def steps(tree: Object, root: Kind = INFRA) -> Iterator[Step]:
    """Writes in the order in which they must happen: parents before children, but deletions after those of their children."""
    name = root.resource_type
    if tree.get("resource_type", name) != name:
        raise errors.malformed(f"resource_type {tree.get('resource_type')!r} where {name} is expected")
    yield from _children(tree, (name,), ROOTS[name], ())


def _children(parent: Object, lineage: tuple[str, ...], path: str, chain: tuple[str, ...]) -> Iterator[Step]:
    children = parent.get("children") or []
    if not isinstance(children, list):
        raise errors.malformed("children is not a list")
    for wrapper in children:
        yield from _child(wrapper, lineage, path, chain)


def _child(wrapper: Any, lineage: tuple[str, ...], path: str, chain: tuple[str, ...]) -> Iterator[Step]:
    if isinstance(wrapper, dict) and wrapper.get("resource_type") == REFERENCE:
        yield from _referred(wrapper, lineage, path, chain)
        return
    kind, body, delete = _unwrap(wrapper, lineage)
    ident = str(body.get("id") or (kind.collection if kind.singleton else ""))
    if not ident:
        raise errors.malformed(f"{kind.resource_type} below {path} has no id")
    if "/" in ident:
        raise errors.malformed(f"id {ident!r} contains '/'")
    place = Place(kind, path, ident, chain)
    step = Step(place, body, delete, bare=set(body) <= {"id", "resource_type", "children"} and "children" in body)
    below = list(_children(body, (*lineage, kind.resource_type), place.path, (*chain, place.path)))
    if delete:
        yield from below
        yield step
    else:
        yield step
        yield from below


def _referred(wrapper: Object, lineage: tuple[str, ...], path: str, chain: tuple[str, ...]) -> Iterator[Step]:
    """What stands below an object that is only referred to. Whether that is there is asked where its children are written."""
    kind = child_kind(lineage, f"Child{wrapper.get('target_type')}")
    if kind is None:
        raise errors.not_implemented(
            f"{REFERENCE} to {wrapper.get('target_type')} below {lineage[-1]} in {_request(lineage)}"
        )
    ident = str(wrapper.get("id") or "")
    if not ident or "/" in ident:
        raise errors.malformed(f"{REFERENCE} below {path}: id {ident!r}")
    place = Place(kind, path, ident, chain)
    yield from _children(wrapper, (*lineage, kind.resource_type), place.path, (*chain, place.path))


def _unwrap(wrapper: Any, lineage: tuple[str, ...]) -> tuple[Kind, Object, bool]:
    """Kind, object and whether it goes. `marked_for_delete` counts on the wrapper and on the object."""
    if not isinstance(wrapper, dict):
        raise errors.malformed("a child is not an object")
    child_type = str(wrapper.get("resource_type", ""))
    kind = child_kind(lineage, child_type)
    if kind is None:
        raise errors.not_implemented(
            f"{child_type or 'a child without resource_type'} below {lineage[-1]} in {_request(lineage)}"
        )
    body = wrapper.get(kind.wrapped_in)
    if not isinstance(body, dict):
        raise errors.malformed(f"{child_type} has no field {kind.wrapped_in}")
    return kind, body, bool(wrapper.get("marked_for_delete") or body.get("marked_for_delete"))


def _request(lineage: tuple[str, ...]) -> str:
    return "PATCH /infra" if lineage[0] == INFRA.resource_type else "PATCH /org-root"


def tree(objects: dict[str, list[Object]], kinds: dict[str, Kind], path: str) -> list[Object]:
    """The reverse: wrappers of everything below `path`. `objects` are the children by parent path, `kinds` the kind by path."""
    wrappers = []
    for obj in objects.get(path, []):
        kind = kinds[obj["path"]]
        body = dict(obj)
        below = tree(objects, kinds, obj["path"])
        if below:
            body["children"] = below
        wrappers.append({"resource_type": kind.child_type, "marked_for_delete": False, kind.wrapped_in: body})
    return wrappers
