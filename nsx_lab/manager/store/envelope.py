"""The fields that the manager itself gives to an object, and what a write leaves of them."""

from __future__ import annotations

import uuid
from typing import Any

from nsx_lab.manager.store import given
from nsx_lab.manager.store.kinds import Place
from nsx_lab.manager.store.ledger import Evidence, claim
from nsx_lab.manager.store.store import Object

SERVER_FIELDS = frozenset(
    {
        "path",
        "relative_path",
        "parent_path",
        "remote_path",
        "unique_id",
        "realization_id",
        "owner_id",
        "origin_site_id",
        "marked_for_delete",
        "overridden",
        "_create_time",
        "_create_user",
        "_last_modified_time",
        "_last_modified_user",
        "_protection",
        "_revision",
        "_system_owned",
        "_self",
        "_links",
        "_schema",
    }
)
"""Fields a client may send back but never changes (read-only in vcf-nsx model_client.py; `_revision` only steers the write)."""

_KEPT = ("unique_id", "realization_id", "_create_time", "_create_user", "_system_owned", "_protection", "owner_id")
_OWNER = str(uuid.uuid5(uuid.UUID("6f0f7f1e-6c3e-4d3c-9b6e-0d6f2f0c5a10"), "owner"))

claim(
    "envelope of every object: path, relative_path, parent_path, remote_path, unique_id, realization_id, owner_id, marked_for_delete, "
    "overridden, _system_owned, _protection, _create_*, _last_modified_*, _revision",
    Evidence.CAPTURED,
    "zhengxiexie/scripts, warp/template/real_nsx_policy_api_report.md; path and parent_path of rules: terraform-provider-nsxt #654",
    "test_objects.py::test_envelope_of_a_new_rule",
)
claim(
    "_revision starts at 0 and grows by one with each accepted write, also with one that changes nothing",
    Evidence.ASSUMPTION,
    "captures show growth; what a write without a difference does is not known",
    "test_objects.py::test_patch_replaces_user_fields_and_bumps_the_revision",
)
claim(
    "PATCH is taken as the complete object (partial patch is off by default): a field left out falls back to its default or is gone",
    Evidence.DOC,
    "NSX API PartialPatchConfig; nsxt-policy clients send the full object (terraform-provider-nsxt 3.11.1)",
    "test_objects.py::test_patch_replaces_user_fields_and_bumps_the_revision",
)
claim(
    "with partial patch on (switch, or header nsx-enable-partial-patch) a PATCH is merged, lists are replaced whole",
    Evidence.DOC,
    "NSX API PartialPatchConfig; header: vmware-nsxlib 19.4.3 v3/policy/core_defs.py",
    "test_objects.py::test_partial_patch_merges_and_replaces_lists",
)


def compose(place: Place, body: Object, before: Object | None, who: str, now: int, *, merge: bool = False) -> Object:
    """The object as it is stored after a write of `body`, which holds no null, at `place`: user fields, defaults, and the manager's own fields.

    `now` is in milliseconds since 1970. `merge` keeps user fields that the body leaves out.
    """
    user = {key: value for key, value in body.items() if key not in SERVER_FIELDS and key != "children"}
    if merge and before is not None:
        user = _merged({key: value for key, value in before.items() if key not in SERVER_FIELDS}, user)
    resource_type = _resource_type(place, body, before)
    obj: Object = given.fill(resource_type, user)
    obj["id"] = place.id
    obj["resource_type"] = resource_type
    obj.setdefault("display_name", place.id)
    obj.update(_server_fields(place, before, who, now))
    return obj


def _resource_type(place: Place, body: Object, before: Object | None) -> str:
    if place.kind.variants:
        chosen = body.get("resource_type") or (before or {}).get("resource_type")
        return str(chosen or place.kind.variants[0])
    return place.kind.resource_type


def _server_fields(place: Place, before: Object | None, who: str, now: int) -> Object:
    unique = str(uuid.uuid4()) if before is None else ""
    fields: Object = {
        "path": place.path,
        "relative_path": place.id,
        "parent_path": parent_path(place),
        "remote_path": "",
        "unique_id": unique,
        "realization_id": unique,
        "owner_id": _OWNER,
        "marked_for_delete": False,
        "overridden": False,
        "_system_owned": place.kind.system,
        "_protection": "NOT_PROTECTED",
        "_create_time": now,
        "_create_user": who,
        "_last_modified_time": now,
        "_last_modified_user": who,
        "_revision": 0,
    }
    if before is not None:
        fields.update({key: before[key] for key in _KEPT})
        fields["_revision"] = before["_revision"] + 1
    return fields


def parent_path(place: Place) -> str:
    """`parent_path` of an object there: the path of the object above it."""
    return place.parent


def _merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    result = dict(old)
    for key, value in new.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = _merged(result[key], value) if both else value
    return result
