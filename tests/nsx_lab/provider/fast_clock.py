"""A clock by which nobody waits: seconds pass when somebody asks for them, and are written down."""

from __future__ import annotations

import threading


class FastClock:
    """What nsx_lab.provider.wire.clock.Clock is. `waits` are the seconds of every wait, in order, to a tenth."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self._now = 0.0
        self._lock = threading.Lock()

    def now(self) -> float:
        with self._lock:
            return self._now

    def wait(self, seconds: float, unless: threading.Event) -> bool:
        with self._lock:
            self.waits.append(round(seconds, 1))
            self._now += seconds
        return unless.is_set()
