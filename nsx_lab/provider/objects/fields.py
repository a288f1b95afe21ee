"""How one attribute travels: its key in the API, its form in a body, what a missing one means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nsx_lab.provider.values.values import Value
from nsx_lab.provider.wire.errors import ProviderError
from nsx_lab.provider.wire.model import BOOLEAN, INTEGER, STRING, TAG, ListOf, Struct, WireType


@dataclass(frozen=True)
class Form:
    """Two directions of one attribute: `write` makes JSON of a value, `read` makes a value of (typed) JSON, never None."""

    wire: WireType
    write: Callable[[Value], Any] = lambda value: value
    read: Callable[[Any], Value] = lambda value: value


@dataclass(frozen=True)
class Field:
    """One attribute of a resource and its key in the body.

    `omit_empty` leaves an empty value out of the body. `keep_missing` leaves the stored value alone when an answer lacks the
    key; otherwise a missing key reads as the zero value. `since` is the manager's version below which the field does not exist.
    """

    attribute: str
    key: str
    form: Form
    omit_empty: bool = False
    keep_missing: bool = False
    since: tuple[int, ...] = ()


def _texts(value: list[str]) -> list[str]:
    return [text for text in value if text]


def _write_tags(value: list[dict[str, str]]) -> list[dict[str, str]]:
    """Up to the first tag with neither scope nor value: there the provider stops, silently."""
    written: list[dict[str, str]] = []
    for tag in value:
        if not tag["scope"] and not tag["tag"]:
            break
        written.append({"scope": tag["scope"], "tag": tag["tag"]})
    return written


def _read_tags(value: list[dict[str, Any]]) -> list[dict[str, str]]:
    return [{"scope": tag["scope"] or "", "tag": tag["tag"] or ""} for tag in value]


def _write_hops(value: list[dict[str, Any]]) -> list[dict[str, Any]]:
    hops = []
    for hop in value:
        written: dict[str, Any] = {"admin_distance": hop["admin_distance"]}
        if hop["ip_address"]:
            written["ip_address"] = hop["ip_address"]
        if hop["interface"]:
            written["scope"] = [hop["interface"]]
        hops.append(written)
    return hops


def _read_hops(value: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of several scopes only the first one is kept."""
    return [
        {
            "admin_distance": hop["admin_distance"] or 0,
            "ip_address": hop["ip_address"] or "",
            "interface": hop["scope"][0] if hop["scope"] else "",
        }
        for hop in value
    ]


def _write_prefixes(value: list[dict[str, Any]]) -> list[dict[str, Any]]:
    prefixes = []
    for prefix in value:
        written = {"action": prefix["action"], "network": prefix["network"] or "ANY"}
        written.update({bound: prefix[bound] for bound in ("ge", "le") if prefix[bound] > 0})
        prefixes.append(written)
    return prefixes


def _read_prefixes(value: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for prefix in value:
        for key in ("action", "network"):
            if prefix[key] is None:
                raise ProviderError(f"a prefix in the manager's answer has no {key} (the real provider crashes here)")
    return [
        {
            "action": prefix["action"],
            "network": "" if prefix["network"] in ("ANY", "any") else prefix["network"],
            "ge": prefix["ge"] or 0,
            "le": prefix["le"] or 0,
        }
        for prefix in value
    ]


TEXT = Form(STRING)
NUMBER = Form(INTEGER)
FLAG = Form(BOOLEAN)
TEXTS = Form(ListOf(STRING), write=_texts)
COMMA_LIST = Form(STRING, write=",".join, read=lambda text: [part for part in text.split(",") if part])
TAGS = Form(ListOf(TAG), write=_write_tags, read=_read_tags)
HOPS = Form(
    ListOf(Struct("router_nexthop", {"admin_distance": INTEGER, "ip_address": STRING, "scope": ListOf(STRING)})),
    write=_write_hops,
    read=_read_hops,
)
PREFIXES = Form(
    ListOf(Struct("prefix_entry", {"action": STRING, "network": STRING, "ge": INTEGER, "le": INTEGER})),
    write=_write_prefixes,
    read=_read_prefixes,
)

COMMON = (
    Field("display_name", "display_name", TEXT),
    Field("description", "description", TEXT),
    Field("tag", "tags", TAGS),
)
"""What every resource writes."""
COMPUTED = (
    Field("path", "path", TEXT),
    Field("revision", "_revision", NUMBER),
)
"""What every resource reads beside what it writes."""
