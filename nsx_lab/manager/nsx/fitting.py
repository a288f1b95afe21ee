"""Whether a value fits a schema, as a function that is made once.

Nearly every body that a lab is sent fits its type, and jsonschema takes many times as long to say so: it reads the schema anew for each value. What
does not fit is told in jsonschema's words (see schema.py). This knows the keywords of the lab's schema and no other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

Fits = Callable[[Any], bool]
_SAY_NOTHING = frozenset({"readOnly"})
_KNOWN = _SAY_NOTHING | {
    "$ref", "type", "enum", "maxLength", "minimum", "maximum", "items", "minItems", "properties", "additionalProperties", "required",
}  # fmt: skip
_REFERENCE = "#/$defs/"


def fits(schema: Mapping[str, Any], named: Callable[[str], Fits]) -> Fits:
    """Whether a value fits `schema`, as jsonschema's Draft 2020-12 has it. `named` gives the same for a type of `$defs`, and is asked as late as can be.

    Errors: ValueError for a keyword that is not known here.
    """
    strange = sorted(schema.keys() - _KNOWN)
    if strange:
        raise ValueError(f"keyword {strange[0]!r}: allowed are {', '.join(sorted(_KNOWN))}")
    if "$ref" in schema:
        if schema.keys() - _SAY_NOTHING != {"$ref"}:
            raise ValueError(f"$ref beside {', '.join(sorted(schema.keys() - {'$ref'}))}: it must stand alone")
        name = schema["$ref"].removeprefix(_REFERENCE)
        return lambda value: named(name)(value)
    return _OF_TYPE[schema["type"]](schema, named)


def _text(schema: Mapping[str, Any], named: Callable[[str], Fits]) -> Fits:
    words, longest = frozenset(schema.get("enum", ())), schema.get("maxLength", math.inf)
    return lambda value: isinstance(value, str) and len(value) <= longest and (not words or value in words)


def _boolean(schema: Mapping[str, Any], named: Callable[[str], Fits]) -> Fits:
    return lambda value: isinstance(value, bool)


def _number(schema: Mapping[str, Any], named: Callable[[str], Fits]) -> Fits:
    least, most, whole = schema.get("minimum", -math.inf), schema.get("maximum", math.inf), schema["type"] == "integer"

    def check(value: Any) -> bool:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        if whole and isinstance(value, float) and not value.is_integer():
            return False
        return bool(least <= value <= most)

    return check


def _list(schema: Mapping[str, Any], named: Callable[[str], Fits]) -> Fits:
    item, fewest = fits(schema["items"], named), schema.get("minItems", 0)
    return lambda value: isinstance(value, list) and len(value) >= fewest and all(map(item, value))


def _object(schema: Mapping[str, Any], named: Callable[[str], Fits]) -> Fits:
    known = {name: fits(inner, named) for name, inner in schema.get("properties", {}).items()}
    required, others = frozenset(schema.get("required", ())), schema.get("additionalProperties", True)

    def check(value: Any) -> bool:
        if not isinstance(value, dict) or not required <= value.keys():
            return False
        for name, inner in value.items():
            fit = known.get(name)
            if not (others if fit is None else fit(inner)):
                return False
        return True

    return check


_OF_TYPE: dict[str, Callable[[Mapping[str, Any], Callable[[str], Fits]], Fits]] = {
    "string": _text,
    "boolean": _boolean,
    "integer": _number,
    "number": _number,
    "array": _list,
    "object": _object,
}
