"""Realization: what has become of the intent, path by path.

An accepted write is UNREALIZED until it is due by the logical clock (at once, unless a delay is set); then it is REALIZED, or ERROR
with an alarm. What is realized lags behind what is stored, and stays what it was when an update fails: the data plane stands on it.
"""

from __future__ import annotations

import fnmatch
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import count

from nsx_lab.manager.store.clock import Clock
from nsx_lab.manager.store.ledger import Evidence, claim
from nsx_lab.manager.store.store import Change, Object, Store, Transaction

REALIZED, UNREALIZED, ERROR, EMPTY = "REALIZED", "UNREALIZED", "ERROR", "EMPTY"

claim(
    "an accepted write is realized as REALIZED at once by default; after a set delay otherwise, by a logical clock",
    Evidence.ASSUMPTION,
    "a real NSX takes some seconds; nothing is known of the distribution",
    "test_realization.py::test_delay_by_the_logical_clock",
)
claim(
    "states of a realized entity: UNAVAILABLE, UNREALIZED, REALIZED, ERROR; an error comes with alarms[].message",
    Evidence.DOC,
    "vcf-nsx GenericPolicyRealizedResource.state; nsx-operator #885, #1014",
    "test_realization.py::test_error_comes_with_an_alarm",
)
claim(
    "an update that fails to realize leaves the earlier configuration in the data plane",
    Evidence.ASSUMPTION,
    "follows from intent and realization being separate; no source",
    "test_realization.py::test_failed_update_keeps_what_was_realized",
)

claim(
    "a deleted object is marked_for_delete until that is realized: shown by lists with include_mark_for_delete_objects and by search, not by GET",
    Evidence.DOC,
    "vcf-nsx stubs (include_mark_for_delete_objects); that a GET answers 404 meanwhile is an assumption",
    "test_realization.py::test_deleted_object_is_marked_until_it_has_left",
)


@dataclass(slots=True)
class Fate:
    """What becomes of the next writes of the paths that match `pattern` (a shell pattern; `*` crosses slashes).

    `state` is REALIZED, UNREALIZED, ERROR, EMPTY (no entity at all) or any other word, which is shown as it is. With `polls` the
    state changes to REALIZED once the entity was looked at that often. `once`: used up by the first write.
    """

    pattern: str
    state: str
    message: str = ""
    error_code: int = 0
    polls: int = 0
    once: bool = False

    def fits(self, path: str) -> bool:
        return self.pattern == path or fnmatch.fnmatchcase(path, self.pattern)


@dataclass(slots=True)
class Record:
    """The realization of one path. `realized` is what the data plane has, None before the first success."""

    path: str
    number: int
    """Records have rising numbers, in order of creation."""
    state: str
    intent: Object | None
    realized: Object | None = None
    due: float = 0.0
    stale_until: float = 0.0
    polls: int = 0
    fate: Fate | None = None
    alarms: list[tuple[str, int]] = field(default_factory=list)


Hook = Callable[[list[Change]], None]


