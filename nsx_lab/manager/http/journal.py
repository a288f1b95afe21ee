"""The journal: every request the lab was asked, never a credential."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import asdict, dataclass
from functools import lru_cache
from itertools import takewhile
from typing import Any

from nsx_lab.manager.store import errors
from nsx_lab.manager.store.ledger import Evidence, claim

KEPT = 50_000
"""Entries kept; older ones are dropped (a run of 200 rules makes about 600)."""
KEPT_BYTES = 32 * 1024 * 1024
"""Bytes of request bodies kept, as they came; where they are more, the oldest entries are dropped earlier."""

_SECRET = re.compile(r"pass(word|phrase)|secret|token|private_key|credential", re.IGNORECASE)
_FORM_SECRET = re.compile(r"(j_password|password)=[^&]*")
_FORM_SIGN = "password="

claim(
    "the journal holds method, path, query, body, status, user and fault of every request; values of keys that name a secret are masked",
    Evidence.ASSUMPTION,
    "a tool of the lab, not of NSX",
    "test_journal.py::test_journal_holds_no_credential",
)


@dataclass(slots=True)
class Entry:
    """One request. `status` is None while it is answered and when the connection was cut. `who` is "" before authentication."""

    seq: int
    t: float
    method: str
    path: str
    query: str
    body: Any
    status: int | None
    who: str
    fault: str
    error_code: int | None = None
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def bug(entry: Entry, error: Exception) -> errors.NsxError:
    """Notes a bug of the lab's own, so that it is seen here as well as in the answer; returns what the client is told."""
    entry.status, entry.error_code = 500, errors.CODE_BUG
    entry.note = f"bug in the lab: {type(error).__name__}: {error}"
    return errors.bug(error)


class Journal:
    """Entries in order of arrival. `seq` never repeats within the life of a lab, not even after `clear`."""

    def __init__(self) -> None:
        self._entries: deque[tuple[Entry, int]] = deque()
        self._bytes = 0
        self._seq = 0

    def open(self, t: float, method: str, path: str, query: str, body: Any, size: int = 0) -> Entry:
        """Notes a request that has arrived; the caller fills in how it ended. `size`: bytes of its body."""
        self._seq += 1
        entry = Entry(self._seq, t, method, path, query, masked(body), None, "", "")
        self._entries.append((entry, size))
        self._bytes += size
        while len(self._entries) > KEPT or (self._bytes > KEPT_BYTES and len(self._entries) > 1):
            self._bytes -= self._entries.popleft()[1]
        return entry

    def since(self, seq: int = 0) -> list[Entry]:
        """Entries with a number above `seq`."""
        newer = takewhile(lambda kept: kept[0].seq > seq, reversed(self._entries))
        return [entry for entry, _ in newer][::-1]

    @property
    def last(self) -> int:
        return self._seq

    def clear(self) -> None:
        self._entries.clear()
        self._bytes = 0


def masked(body: Any) -> Any:
    """A copy without the values of keys that name a secret; text that looks like a form loses its password."""
    if isinstance(body, dict):
        return {key: "***" if _is_secret(key) else masked(value) for key, value in body.items()}
    if isinstance(body, list):
        return [masked(item) for item in body]
    if isinstance(body, str) and _FORM_SIGN in body:
        return _FORM_SECRET.sub(r"\1=***", body)
    return body


@lru_cache(maxsize=4096)
def _is_secret(key: str) -> bool:
    return _SECRET.search(key) is not None
