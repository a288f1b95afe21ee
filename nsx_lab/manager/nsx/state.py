"""The state of a lab as a document."""

from __future__ import annotations

from typing import Any

from nsx_lab.manager.nsx import facts, settings
from nsx_lab.manager.nsx.manager import Manager
from nsx_lab.manager.nsx.realization import Record
from nsx_lab.shape import Shape, integer, one_of, text

FORMAT, VERSION = "nsx-lab-state", 1

_ALARM = {
    "type": "array",
    "prefixItems": [text(), integer(0)],
    "minItems": 2,
    "maxItems": 2,
    "title": "message and code",
}
_RECORD = Shape(
    {
        "path": text(),
        "state": text(minLength=1),
        "realized": {"type": ["object", "null"]},
        "alarms": {"type": "array", "items": _ALARM},
    },
    required=["path", "state", "realized", "alarms"],
)
SHAPE = Shape(
    {
        "format": one_of([FORMAT]),
        "version": one_of([VERSION]),
        "settings": settings.SHAPE.schema,
        "objects": {"type": "array"},
        "unrealized": {"type": "array", "items": _RECORD.schema},
        "down": {"type": "array", "items": text()},
    },
    required=["format", "version", "objects"],
)


def snapshot(manager: Manager) -> dict[str, Any]:
    """Everything that `restore` needs: objects in order, what is not realized as stored, and settings."""
    unusual = [_record(record) for record in manager.realization.records() if record.realized is not record.intent]
    return {
        "format": FORMAT,
        "version": VERSION,
        "settings": manager.settings.as_dict(),
        "objects": list(manager.store.objects()),
        "unrealized": unusual,
        "down": manager.runtime.down(),
    }


def _record(record: Record) -> dict[str, Any]:
    return {
        "path": record.path,
        "state": record.state,
        "realized": record.realized,
        "alarms": [list(alarm) for alarm in record.alarms],
    }


def restore(manager: Manager, document: Any, source: str = "snapshot") -> None:
    """Replaces everything by a snapshot; ValueError for a document it does not know, before anything is changed."""
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ValueError(f'{source}: not a snapshot of a lab: expected "format": "{FORMAT}"')
    if document.get("version") != VERSION:
        raise ValueError(
            f"{source}: snapshot version {document.get('version')!r} is not known here: this lab reads version {VERSION}"
        )
    try:
        SHAPE.check(document)
        facts.check_all(document["objects"])
        for record in document.get("unrealized", []):
            if record["realized"] is not None:
                facts.check(record["realized"])
    except ValueError as error:
        raise ValueError(f"{source}: not a snapshot that this lab knows: {error}") from error
    manager.settings.change(document.get("settings", {}))
    manager.load(document["objects"])
    manager.runtime.load(document.get("down", []))
    for record in document.get("unrealized", []):
        alarms = [(message, code) for message, code in record["alarms"]]
        manager.realization.put_back(record["path"], record["state"], record["realized"], alarms)
