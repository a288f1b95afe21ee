"""What a manager takes of one client at a time, and the part of it that is this process's.

NSX answers 429 beyond 100 requests in a second and 503 beyond 40 at once (defaults of client_api_rate_limit and
client_api_concurrency_limit). Where several processes of one command ask one manager, each gets a share: a fixed part needs no
memory that they share, and nothing is held by one that was killed (docs/decisions/0027).
"""

from __future__ import annotations

from dataclasses import dataclass

AT_ONCE = 4
"""Requests that a reader, or an engine, has under way at one manager. A command on one stack has an engine, a reader and a look ahead,
nine at most: four commands beside one another stay below the 40."""
ALTOGETHER = 8
"""Requests that the processes of one command have under way at one manager, all together: each has an engine, a reader or a look at a time."""
PER_SECOND = 95
"""Requests that are begun at one manager in one second."""


@dataclass(frozen=True)
class Share:
    """A part of the limits of a manager."""

    at_once: int = AT_ONCE
    per_second: int = PER_SECOND

    @classmethod
    def of(cls, processes: int) -> Share:
        """What each of so many processes may ask of one manager, 1 to ALTOGETHER of them."""
        return cls(min(AT_ONCE, ALTOGETHER // processes), PER_SECOND // processes)


_mine = Share()


def mine() -> Share:
    """The share of this process; everything, unless it was given a part."""
    return _mine


def take(share: Share) -> None:
    """From now on this process has no more than a part."""
    global _mine
    _mine = share
