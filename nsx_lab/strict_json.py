"""JSON as a door takes it: of bounded depth, with finite numbers, and with text that can be written down again."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

MAX_DEPTH = 64
"""Levels of nesting. The deepest tree of the hierarchical API that the lab knows has 15."""


def parse(text: bytes | str) -> Any:
    """The value in a JSON text; ValueError in words for everything that RFC 8259 does not have, or leaves open."""
    try:
        value = json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except RecursionError as error:
        raise ValueError(f"nested deeper than {MAX_DEPTH} levels") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8: {error.reason} at byte {error.start}") from error
    signs = (b"{", b"[", b"\\ud", b"\\uD") if isinstance(text, bytes) else ("{", "[", "\\ud", "\\uD")
    objects, lists, *halves = (text.count(sign) for sign in signs)  # type: ignore[arg-type]
    if objects + lists > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise ValueError(f"nested deeper than {MAX_DEPTH} levels")
    if any(halves):
        _refuse_half_characters(value)
    return value


def without_nulls(value: Any) -> Any:
    """A copy in which a null is as good as nothing."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text[:20]} is too large a number")
    return number


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level:
        depth += 1
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return depth


def _refuse_half_characters(value: Any) -> None:
    """Half of a surrogate pair is no character: nothing can write it."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"\\u{ord(error.object[error.start]):04x} is half of a surrogate pair") from error
