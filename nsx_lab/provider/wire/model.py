"""Answers of the manager with types: what the SDK converts silently, what it refuses, and its words for that.

Unknown fields are passed over, null and missing are the same, and text is taken for the integer or boolean that it spells.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nsx_lab.provider.values import gojson
from nsx_lab.provider.wire.errors import ProviderError

STRING, INTEGER, BOOLEAN = "STRING", "INTEGER", "BOOLEAN"
DYNAMIC = "DYNAMIC_STRUCTURE"  # any object, as it is


@dataclass(frozen=True)
class ListOf:
    """A list of one type."""

    element: WireType


@dataclass(frozen=True)
class Struct:
    """An object; `name` is the SDK's name of the model, below `package`. Fields that are not named are dropped."""

    name: str
    fields: Mapping[str, WireType] = field(default_factory=dict)
    package: str = "com.vmware.nsx_policy.model"


WireType = str | ListOf | Struct
TAG = Struct("tag", {"scope": STRING, "tag": STRING})
# fields of every policy object that are typed in the SDK's model
BASE: Mapping[str, WireType] = {
    "id": STRING,
    "display_name": STRING,
    "description": STRING,
    "path": STRING,
    "relative_path": STRING,
    "parent_path": STRING,
    "resource_type": STRING,
    "unique_id": STRING,
    "marked_for_delete": BOOLEAN,
    "overridden": BOOLEAN,
    "tags": ListOf(TAG),
    "_revision": INTEGER,
    "_create_time": INTEGER,
    "_last_modified_time": INTEGER,
    "_system_owned": BOOLEAN,
}


def policy_object(name: str, fields: Mapping[str, WireType]) -> Struct:
    """The type of a policy object with its own fields beside the common ones."""
    return Struct(name, {**BASE, **fields})


def convert(value: Any, wanted: WireType) -> Any:
    """An answer with types; its fields that are missing or null are None. Raises ProviderError in the SDK's words."""
    try:
        if value is None:
            raise _unexpected(value, _wanted_name(wanted))
        return _convert(value, wanted)
    except _MismatchError as error:
        raise ProviderError("".join(f" {part}" for part in error.parts)) from error


def convert_hit(value: Any, wanted: WireType) -> Any:
    """The same for one search result, of whose mistakes the provider tells the innermost only."""
    try:
        return _convert(value, wanted)
    except _MismatchError as error:
        raise ProviderError(error.parts[0]) from error


class _MismatchError(Exception):
    def __init__(self, *parts: str) -> None:
        super().__init__(*parts)
        self.parts = list(parts)


def _convert(value: Any, wanted: WireType) -> Any:
    if value is None:
        return None
    if isinstance(wanted, ListOf):
        return _list(value, wanted)
    if isinstance(wanted, Struct):
        return _struct(value, wanted)
    return _primitive(value, wanted)


def _list(value: Any, wanted: ListOf) -> list[Any]:
    if not isinstance(value, list):
        raise _unexpected(value, "LIST")
    out = []
    for index, element in enumerate(value):
        try:
            if element is None:
                raise _unexpected(element, _wanted_name(wanted.element))
            out.append(_convert(element, wanted.element))
        except _MismatchError as error:
            error.parts.append(f"The value at index '{index}' of the list is invalid")
            raise
    return out


def _struct(value: Any, wanted: Struct) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _unexpected(value, "STRUCTURE")
    out = {}
    for name, inner in wanted.fields.items():
        try:
            out[name] = _convert(value.get(name), inner)
        except _MismatchError as error:
            error.parts.append(f"Invalid field '{name}' in structure '{wanted.package}.{wanted.name}'")
            raise
    return out


def _primitive(value: Any, wanted: str) -> Any:
    if type_name(value) == wanted or (wanted == DYNAMIC and isinstance(value, dict)):
        return value
    if isinstance(value, str) and wanted == INTEGER and gojson.is_integer(value):
        return int(value)
    if isinstance(value, str) and wanted == BOOLEAN and value in ("true", "false"):
        return value == "true"
    raise _unexpected(value, wanted)


def _unexpected(value: Any, wanted: str) -> _MismatchError:
    return _MismatchError(f"Expected a value of type '{wanted}', but received a value of type '{type_name(value)}'")


def _wanted_name(wanted: WireType) -> str:
    if isinstance(wanted, ListOf):
        return "LIST"
    return "STRUCTURE" if isinstance(wanted, Struct) else wanted


def type_name(value: Any) -> str:
    """The SDK's word for the type of a JSON value."""
    names = {bool: BOOLEAN, int: INTEGER, float: "DOUBLE", str: STRING, list: "LIST", dict: "STRUCTURE"}
    return names.get(type(value), "OPTIONAL")