class Realization:
    """Records by path. `delay` and `stale` are in seconds of the clock: how long a write takes, and how long the old REALIZED is shown meanwhile."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.delay = 0.0
        self.stale = 0.0
        self.hooks: list[Hook] = []
        self._records: dict[str, Record] = {}
        self._fates: list[Fate] = []
        self._numbers = count()
        self._pending: dict[str, None] = {}
        """Paths of which it is to be decided what becomes of them, when they are due; none of them is before `_earliest`."""
        self._earliest = math.inf
        self._leaving: dict[str, None] = {}
        """Paths that are deleted and not yet out of the data plane."""
        self._unlike: dict[str, None] = {}
        """Paths of which something else is realized than is stored."""
        self._alarmed: dict[str, None] = {}
        """Paths with alarms."""

    def accept(self, changes: Iterable[Change], errors: dict[str, tuple[str, int]], *, at_once: bool = False) -> None:
        """Takes over committed changes. `errors` are paths whose configuration cannot be realized, with message and code.

        `at_once` leaves the delay out: for what a lab begins with, which stands for an environment that is there already.
        """
        for change in changes:
            record = self._records.get(change.path)
            if record is None:
                record = self._records[change.path] = Record(change.path, next(self._numbers), UNREALIZED, None)
            self._schedule(record, change.after, errors.get(change.path), 0.0 if at_once else self.delay)
        self.tick()

    def _schedule(self, record: Record, intent: Object | None, error: tuple[str, int] | None, delay: float) -> None:
        now = self.clock.now()
        was_realized = record.state == REALIZED
        fate = self._fate_of(record.path)
        if error is not None and fate is None:
            fate = Fate(record.path, ERROR, *error)
        record.intent, record.fate = intent, fate
        self._alarm(record, [])
        self._note_difference(record)
        if intent is None and record.realized is not None:
            self._leaving[record.path] = None
        else:
            self._leaving.pop(record.path, None)
        record.polls = fate.polls if fate else 0
        record.stale_until = now + self.stale if was_realized else 0.0
        record.state = UNREALIZED
        self._wait(record, now + delay)

    def _wait(self, record: Record, due: float) -> None:
        record.due = due
        self._pending[record.path] = None
        self._earliest = min(self._earliest, due)

    def _alarm(self, record: Record, alarms: list[tuple[str, int]]) -> None:
        record.alarms = alarms
        if alarms:
            self._alarmed[record.path] = None
        else:
            self._alarmed.pop(record.path, None)

    def _note_difference(self, record: Record) -> None:
        if record.realized is not record.intent:
            self._unlike[record.path] = None
        else:
            self._unlike.pop(record.path, None)

    def _fate_of(self, path: str) -> Fate | None:
        for fate in reversed(self._fates):
            if fate.fits(path):
                if fate.once:
                    self._fates.remove(fate)
                return fate
        return None

    def tick(self) -> None:
        """Realizes what is due, and tells the hooks once what changed in the data plane."""
        now, done = self.clock.now(), []
        if self._earliest > now:
            return
        self._earliest = math.inf
        for path in list(self._pending):
            record = self._records[path]
            if record.due > now:
                self._earliest = min(self._earliest, record.due)
                continue
            del self._pending[path]
            change = self._settle(record)
            if change is not None:
                done.append(change)
        if done:
            for hook in list(self.hooks):
                hook(done)

    def _settle(self, record: Record) -> Change | None:
        fate = record.fate
        if record.intent is None or fate is None or fate.state == REALIZED or (fate.polls and record.polls <= 0):
            return self._realize(record)
        record.state = fate.state
        if fate.state == ERROR:
            self._alarm(record, [(fate.message or "realization failed", fate.error_code)])
        return None

    def _realize(self, record: Record) -> Change | None:
        before, after = record.realized, record.intent
        record.state, record.realized, record.fate = REALIZED, after, None
        self._alarm(record, [])
        self._note_difference(record)
        if after is None:
            del self._records[record.path]
            self._leaving.pop(record.path, None)
        return Change(record.path, before, after) if before is not after else None

    def look(self, path: str) -> Record | None:
        """The record as a client sees it now; counts as one poll. None when nothing is known of the path, and nothing of it is left.

        What is deleted and not yet out of the data plane is still there: `intent` None, `realized` what it was.
        """
        self.tick()
        record = self._records.get(path)
        if record is None:
            return None
        if record.fate is not None and record.polls > 0 and record.due <= self.clock.now():
            record.polls -= 1
            if not record.polls:
                self._wait(record, record.due)
        return record

    def shown(self, record: Record) -> str:
        """The state word a client is shown: the old REALIZED for a while after an update, if `stale` is set."""
        if record.state != REALIZED and record.stale_until > self.clock.now():
            return REALIZED
        return record.state

    def record(self, path: str) -> Record | None:
        """The record, without counting as a poll."""
        self.tick()
        return self._records.get(path)

    def records(self) -> list[Record]:
        self.tick()
        return list(self._records.values())

    def alarmed(self) -> list[Record]:
        """Records with alarms, in the order of `records`."""
        self.tick()
        return sorted((self._records[path] for path in self._alarmed), key=lambda record: record.number)

    def view(self, store: Store) -> Transaction:
        """What the data plane has, as the view of a transaction on the store of what is wanted."""
        self.tick()
        tx = Transaction(store)
        for path in self._unlike:
            realized = self._records[path].realized
            if realized is not None:
                tx.put(path, realized)
            else:
                tx.delete(path)
        return tx

    def realized(self) -> dict[str, Object]:
        """What the data plane has, by path."""
        return {record.path: record.realized for record in self.records() if record.realized is not None}

    def leaving(self) -> list[Object]:
        """Objects that are deleted but still in the data plane, as they are shown meanwhile: marked_for_delete."""
        self.tick()
        gone = [self._records[path].realized for path in self._leaving]
        return [{**obj, "marked_for_delete": True} for obj in gone if obj is not None]

    def decide(self, fate: Fate, *, now: bool) -> list[str]:
        """Sets what becomes of paths from the next write on and, with `now`, of what is there already. Returns the paths hit now."""
        self._fates = [known for known in self._fates if known.pattern != fate.pattern]
        if fate.state != REALIZED or fate.once:
            self._fates.append(fate)
        hit = [
            record for record in self._records.values() if now and record.intent is not None and fate.fits(record.path)
        ]
        for record in hit:
            record.fate, record.polls, record.stale_until = fate, fate.polls, 0.0
            self._alarm(record, [])
            self._wait(record, self.clock.now())
        self.tick()
        return [record.path for record in hit]

    def put_back(self, path: str, state: str, realized: Object | None, alarms: list[tuple[str, int]]) -> None:
        """A record as it was when a snapshot was taken: it stays so until the next write."""
        record = self._records.get(path)
        if record is None:
            return
        record.state = state
        self._alarm(record, alarms)
        before, record.realized = record.realized, realized
        self._note_difference(record)
        for hook in list(self.hooks):
            hook([Change(path, before, realized)])

    def clear(self) -> None:
        """Forgets records and decisions, and tells the hooks that all is gone; delays and hooks stay."""
        gone = [
            Change(record.path, record.realized, None)
            for record in self._records.values()
            if record.realized is not None
        ]
        self._records.clear()
        self._fates.clear()
        self._pending.clear()
        self._earliest = math.inf
        self._leaving.clear()
        self._unlike.clear()
        self._alarmed.clear()
        for hook in list(self.hooks) if gone else []:
            hook(gone)
