"""Who may look at the page: tickets that open it once, and passes that a browser tab holds while it looks.

The page's address must carry something, and addresses leak: into a history, a process list, a terminal's scroll-back. So it carries
neither the control token nor a password but a ticket, good for one look-in and for nothing but looking.
"""

from __future__ import annotations

import secrets
from collections import deque

TICKETS_KEPT = 16
PASSES_KEPT = 64


class Visitors:
    """Tickets and passes of one lab, in memory. The oldest gives way when there are too many. Callers hold the manager's lock."""

    def __init__(self) -> None:
        self._tickets: deque[str] = deque(maxlen=TICKETS_KEPT)
        self._passes: deque[str] = deque(maxlen=PASSES_KEPT)

    def ticket(self) -> str:
        """A new ticket."""
        made = secrets.token_urlsafe(24)
        self._tickets.append(made)
        return made

    def enter(self, ticket: str) -> str | None:
        """A pass for a ticket, which is used up by it; None for a ticket that is unknown or used."""
        found = _same(self._tickets, ticket)
        if found is None:
            return None
        self._tickets.remove(found)
        made = secrets.token_urlsafe(24)
        self._passes.append(made)
        return made

    def may_look(self, shown: str) -> bool:
        """Whether this is a pass."""
        return _same(self._passes, shown) is not None


def _same(known: deque[str], given: str) -> str | None:
    """The known word that equals the given one; every one is compared, in constant time."""
    hits = [word for word in known if secrets.compare_digest(word.encode(), given.encode())]
    return hits[0] if hits else None
