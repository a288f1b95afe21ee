"""What a document must look like, and a sentence for one that does not: JSON Schema with the words of this project.

Nobody needs to know JSON Schema to read a refusal: "status '503': an integer from 200 to 599 is expected". The value of a `writeOnly`
key, which is a secret, is not shown.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

_TYPES = Draft202012Validator.TYPE_CHECKER.redefine_many(
    {
        "integer": lambda checker, value: isinstance(value, int) and not isinstance(value, bool),
        "number": lambda checker, value: (
            (isinstance(value, int) and not isinstance(value, bool))
            or (isinstance(value, float) and math.isfinite(value))
        ),
    }
)
_Validator = extend(Draft202012Validator, type_checker=_TYPES)
_NOUNS = {
    "integer": "an integer",
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
    "object": "an object",
    "array": "a list",
    "null": "null",
}


class Shape:
    """An object with these keys and, without `others`, no others. `keys` are JSON Schemas by name; `title` in one says in words what it takes.

    `noun` is what a key is called in messages.
    """

    def __init__(
        self,
        keys: Mapping[str, Mapping[str, Any]],
        required: Iterable[str] = (),
        *,
        noun: str = "key",
        others: bool = False,
    ) -> None:
        self._noun = noun
        self.schema = {
            "type": "object",
            "properties": dict(keys),
            "required": list(required),
            "additionalProperties": others,
        }
        self._validator = _Validator(self.schema)

    def check(self, document: Any) -> None:
        """ValueError, in one sentence, for a document that does not fit."""
        error = next(self._validator.iter_errors(document), None)
        if error is not None:
            raise ValueError(_sentence(error, self._noun))


def text(**limits: Any) -> dict[str, Any]:
    """Text."""
    return {"type": "string", **limits}


def integer(low: int, high: int = 2**31 - 1) -> dict[str, Any]:
    """A whole number, both ends included."""
    return {"type": "integer", "minimum": low, "maximum": high}


def number(low: float, high: float) -> dict[str, Any]:
    """A finite number, both ends included."""
    return {"type": "number", "minimum": low, "maximum": high}


BOOLEAN: dict[str, Any] = {"type": "boolean"}


def one_of(words: Iterable[str | int]) -> dict[str, Any]:
    """One of these words or numbers."""
    return {"enum": list(words)}


def where(error: ValidationError) -> str:
    """Where in the document: `faults[1].status`; "" is the whole of it."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path)
    return "".join(steps).removeprefix(".")


def _sentence(error: ValidationError, noun: str) -> str:
    place = where(error)
    if error.validator == "additionalProperties":
        allowed = list(error.schema["properties"])
        unknown = sorted(str(key) for key in error.instance if key not in allowed)[0]
        return (
            f"unknown {noun} {unknown!r}{f' in {place}' if place else ''}: allowed are {', '.join(allowed) or 'none'}"
        )
    if error.validator == "required":
        missing = next(key for key in error.schema["required"] if key not in error.instance)
        return f"{missing} is missing{f' in {place}' if place else ''}"
    shown = "" if error.schema.get("writeOnly") else f" {_shown(error.instance)}"
    return f"{place}{shown}: {_expected(error.schema)}".lstrip()


def _expected(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return f"allowed are {', '.join(map(str, schema['enum']))}"
    if "title" in schema:
        return f"{schema['title']} is expected"
    types = schema.get("type", [])
    expected = " or ".join(_NOUNS[name] for name in ([types] if isinstance(types, str) else types))
    if "maximum" in schema:
        expected += f" from {schema['minimum']} to {schema['maximum']}"
    if "maxLength" in schema:
        expected += f" of {schema.get('minLength', 0)} to {schema['maxLength']} characters"
    elif schema.get("minLength"):
        expected += " that is not empty"
    return f"{expected} is expected"


def _shown(value: Any) -> str:
    shown = repr(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return shown if len(shown) <= 60 else shown[:57] + "..."
