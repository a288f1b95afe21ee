"""The state of a lab as a document, and as a database that survives the end of the process."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

from nsx_lab.manager import facts, settings
from nsx_lab.manager.ledger import Evidence, claim
from nsx_lab.manager.manager import Manager
from nsx_lab.manager.realization import Record
from nsx_lab.manager.shape import Shape, integer, one_of, text
from nsx_lab.manager.store import Change, Object

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
    },
    required=["format", "version", "objects"],
)

claim(
    "a lab with a data directory loses no accepted write when it is killed: a write is in the database before it is answered",
    Evidence.ASSUMPTION,
    "a tool of the lab; holds for the end of the process, not for the loss of power",
    "test_state.py::test_accepted_writes_survive_kill_9",
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
    for record in document.get("unrealized", []):
        alarms = [(message, code) for message, code in record["alarms"]]
        manager.realization.put_back(record["path"], record["state"], record["realized"], alarms)


class Database:
    """Objects of a lab in SQLite, one row each, in order of creation."""

    FILE = "lab.sqlite3"

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / self.FILE
        self._db = sqlite3.connect(self.path, check_same_thread=False, isolation_level=None)
        try:
            self._prepare()
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise ValueError(f"{self.path}: not the data of a lab: {error}") from error

    def _prepare(self) -> None:
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = normal")
        self._db.execute("create table if not exists meta (key text primary key, value text not null)")
        self._db.execute(
            "create table if not exists objects (number integer primary key, path text unique not null, body text not null)"
        )
        self._db.execute("insert or ignore into meta values ('version', ?)", (str(VERSION),))
        ((version,),) = self._db.execute("select value from meta where key = 'version'")
        if version != str(VERSION):
            self._db.close()
            raise ValueError(
                f"{self.path}: written by version {version} of the lab's data, this lab knows version {VERSION}"
            )

    def save(self, changes: list[Change]) -> None:
        """Writes changes, all or none."""
        self._db.execute("begin immediate")
        try:
            for change in changes:
                if change.after is None:
                    self._db.execute("delete from objects where path = ?", (change.path,))
                else:
                    body = json.dumps(change.after, separators=(",", ":"))
                    statement = "insert into objects (path, body) values (?, ?) on conflict (path) do update set body = excluded.body"
                    self._db.execute(statement, (change.path, body))
            self._db.execute("commit")
        except BaseException:
            self._db.execute("rollback")
            raise

    def load(self) -> list[Object]:
        """All objects, parents first; [] in a new folder."""
        return [json.loads(body) for (body,) in self._db.execute("select body from objects order by number")]

    def close(self) -> None:
        self._db.close()
