"""Terraform values as plain Python: `None` is null, `UNKNOWN` is known after apply, lists stand for lists and sets.

The wire form is msgpack as cty writes it (go-cty, cty/msgpack): unknown is extension 0 (12 with refinements), numbers that
fit neither int64 nor float64 are strings, sets are arrays.
"""

from __future__ import annotations

import json
from typing import Any, Final

import msgpack


class Unknown:
    """The one value that is not known yet. Compare with `is UNKNOWN`."""

    _instance: Unknown | None = None

    def __new__(cls) -> Unknown:
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __bool__(self) -> bool:
        raise TypeError("an unknown value is neither true nor false: compare with `is UNKNOWN`")


UNKNOWN: Final = Unknown()
Value = Any
"""None, UNKNOWN, str, bool, int, float, list of values, dict of values."""


def from_msgpack(data: bytes) -> Value:
    """Read one value as the engine sends it."""
    return msgpack.unpackb(data, raw=False, strict_map_key=False, ext_hook=lambda code, payload: UNKNOWN)


def to_msgpack(value: Value) -> bytes:
    """Write one value as the engine reads it."""
    packed: bytes = msgpack.packb(value, use_bin_type=True, default=_extension)
    return packed


def _extension(value: object) -> msgpack.ExtType:
    if value is UNKNOWN:
        return msgpack.ExtType(0, b"\x00")
    raise TypeError(f"no msgpack form for {type(value).__name__}")


def from_json(data: bytes) -> Value:
    """Read one value of a state file (it has no unknowns)."""
    return json.loads(data)


def wholly_known(value: Value) -> bool:
    """Whether nothing in the value waits for an apply."""
    if value is UNKNOWN:
        return False
    if isinstance(value, dict):
        return all(wholly_known(v) for v in value.values())
    if isinstance(value, list):
        return all(wholly_known(v) for v in value)
    return True


def known(value: Value) -> Value:
    """The value with every unknown turned into null: what a provider sees of it while it applies."""
    if value is UNKNOWN:
        return None
    if isinstance(value, dict):
        return {k: known(v) for k, v in value.items()}
    if isinstance(value, list):
        return [known(v) for v in value]
    return value
