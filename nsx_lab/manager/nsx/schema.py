"""Validation of bodies against the schema of their type: the SDK's types with the overlay on top."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema_rs
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from nsx_lab.manager.nsx import overlay
from nsx_lab.manager.nsx.profiles import Profile
from nsx_lab.manager.store import errors
from nsx_lab.manager.store.kinds import Place
from nsx_lab.manager.store.ledger import Evidence, claim
from nsx_lab.manager.store.store import Object
from nsx_lab.shape import where


@cache
def document() -> dict[str, Any]:
    """The whole schema, overlay laid on. Cached and shared: do not alter."""
    text = files("nsx_lab.manager.nsx").joinpath("data/nsx-policy.schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    for name, body in loaded["$defs"].items():
        if body.pop("x-envelope", False):
            body["properties"] = {**loaded["x-envelope"], **body["properties"]}
        body["properties"] = {key: _limited(name, key, value) for key, value in body["properties"].items()}
        if name in overlay.REQUIRED:
            body["required"] = overlay.REQUIRED[name]
    return loaded


def _limited(name: str, key: str, value: dict[str, Any]) -> dict[str, Any]:
    return {**value, **overlay.LIMITS.get(("", key), {}), **overlay.LIMITS.get((name, key), {})}


def types() -> list[str]:
    """Names of the types in the schema."""
    return list(document()["$defs"])


def _of_type(name: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{name}", "$defs": document()["$defs"]}


@cache
def _validator(name: str) -> Draft202012Validator:
    """Says in words what does not fit; takes a hundred times as long as `fits`."""
    return Draft202012Validator(_of_type(name))


@cache
def _compiled(name: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(_of_type(name))


def fits(name: str, value: Any) -> bool:
    """Whether a value fits type `name`."""
    return _compiled(name).is_valid(value)


def problems(name: str, value: Any, *, unknown_fields: bool = False) -> list[str]:
    """What does not fit type `name`, in words; [] when all does. `unknown_fields`: fields that the type does not have may be there."""
    if fits(name, value):
        return []
    return [
        f"{where(error) or 'body'}: {error.message}"
        for error in _validator(name).iter_errors(value)
        if not (unknown_fields and error.validator == "additionalProperties")
    ]


claim(
    "an id in the body that is not the path's, and a resource_type that is not the type's: refused",
    Evidence.ASSUMPTION,
    "no source; louder than taking the path's",
    "test_schema.py::test_wrong_bodies_are_refused",
)


class Validator:
    """Checks requests as the manager does."""

    def check_request(self, place: Place, body: Object, written: Object, profile: Profile) -> None:
        """Raises the NSX error for a body that does not fit its type. `written` is the body without nulls."""
        name, given = place.kind.resource_type, body.get("resource_type")
        if place.kind.variants and given not in place.kind.variants:
            raise errors.refused(
                errors.CODE_SCHEMA, f"resource_type {given!r} is none of {', '.join(place.kind.variants)}"
            )
        if place.kind.variants:
            name = str(given)
        elif given not in (None, name):
            raise errors.refused(
                errors.CODE_SCHEMA, f"resource_type {given!r} at {place.path}, where {name} is expected"
            )
        if "id" in body and body["id"] != place.id:
            raise errors.refused(errors.CODE_SCHEMA, f"id {body['id']!r} in the body, {place.id!r} in the path")
        if not profile.vpn_mode and "policy_based_vpn_mode" in body:
            raise errors.unrecognized("policy_based_vpn_mode")
        error = None if fits(name, written) else next(_validator(name).iter_errors(written), None)
        if error is not None:
            raise _as_nsx(error)


def _as_nsx(error: ValidationError) -> errors.NsxError:
    if error.validator == "additionalProperties":
        unknown = re.findall(r"'([^']+)'", error.message)
        return errors.unrecognized(unknown[0] if unknown else error.message)
    return errors.refused(errors.CODE_SCHEMA, f"{where(error) or 'body'}: {error.message}")
