"""The configuration of a lab in a folder, where it survives the end of the process. One lab at a time uses a folder."""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nsx_lab.manager.store.ledger import Evidence, claim
from nsx_lab.manager.store.store import Change, Object
from nsx_lab.strict_json import parse

VERSION = "1"
_LOG_BEGINS = b"\x37\x7f\x06"  # sqlite.org/fileformat2.html, 4.1
WAY_OUT = "move the folder away to begin anew"

claim(
    "a lab with a data directory loses no accepted write when it is killed: a write is in the database before it is answered",
    Evidence.ASSUMPTION,
    "a tool of the lab; holds for the end of the process, not for the loss of power",
    "test_state.py::test_accepted_writes_survive_kill_9",
)


class Lock:
    """A folder's lock. The system gives it back when the process ends, however it ends: the file that is left says nothing by itself."""

    FILE = "lab.lock"

    def __init__(self, folder: Path) -> None:
        """Takes the lock; ValueError, naming who holds it, when another lab has it."""
        self._descriptor = os.open(folder / self.FILE, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._descriptor, 1000, 0).decode(errors="replace").strip()
            os.close(self._descriptor)
            raise ValueError(
                f"{folder}: another lab keeps its configuration there ({holder or 'it has only just begun'}): "
                "end that lab, or give this one a folder of its own"
            ) from None
        except BaseException:
            os.close(self._descriptor)
            raise
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"process {os.getpid()}, since {time.strftime('%Y-%m-%d %H:%M:%S')}\n".encode(), 0)

    def release(self) -> None:
        """Gives it back. The file stays: whoever waits for a lock on it must not be left with one that nobody sees."""
        os.close(self._descriptor)


class Database:
    """Objects of a lab in SQLite, one row each, in order of creation."""

    FILE = "lab.sqlite3"

    def __init__(self, folder: Path) -> None:
        """Opens what is there, or makes it. ValueError in one sentence for a folder that is in use, or whose data cannot be read."""
        self.path = folder / self.FILE
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = Lock(folder)
        except OSError as error:
            raise ValueError(f"{folder}: no lab can keep its configuration there: {error.strerror}") from error
        try:
            self._db = self._open()
        except BaseException:
            self._lock.release()
            raise

    def _open(self) -> sqlite3.Connection:
        try:
            if not self.path.exists():
                self._make()
            opened = sqlite3.connect(self.path, check_same_thread=False, isolation_level=None)
            try:
                self._check(opened)
                opened.execute("pragma journal_mode = wal")
                opened.execute("pragma synchronous = normal")
            except BaseException:
                opened.close()
                raise
        except (sqlite3.Error, OSError) as error:
            raise self._unreadable(error) from error
        return opened

    def _make(self) -> None:
        """A database without objects. It appears whole or not at all, so that an empty file is never taken for a new one."""
        scratch = self.path.with_name(f".{self.FILE}.new")
        scratch.unlink(missing_ok=True)
        made = sqlite3.connect(scratch)
        try:
            made.execute("create table meta (key text primary key, value text not null)")
            made.execute(
                "create table objects (number integer primary key, path text unique not null, body text not null)"
            )
            made.execute("insert into meta values ('version', ?)", (VERSION,))
            made.commit()
        finally:
            made.close()
        scratch.replace(self.path)

    def _check(self, opened: sqlite3.Connection) -> None:
        """ValueError for a database that is not a lab's, or of another version; sqlite3.Error for a damaged one. Writes nothing."""
        if self.path.stat().st_size == 0:
            raise ValueError(f"{self.path} is empty, so what the lab kept there is lost: {WAY_OUT}")
        log = self.path.with_name(f"{self.FILE}-wal")
        if log.is_file() and log.stat().st_size and log.read_bytes()[:3] != _LOG_BEGINS:
            raise sqlite3.DatabaseError(
                f"{log.name} is no log of a database"
            )  # SQLite would pass over it, and over what it holds
        ((found,),) = opened.execute("pragma quick_check(1)")
        if found != "ok":
            raise sqlite3.DatabaseError(str(found).replace("\n", " "))
        tables = {name for (name,) in opened.execute("select name from sqlite_master where type = 'table'")}
        versions = (
            [value for (value,) in opened.execute("select value from meta where key = 'version'")]
            if "meta" in tables
            else []
        )
        if not {"meta", "objects"} <= tables or not versions:
            raise ValueError(f"{self.path}: not the data of a lab, but of some other program: give another folder")
        if versions != [VERSION]:
            raise ValueError(
                f"{self.path}: written by version {versions[0]} of the lab's data, this lab knows version {VERSION}: "
                f"start it with the lab that wrote it, or {WAY_OUT}"
            )

    def _unreadable(self, error: object) -> ValueError:
        return ValueError(f"{self.path}: not the data of a lab, or damaged ({error}): {WAY_OUT}")

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

    def load(self, check: Callable[[list[Any]], None]) -> list[Object]:
        """All objects, parents first; [] in a new folder. ValueError when `check` says so of them, or when they cannot be read."""
        try:
            rows = self._db.execute("select body from objects order by number").fetchall()
            objects: list[Any] = [parse(body) for (body,) in rows]
            check(objects)
        except (sqlite3.Error, ValueError, TypeError) as error:
            raise self._unreadable(error) from error
        return objects

    def close(self) -> None:
        self._db.close()
        self._lock.release()
