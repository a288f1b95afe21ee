"""Looking an object up by id or name, as the policy data sources do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nsx_lab.provider.objects.gateways import Scope
from nsx_lab.provider.values.record import Record
from nsx_lab.provider.wire.client import Client, query_escape
from nsx_lab.provider.wire.errors import ApiError, ProviderError
from nsx_lab.provider.wire.model import DYNAMIC, INTEGER, STRING, ListOf, Struct, convert, convert_hit, policy_object

_SPECIAL = "()[]+-=&|><!{}^~*?:/"
_SLASH = "\\/"
_ANSWER = Struct("search_response", {"results": ListOf(DYNAMIC), "result_count": INTEGER, "cursor": STRING})
_HIT = policy_object("policy_resource", {})


@dataclass(frozen=True)
class Wanted:
    """What to look for: a resource type, and an id or (the start of) a display name. `within` adds conditions."""

    resource_type: str
    id: str = ""
    name: str = ""
    within: Mapping[str, str] | None = None

    @property
    def asked(self) -> str:
        """What is looked for, as messages call it."""
        return f"ID '{self.id}'" if self.id else f"name '{self.name}'"

    def query(self, scope: Scope) -> str:
        """The search expression. Blanks are not escaped; a name is looked for by its start."""
        if self.id:
            parts = [f"id:{escape(self.id)}"]
        else:
            parts = [f"resource_type:{self.resource_type}", f"display_name:{escape(self.name)}*"]
        parts.append("marked_for_delete:false")
        parts += [f"{key}:{value.replace('/', _SLASH)}" for key, value in (self.within or {}).items()]
        return " AND ".join([*parts, scope.search_path])


def escape(text: str) -> str:
    """A backslash before every character that the query language knows."""
    return "".join(f"\\{char}" if char in _SPECIAL else char for char in text)


def find(record: Record, client: Client, scope: Scope, wanted: Wanted) -> dict[str, Any]:
    """Find the one object, set id, display_name, description and path of the record. Returns the whole object."""
    try:
        hits = _pages(client, scope.search, wanted.query(scope))
    except ApiError as error:
        sought = (
            f"Error getting resource {wanted.resource_type} with {wanted.asked} : "
            if client.release.names_the_sought
            else ""
        )
        raise ProviderError(f"{sought}{error}") from error
    hit, whole = _choose(hits, wanted)
    record.id = hit["id"]
    for name in ("display_name", "description", "path"):
        record.set(name, hit[name])
    return whole


def _pages(client: Client, path: str, query: str) -> list[Any]:
    """All pages. `cursor` leads on until the first page's result_count is reached."""
    hits: list[Any] = []
    total, cursor = 0, None
    while True:
        url = f"{path}?query={query_escape(query)}" + ("" if cursor is None else f"&cursor={query_escape(cursor)}")
        answer = convert(client.call("GET", url), _ANSWER)
        if answer["result_count"] is None and total == 0:
            raise ProviderError("the manager's search answer has no result_count (the real provider crashes here)")
        page = answer["results"] or []
        total = total or answer["result_count"]
        hits += page
        if len(hits) >= total:
            return hits
        if not page and answer["cursor"] == cursor:
            raise ProviderError(
                f"the manager promised {total} search results and gave {len(hits)} (the real provider asks for ever here)"
            )
        cursor = answer["cursor"]


def _choose(hits: list[Any], wanted: Wanted) -> tuple[dict[str, Any], dict[str, Any]]:
    """By id the first hit of the type; by name the only exact one, else the only one that starts so."""
    exact, starting = [], []
    for whole in hits:
        hit = convert_hit(whole, _HIT)
        _demand(hit, "resource_type")
        if hit["resource_type"] != wanted.resource_type:
            continue
        if wanted.id:
            exact.append((hit, whole))
            break
        _demand(hit, "display_name")
        if hit["display_name"] == wanted.name:
            exact.append((hit, whole))
        if hit["display_name"].startswith(wanted.name):
            starting.append((hit, whole))
    chosen = exact or starting
    if not chosen:
        raise ProviderError(f"{wanted.resource_type} with {wanted.asked} was not found")
    if len(chosen) > 1:
        how = "name" if exact else "name starting with"
        raise ProviderError(f"Found multiple {wanted.resource_type} with {how} '{wanted.name}'")
    _demand(chosen[0][0], "id")
    return chosen[0]


def _demand(hit: dict[str, Any], key: str) -> None:
    if hit[key] is None:
        raise ProviderError(f"an object in the manager's search answer has no {key} (the real provider crashes here)")
