"""Time as the provider waits by it: between two tries, and for realization."""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Seconds that pass. The wall's for whoever uses the provider; a test may have them pass faster."""

    def now(self) -> float:
        """Seconds since some moment."""
        ...

    def wait(self, seconds: float, unless: threading.Event) -> bool:
        """Waits, unless the event is set or comes meanwhile; whether it was so."""
        ...


class Wall:
    """The wall clock."""

    def now(self) -> float:
        return time.monotonic()

    def wait(self, seconds: float, unless: threading.Event) -> bool:
        return unless.wait(max(0.0, seconds))


WALL = Wall()
