"""Policy objects of anybody's, as entries of a domain file: their identity, and why one of them cannot be held as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_network
from typing import Any

from egress.domain.addresses import Network
from egress.domain.fields import listed, quoted
from egress.policy.fields import OF_EVERY_OBJECT
from egress.policy.paths import last
from egress.policy.tree import Json


class CannotHoldError(Exception):
    """The end of a sentence about why a domain file cannot hold an object as it is."""


def identity(path: str, body: Json) -> dict[str, Any]:
    """The keys that name an object: its id, its name where that is another one, its tags even where it has none. Errors: CannotHoldError."""
    nsx_id = last(path)
    found: dict[str, Any] = {"nsx_id": nsx_id}
    name = body.get("display_name")
    if isinstance(name, str) and name not in ("", nsx_id):
        found["display_name"] = name
    if isinstance(body.get("description"), str) and body["description"]:
        found["description"] = body["description"]
    return {**found, "tags": _tags(body.get("tags"))}


def _tags(given: Any) -> dict[str, str]:
    """Tags as scope -> tag. Errors: CannotHoldError for two of one scope: a file has room for one."""
    found: dict[str, str] = {}
    for one in given if isinstance(given, list) else []:
        held = one if isinstance(one, dict) else {}
        scope, tag = held.get("scope") or "", held.get("tag") or ""
        if not isinstance(scope, str) or not isinstance(tag, str):
            raise CannotHoldError(f"its tag {quoted(one)} is no pair of texts")
        if scope in found:
            raise CannotHoldError(f"it has two tags of the scope {quoted(scope)}, and a file has room for one")
        found[scope] = tag
    return found


def refuse_strange(body: Json, known: frozenset[str]) -> None:
    """Errors: CannotHoldError for an attribute that a file has no key for, unless it says nothing."""
    strange = sorted(
        name
        for name, value in body.items()
        if name not in known
        and name not in OF_EVERY_OBJECT
        and not name.startswith("_")
        and value not in (None, "", False, [], {})
    )
    if strange:
        raise CannotHoldError(f"it has {listed([quoted(one) for one in strange])}, which a file has no key for")


def text(body: Json, name: str) -> str:
    """A text, empty where there is none. Errors: CannotHoldError for something else."""
    value = body.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise CannotHoldError(f"its {name} {quoted(value)} is no text")
    return value


def number(body: Json, name: str, default: int) -> int:
    """A number. Errors: CannotHoldError for something else."""
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int):
        raise CannotHoldError(f"its {name} {quoted(value)} is no whole number")
    return value


def mappings(value: Any) -> list[Json]:
    """The objects in a list of them; what is none is left out."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def texts(value: Any) -> list[str]:
    """The texts in a list of them; what is none is left out."""
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def below(value: Any, name: str) -> Any:
    """A value of an object in an object, None where there is none."""
    return value.get(name) if isinstance(value, Mapping) else None


def network(given: str, what: str) -> Network:
    """One address or network as it is written. Errors: CannotHoldError for a list, a range, and what is no address."""
    if "," in given:
        raise CannotHoldError(f"its {what} is a list, {quoted(given)}, and a mapping has one address or network")
    if "-" in given:
        raise CannotHoldError(f"its {what} is a range of addresses, {quoted(given)}, and a mapping has one network")
    try:
        found = ip_network(given)
    except ValueError:
        raise CannotHoldError(f"its {what} {quoted(given)} is no address or network that a file could name") from None
    if given not in (str(found), str(found.network_address) if found.num_addresses == 1 else ""):
        raise CannotHoldError(f"its {what} is written {quoted(given)}, and a file would write {found}")
    return found


def interfaces(value: Any, held: Mapping[str, str]) -> Sequence[str]:
    """Ids of the interfaces that a list of paths names. held: ids of the file's interfaces, by path. Errors: CannotHoldError."""
    given = texts(value)
    strange = [one for one in given if one not in held]
    if strange:
        raise CannotHoldError(f"it is applied to {listed(strange)}, which is no interface of this file")
    return [held[one] for one in dict.fromkeys(given)]
