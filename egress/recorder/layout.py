"""JSON as a CDK lays it out: sorted keys (as JavaScript sorts), two spaces."""

from __future__ import annotations

import json
from typing import Any

_scalar = json.JSONEncoder(ensure_ascii=False).encode


def json_text(value: object, *, splits_empty: bool, indent: str = "\n") -> str:
    """`splits_empty`: there is a line end between the brackets of what is empty."""
    if isinstance(value, str):
        return _scalar(value)
    if isinstance(value, dict):
        if not value and not splits_empty:
            return "{}"
        deeper = f"{indent}  "
        items = [
            f"{deeper}{_scalar(key)}: {json_text(value[key], splits_empty=splits_empty, indent=deeper)}"
            for key in _in_order(value)
        ]
        return "{" + ",".join(items) + indent + "}"
    if isinstance(value, list):
        if not value and not splits_empty:
            return "[]"
        deeper = f"{indent}  "
        items = [deeper + json_text(item, splits_empty=splits_empty, indent=deeper) for item in value]
        return "[" + ",".join(items) + indent + "]"
    return _scalar(value)


def _in_order(keys: dict[str, Any]) -> list[str]:
    """By their UTF-16 code units; of ASCII that is Python's own order."""
    return sorted(keys) if all(map(str.isascii, keys)) else sorted(keys, key=lambda key: key.encode("utf-16-be"))
