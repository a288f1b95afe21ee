"""The lines of an object of the Tier-0 in a file: every value with the path and the attribute that it came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from egress.scan.lines import Row, heading, item, pair

_ATTRIBUTES = {
    "nsx_id": "id",
    "source": "source_network",
    "destination": "destination_network",
    "translated": "translated_network",
    "priority": "sequence_number",
    "discard": "next_hops",
    "profile": "bfd_profile_path",
    "sources": "source_addresses",
}
"""Attributes of the NSX Policy API by the file's keys, where these are other words."""
_NO_NOTES: Mapping[str, str] = MappingProxyType({})


def object_lines(
    indent: int, key: str, path: str, values: Mapping[str, Any], mark: str = "", notes: Mapping[str, str] = _NO_NOTES
) -> Iterator[Row]:
    """A key with an object's values below it. mark: of the entry, left out the path. notes: what more is known of a value, by its key."""
    yield heading(indent, key, "", mark or path)
    yield from value_lines(indent + 2, path, values, mark, notes)


def value_lines(
    indent: int, path: str, values: Mapping[str, Any], mark: str = "", notes: Mapping[str, str] = _NO_NOTES
) -> Iterator[Row]:
    """The values of an object, a line each; next hops a line each as well."""
    for name, value in values.items():
        origin = f"{path} {_ATTRIBUTES.get(name, name)}"
        if name == "next_hops":
            yield heading(indent, name, "", mark or path)
            yield from (item(indent + 2, hop, origin, mark or path) for hop in value)
        else:
            note = f"{origin}: {notes[name]}" if name in notes else origin
            yield pair(indent, name, value, note, mark or path)
