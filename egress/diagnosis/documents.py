"""Messages in what kubectl prints as JSON or YAML: events, the states of pods' containers, and what other objects say of themselves."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import yaml

from egress.diagnosis.messages import Message, one_line
from egress.domain import EgressError

_JSON = re.compile(r'(?:\[\s{0,99})?\{\s{0,99}"(?:apiVersion|kind|items|metadata)"\s*:')
_BLANKS = re.compile(r"\s*")
_YAML = re.compile(r"(?:apiVersion|kind|items|metadata):(?:\s|$)")
_WAITING_FOR_AN_IMAGE = (
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "ErrImageNeverPull",
    "ImageInspectError",
    "RegistryUnavailable",
    "SignatureValidationFailed",
)
"""Reasons of a waiting container (kubelet, pkg/kubelet/images/types.go)."""
_SAYING = ("message", "usefulErrorMessage", "stderr", "error")
"""Keys of a status whose values are for people: conditions, kapp-controller's App, kpack's Build."""
_BEGINNING = 400
"""Characters that tell whether a text is JSON."""
_DEEP = 12
"""Levels below a status that are looked at."""
_MAX_DEPTH = 64
"""Nesting that is followed: an event has 3 levels, a pod about 12 (limit of this project)."""
_GIVE = "give the output of kubectl get events"
_CUT = "was it cut off? give the whole output of kubectl"


def documents(text: str) -> list[Message] | None:
    """The messages of kubectl's JSON or YAML, None where the text is neither. Errors: EgressError where it begins as one and is none."""
    if _JSON.match(text.lstrip()[:_BEGINNING]):
        found = _json(text)
    elif _YAML.match(_first_line(text)):
        found = _yaml(text)
    else:
        return None
    said = [message for document in found for item in _items(document) for message in _of(item)]
    said.sort(key=lambda message: -(message.age or 0.0))
    return [Message(one.text, one.reason, one.of, one.age, order) for order, one in enumerate(said)]


def _first_line(text: str) -> str:
    """The first line that is neither empty nor a comment nor the beginning of a document."""
    lines = (match[0].strip() for match in re.finditer(r"[^\n]+", text))
    return next((line for line in lines if line and line[0] != "#" and line != "---"), "")


def _json(text: str) -> list[Any]:
    """The values of a JSON text, one or, as jq prints them, several."""
    decoder = json.JSONDecoder()
    found, at = [], _blanks(text, 0)
    try:
        while at < len(text):
            value, end = decoder.raw_decode(text, at)
            found.append(value)
            at = _blanks(text, end)
    except RecursionError:
        raise EgressError(f"this JSON is nested too deep for kubectl's: {_GIVE} -o json") from None
    except ValueError as error:
        raise EgressError(f"this begins as kubectl's JSON and is none ({error}): {_CUT}") from None
    return found


def _blanks(text: str, at: int) -> int:
    """Where the blanks that begin at a place end."""
    found = _BLANKS.match(text, at)
    return found.end() if found else at


def _yaml(text: str) -> list[Any]:
    """The documents of a YAML text; every value is text, as none of YAML's types is needed here."""
    events = yaml.parse(text, Loader=yaml.CBaseLoader)
    try:
        return [_node(event, events, 0) for event in events if isinstance(event, yaml.NodeEvent)]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1}: {getattr(error, 'problem', '')})" if mark else ""
        raise EgressError(f"this begins as kubectl's YAML and is none{where}: {_CUT}") from None


def _node(event: Any, events: Iterator[Any], depth: int) -> Any:
    """The value that begins with an event. Built here, as PyYAML would follow any nesting and any alias."""
    if depth > _MAX_DEPTH:
        raise EgressError(f"this YAML is nested too deep for kubectl's: {_GIVE} -o yaml")
    if isinstance(event, yaml.AliasEvent):
        raise EgressError(f"this YAML has aliases, which kubectl does not write: {_GIVE} -o yaml")
    if isinstance(event, yaml.ScalarEvent):
        return str(event.value)
    inner: list[Any] = []
    while not isinstance(following := next(events), yaml.CollectionEndEvent):
        inner.append(_node(following, events, depth + 1))
    if isinstance(event, yaml.SequenceStartEvent):
        return inner
    return {key: value for key, value in zip(inner[::2], inner[1::2], strict=True) if isinstance(key, str)}


def _items(document: Any) -> Iterator[dict[str, Any]]:
    items = document.get("items") if isinstance(document, dict) else document
    for item in items if isinstance(items, list) else [document]:
        if isinstance(item, dict):
            yield item


def _of(item: dict[str, Any]) -> Iterator[Message]:
    of = _name(item)
    if item.get("kind") == "Event" or "involvedObject" in item or "regarding" in item:
        yield _event(item)
    elif isinstance(_inside(item, "status").get("containerStatuses"), list):
        for key in ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"):
            for status in _list(_inside(item, "status").get(key)):
                yield from _container(status, of)
    else:
        for text in _said(item.get("status"), _DEEP):
            yield Message(one_line(text), None, of)


def _event(item: dict[str, Any]) -> Message:
    about = _inside(item, "involvedObject") or _inside(item, "regarding")
    kind, name = _text(about.get("kind")).lower(), _text(about.get("name"))
    said = one_line(_text(item.get("message")) or _text(item.get("note")))
    return Message(said, _text(item.get("reason")), f"{kind}/{name}" if name else None, _age(item))


def _container(status: Any, of: str | None) -> Iterator[Message]:
    """What a container waits for; one that runs or has run has its image."""
    if not isinstance(status, dict):
        return
    image = one_line(_text(status.get("image")))
    state = _inside(status, "state")
    if "running" in state or "terminated" in state:
        yield Message(f'Container image "{image}" already present on machine', "Pulled", of)
    waiting = _inside(state, "waiting")
    if waiting:
        reason, said = _text(waiting.get("reason")), one_line(_text(waiting.get("message")))
        kind = "Failed" if reason in _WAITING_FOR_AN_IMAGE else reason
        yield Message(f'{reason}: image "{image}": {said}', kind, of)


def _said(value: Any, deep: int) -> Iterator[str]:
    if not deep:
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in _SAYING and isinstance(inner, str):
                yield inner
            else:
                yield from _said(inner, deep - 1)
    for inner in value if isinstance(value, list) else ():
        yield from _said(inner, deep - 1)


def _age(item: dict[str, Any]) -> float | None:
    """Seconds from the last time that it was seen to the end of time: larger is older, as in a table's ages."""
    seen = (
        _text(_inside(item, "series").get("lastObservedTime")),
        _text(item.get("lastTimestamp")),
        _text(item.get("deprecatedLastTimestamp")),
        _text(item.get("eventTime")),
        _text(_inside(item, "metadata").get("creationTimestamp")),
    )
    for text in seen:
        try:
            when = datetime.fromisoformat(text)
        except ValueError:
            continue
        return (datetime.max.replace(tzinfo=UTC) - when.replace(tzinfo=UTC)).total_seconds()
    return None


def _name(item: dict[str, Any]) -> str | None:
    kind, name = _text(item.get("kind")).lower(), _text(_inside(item, "metadata").get("name"))
    return f"{kind or 'object'}/{name}" if name else None


def _inside(item: dict[str, Any], key: str) -> dict[str, Any]:
    value = item.get(key)
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
