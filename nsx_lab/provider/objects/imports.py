"""Import identifiers: a policy path, or `<gateway-id>/<id>` (which asks the manager for the gateway)."""

from __future__ import annotations

import re

from nsx_lab.provider.objects.gateways import Scope
from nsx_lab.provider.values import checks
from nsx_lab.provider.values.record import Record
from nsx_lab.provider.wire.client import Client, path_escape
from nsx_lab.provider.wire.errors import ApiError, ProviderError
from nsx_lab.provider.wire.model import convert, policy_object

_BAD_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2})|[\x00-\x1f\x7f]")


def take_policy_path(record: Record, identifier: str) -> bool:
    """Set id and context from a policy path; False if the identifier is none."""
    if not identifier.strip():
        raise ProviderError("import identifier cannot be empty")
    if _BAD_ESCAPE.search(identifier) or "//" in identifier or not checks.is_policy_path(identifier):
        return False
    segments = identifier.split("/")
    if "infra" in segments[1]:
        record.id = segments[-1]
        return True
    if len(segments) < 5:
        raise ProviderError(f"invalid policy multitenancy path {identifier}")
    if segments[3] == "projects":
        record.set("context", [{"project_id": segments[4]}])
        record.id = segments[-1]
    return True


def between(path: str, start: str, end: str) -> str:
    """The part of a policy path between two delimiters (`start` may be empty)."""
    begin, stop = path.find(start), path.find(end)
    if begin < 0 or stop < 0 or begin + len(start) > stop:
        raise ProviderError(f"failed to parse policy path {path}, delimited by '{start}' and '{end}'")
    return path[begin + len(start) : stop]


def take_short_form(record: Record, client: Client, parts: list[str], tier1: bool) -> None:
    """Set id and gateway_path from `<gateway-id>/<id>`. `tier1`: if there is no such Tier-0, try a Tier-1."""
    scope = Scope(global_manager=client.settings.global_manager)
    try:
        gateway = _gateway(client, scope, "tier-0s", parts[0])
    except ApiError as error:
        if not tier1 or not error.not_found:
            raise
        gateway = _gateway(client, scope, "tier-1s", parts[0])
    record.set("gateway_path", gateway)
    record.id = parts[1]


def _gateway(client: Client, scope: Scope, tier: str, identifier: str) -> str | None:
    answer = client.call("GET", f"{scope.root}/{tier}/{path_escape(identifier)}")
    path: str | None = convert(answer, policy_object("tier0", {}))["path"]
    return path


def tier0_importer(record: Record, client: Client, identifier: str) -> None:
    """The importer of objects that only a Tier-0 has: the short form alone."""
    parts = identifier.split("/")
    if len(parts) != 2:
        raise ProviderError("Please provide <gateway-id>/<id> as an input")
    take_short_form(record, client, parts, tier1=False)
