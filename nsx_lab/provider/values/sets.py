"""Sets as the SDK (terraform-plugin-sdk v2) keeps them: keyed by a hash, listed in the order of the hash written as text.

That order is what goes onto the wire: tags leave in it, neither as configured nor sorted.
"""

from __future__ import annotations

import zlib

from nsx_lab.provider.values.schema import Attribute, NestedBlock
from nsx_lab.provider.values.values import UNKNOWN, Value, wholly_known


def _text(value: Value) -> str:
    if value is None or value is UNKNOWN:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(value)


def code(schema: Attribute | NestedBlock, element: Value) -> str:
    """The key of one element: CRC-32 of its fields in the order of their names; a tilde marks one with unknowns."""
    if isinstance(schema, NestedBlock):
        fields = element if isinstance(element, dict) else {}
        serial = "".join(f"{name}:{_text(fields.get(name))};" for name in sorted(schema.block.attributes))
    else:
        serial = f"{_text(element)};"
    number = str(zlib.crc32(serial.encode()))
    return number if wholly_known(element) else f"~{number}"


def keyed(schema: Attribute | NestedBlock, elements: list[Value]) -> dict[str, Value]:
    """Elements by key, in the SDK's order; equal ones fall together."""
    found = {code(schema, element): element for element in elements}
    return {key: found[key] for key in sorted(found)}


def listed(schema: Attribute | NestedBlock, elements: list[Value]) -> list[Value]:
    """The elements as the SDK lists them."""
    return list(keyed(schema, elements).values())
