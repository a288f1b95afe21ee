"""How long a command may read from managers, and one request of it: a manager that never answers must not hold a command."""

from __future__ import annotations

import time
from collections.abc import Callable

COMMAND = 60.0
"""Seconds that one command may spend on reading managers, all of them together (`--timeout`)."""
REQUEST = 30.0
"""Seconds that one request may take, from the name's resolution to the last byte of the answer."""


class PassedError(Exception):
    """The time is over. Not an EgressError: the client makes a sentence of it."""


class Deadline:
    """The end of a command's time. `seconds`: all of it. `clock`: seconds that only grow; tests give their own."""

    def __init__(self, seconds: float = COMMAND, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._clock = clock
        self._end = clock() + seconds
        self._request_end = self._end

    def begin_request(self) -> None:
        """A request begins now: it gets REQUEST seconds, or what is left of the command's."""
        self._request_end = min(self._end, self._clock() + REQUEST)

    def left(self) -> float:
        """Seconds that are left for the request that goes on. Errors: PassedError when there are none."""
        seconds = self._request_end - self._clock()
        if seconds <= 0:
            raise PassedError
        return seconds

    @property
    def command_left(self) -> float:
        """Seconds that are left for the command, never less than 0."""
        return max(0.0, self._end - self._clock())
