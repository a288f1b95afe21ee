"""Reading what the product or an engine wrote itself: such a file can be cut off, empty or replaced, as any other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from egress.domain import EgressError

JsonObject = dict[str, Any]


def read_bytes(file: Path, what: str, way_out: str) -> bytes:
    """The bytes of a file. `what` it is and the `way_out` stand in the message. Errors: EgressError."""
    try:
        return file.read_bytes()
    except FileNotFoundError:
        raise EgressError(f"{what} {str(file)!r} is not there: {way_out}") from None
    except OSError as error:
        raise EgressError(f"{what} {str(file)!r} cannot be read ({error.strerror}): {way_out}") from None


def read_object(file: Path, what: str, way_out: str) -> JsonObject:
    """The JSON object in a file. Errors: EgressError, which says what is wrong with it and the way out."""
    return json_object(read_bytes(file, what, way_out), f"{what} {str(file)!r}", way_out)


def json_object(content: bytes | str, what: str, way_out: str) -> JsonObject:
    """A JSON object. Errors: EgressError for what is empty, binary, cut off, or something else than an object."""
    wrong = _wrong(content)
    if isinstance(wrong, dict):
        return wrong
    raise EgressError(f"{what} {wrong}: {way_out}")


def _wrong(content: bytes | str) -> JsonObject | str:
    """The object, or what is wrong."""
    try:
        text = content.decode("utf-8") if isinstance(content, bytes) else content
    except UnicodeDecodeError:
        return "is no text"
    if not text.strip():
        return "is empty"
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        at_end = not text[error.pos :].strip()
        return "is cut off" if at_end else f"is no JSON (line {error.lineno}, column {error.colno})"
    except (RecursionError, ValueError):
        return "is no JSON that can be read"
    return value if isinstance(value, dict) else "holds no JSON object"
