"""Waiting for a state, in the rhythm of the plugin SDK's StateChangeConf, and the two data sources that wait.

First look after `delay`, then pauses of 1, 2, 4, 8, 10, 10, ... seconds.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from typing import Any

from nsx_lab.provider.objects.gateways import Scope
from nsx_lab.provider.values.record import Record
from nsx_lab.provider.wire.client import Client, query_escape
from nsx_lab.provider.wire.clock import WALL, Clock
from nsx_lab.provider.wire.errors import ApiError, ProviderError
from nsx_lab.provider.wire.model import STRING, ListOf, Struct, convert, policy_object

PENDING = ("UNKNOWN", "UNREALIZED")
TARGET = ("REALIZED", "ERROR")
LONGEST_PAUSE = 10.0
_EXTENDED = ListOf(Struct("attribute_val", {"key": STRING, "values": ListOf(STRING)}))
_ENTITY = policy_object(
    "generic_policy_realized_resource",
    {
        "state": STRING,
        "entity_type": STRING,
        "realization_specific_identifier": STRING,
        "extended_attributes": _EXTENDED,
    },
)
_ANSWER = Struct("generic_policy_realized_resource_list_result", {"results": ListOf(_ENTITY)})


def wait_for(
    look: Callable[[], str],
    delay: float,
    timeout: float,
    stop: threading.Event,
    clock: Clock = WALL,
) -> None:
    """Call `look` until it returns a target state. Raises ProviderError on any other word, on timeout, and when stopped."""
    deadline = clock.now() + timeout
    pause, last, problem = 1.0, "", None
    _sleep(min(delay, timeout), stop, clock)
    while clock.now() < deadline:
        last, problem = _look(look)
        if last in TARGET:
            return  # even if it came too late
        if problem is not None and clock.now() < deadline:
            raise problem
        _sleep(min(pause, deadline - clock.now()), stop, clock)
        pause = min(2 * pause, LONGEST_PAUSE)
    told = [f"last state: '{last}'"] if last else []
    told.append(f"timeout: {duration(timeout)}")
    said = f"timeout while waiting for state to become '{', '.join(TARGET)}' ({', '.join(told)})"
    raise ProviderError(f"{said}: {problem}" if problem else said)


def _look(look: Callable[[], str]) -> tuple[str, Exception | None]:
    """The state, and what is wrong: a failed look, or a word that is neither pending nor a target."""
    try:
        state = look()
    except (ApiError, ProviderError) as error:
        return "", error
    if state in PENDING or state in TARGET:
        return state, None
    # the end is how Go prints an error that is not there
    return state, ProviderError(
        f"unexpected state '{state}', wanted target '{', '.join(TARGET)}'. last error: %!s(<nil>)"
    )


def _sleep(seconds: float, stop: threading.Event, clock: Clock) -> None:
    if clock.wait(seconds, stop):
        raise ProviderError("stopped while waiting for realization")


def duration(seconds: float) -> str:
    """Go's time.Duration.String for whole seconds."""
    whole = int(seconds)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    if hours:
        return f"{hours}h{minutes}m{rest}s"
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"


def entities(client: Client, scope: Scope, intent_path: str) -> list[dict[str, Any]]:
    """The realized entities of an intent. Raises ApiError."""
    url = f"{scope.root}/realized-state/realized-entities?intent_path={query_escape(intent_path)}"
    found: list[dict[str, Any]] = convert(client.call("GET", url), _ANSWER)["results"] or []
    return found


def read_realization_info(record: Record, client: Client, scope: Scope, stop: threading.Event) -> None:
    """nsxt_policy_realization_info. A state of ERROR is a success."""
    path, wanted = record.get("path"), record.get("entity_type")
    if not record.get("id"):
        record.id = str(uuid.uuid4())  # a configured id is not taken over: the provider then answers nothing at all

    def look() -> str:
        state = "UNKNOWN"
        for entity in entities(client, scope, path):
            state = entity["state"] or state
            if wanted and entity["entity_type"] != wanted:
                continue
            record.set("state", state)
            if not wanted and entity["entity_type"] is not None:
                record.set("entity_type", entity["entity_type"])
            record.set("realized_id", entity["realization_specific_identifier"] or "")
            return state
        record.set("state", "UNKNOWN")
        record.set("realized_id", "")
        return "UNKNOWN"

    try:
        wait_for(look, record.get("delay"), record.get("timeout"), stop, client.clock)
    except (ApiError, ProviderError) as error:
        raise ProviderError(f"Failed to get realization information for {path}: {error}") from error


def read_gateway_interface(record: Record, client: Client, scope: Scope, stop: threading.Event) -> None:
    """nsxt_policy_gateway_interface_realization: the realized interface of a gateway by id, name, or the one with addresses."""
    path = record.get("gateway_path")

    def look() -> str:
        found = _interface(entities(client, scope, path), record.get("id"), record.get("display_name"))
        if found is None or found["state"] is None:
            return "UNKNOWN"
        _take_interface(record, found)
        return str(found["state"])

    try:
        wait_for(look, record.get("delay"), record.get("timeout"), stop, client.clock)
    except (ApiError, ProviderError) as error:
        said = f"Failed to get gateway interface realization information for {path}: {error}"
        raise ProviderError(said) from error


def _interface(found: list[dict[str, Any]], identifier: str, name: str) -> dict[str, Any] | None:
    exact, containing = [], []
    for entity in found:
        if identifier and entity["id"] == identifier:
            return entity
        if name and entity["display_name"] is not None:
            if entity["display_name"] == name:
                exact.append(entity)
            elif name in entity["display_name"]:
                containing.append(entity)
        elif any(a["key"] == "IpAddresses" for a in entity["extended_attributes"] or []):
            return entity
    if not identifier and not name and found:
        return found[0]
    for chosen, how in ((exact, "with name"), (containing, "whose name contains")):
        if len(chosen) > 1:
            raise ProviderError(f"Found multiple gateway interfaces {how} '{name}'")
        if chosen:
            return chosen[0]
    return None


def _take_interface(record: Record, entity: dict[str, Any]) -> None:
    for attribute in entity["extended_attributes"] or []:
        if attribute["key"] == "IpAddresses" and attribute["values"]:
            record.set("ip_address", attribute["values"])
        if attribute["key"] == "MacAddress" and attribute["values"]:
            record.set("mac_address", attribute["values"][0])
    record.set("state", entity["state"])
    record.id = entity["id"] or ""
