"""What the search API finds: an index of the objects that may lag behind them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import count

from nsx_lab.manager.store.clock import Clock
from nsx_lab.manager.store.ledger import Evidence, claim
from nsx_lab.manager.store.query import Query
from nsx_lab.manager.store.store import Change, Object

INDEXED = ("resource_type", "id")
"""Fields by whose value objects are found without a look at all of them: what the provider's look-ups name."""

claim(
    "search answers results, result_count and cursor (the number of results handed out so far)",
    Evidence.CAPTURED,
    "zhengxiexie/scripts, warp/template/real_nsx_policy_api_report.md",
    "test_search.py::test_pages_follow_the_cursor",
)
claim(
    "search answers in the order in which objects came to be, whatever the query; a change does not move an object",
    Evidence.ASSUMPTION,
    "NSX's order without sort_by is not known; a reader of pages needs one that stays",
    "test_search.py::test_order_is_one_for_every_query_and_stays_over_a_patch",
)


class SearchIndex:
    """Documents by path, as of `lag` seconds ago by the lab's clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._documents: dict[str, Object] = {}
        self._number: dict[str, int] = {}
        self._next = count()
        self._by_value: dict[tuple[str, str], dict[str, None]] = {}
        self._waiting: list[tuple[float, Change]] = []

    def apply(self, changes: Iterable[Change], lag: float) -> None:
        due = self._clock.now() + lag
        if self._waiting:
            due = max(due, self._waiting[-1][0])  # never before what was changed earlier, whatever the lag was then
        self._waiting.extend((due, change) for change in changes)
        self._catch_up()

    def _catch_up(self) -> None:
        now, done = self._clock.now(), 0
        for due, change in self._waiting:
            if due > now:
                break
            self._index(change)
            done += 1
        del self._waiting[:done]

    def _index(self, change: Change) -> None:
        path, new, old = change.path, change.after, self._documents.get(change.path)
        for field in INDEXED:
            if old is not None and (new is None or new[field] != old[field]):
                self._take_out((field, old[field]), path)
            if new is not None:
                self._by_value.setdefault((field, new[field]), {})[path] = None
        if new is not None:
            self._documents[path] = new
            self._number.setdefault(path, next(self._next))
        elif old is not None:
            del self._documents[path], self._number[path]

    def _take_out(self, value: tuple[str, str], path: str) -> None:
        found = self._by_value[value]
        del found[path]
        if not found:
            del self._by_value[value]

    def find(self, wanted: Query) -> list[Object]:
        """Documents that match, in order of creation."""
        self._catch_up()
        paths = wanted.candidates(self._exact)
        if paths is None:
            return [document for document in self._documents.values() if wanted.matches(document)]
        found = [path for path in paths if wanted.matches(self._documents[path])]
        return [self._documents[path] for path in sorted(found, key=self._number.__getitem__)]

    def _exact(self, field: str, value: str) -> Collection[str] | None:
        return self._by_value.get((field, value), ()) if field in INDEXED else None

    def clear(self) -> None:
        self._documents.clear()
        self._number.clear()
        self._by_value.clear()
        self._waiting.clear()
