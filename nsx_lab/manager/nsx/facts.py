"""Objects that are taken over as they are: from saved answers, a snapshot or a Terraform state. What the lab builds upon must be there.

An object may hold fields that the lab has never heard of, since a newer NSX may have written it. What the lab does know has its type,
or some later request would stumble over it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nsx_lab.manager.nsx import schema
from nsx_lab.manager.store.kinds import ROOTS, Place, locate
from nsx_lab.manager.store.store import Object
from nsx_lab.shape import Shape, integer, text
from nsx_lab.strict_json import without_nulls

_TEXTS = (
    "id",
    "resource_type",
    "path",
    "relative_path",
    "parent_path",
    "unique_id",
    "realization_id",
    "owner_id",
    "_create_user",
    "_protection",
)
_ENVELOPE: dict[str, Any] = {
    **dict.fromkeys(_TEXTS, text()),
    "_create_time": integer(0, 2**63),
    "_revision": integer(0, 2**63),
    "_system_owned": {"type": "boolean"},
}
ENVELOPE = Shape(_ENVELOPE, required=_ENVELOPE, others=True)
"""What every stored object has: later writes build upon it."""


def check_body(place: Place, body: Object) -> None:
    """ValueError for an object, not yet stored, that does not fit its type; fields that are not known pass."""
    name = str(body.get("resource_type") or place.kind.resource_type)
    allowed = place.kind.variants or (place.kind.resource_type,)
    if name not in allowed:
        raise ValueError(f"{place.path}: resource_type {name!r}: allowed are {', '.join(allowed)}")
    found = schema.problems(name, without_nulls(body), unknown_fields=True)
    if found:
        raise ValueError(f"{place.path}: {found[0]}")


def check(obj: Any, *, types: bool = True) -> Place:
    """The place of an object as the lab stores it; ValueError for one that it would not have stored.

    `types` False looks at the envelope alone: enough for what the lab itself has put away.
    """
    path = obj.get("path") if isinstance(obj, dict) else None
    place = locate(path) if isinstance(path, str) else None
    if place is None or place.is_collection:
        raise ValueError(f"not an object as the lab stores them: {str(obj)[:80]}")
    try:
        ENVELOPE.check(obj)
    except ValueError as error:
        raise ValueError(f"{place.path}: not an object as the lab stores them: {error}") from error
    if (obj["id"], obj["parent_path"]) != (place.id, place.parent):
        raise ValueError(
            f"{place.path}: its id {obj['id']!r} and parent_path {obj['parent_path']!r} are not those of its path"
        )
    if types:
        check_body(place, obj)
    return place


def check_all(objects: Iterable[Any], *, types: bool = True) -> None:
    """As `check`, for all of a lab's objects, parents first."""
    known = set(ROOTS.values())
    for obj in objects:
        place = check(obj, types=types)
        if place.path in known:
            raise ValueError(f"{place.path} is there twice")
        if place.parent not in known:
            raise ValueError(f"{place.path}: {place.parent} is not there before it")
        known.add(place.path)
