"""The lab's logical clock, by which delays are told."""

from __future__ import annotations

import time
from collections.abc import Callable


class Clock:
    """Seconds since the lab began. It follows the wall, or, once `hold` is called, stands still and moves by `advance` only."""

    def __init__(self, source: Callable[[], float] = time.monotonic) -> None:
        self._source = source
        self._start = source()
        self._offset = 0.0
        self._held: float | None = None

    def now(self) -> float:
        if self._held is not None:
            return self._held
        return self._source() - self._start + self._offset

    def hold(self) -> None:
        """From now on time moves by `advance` only."""
        self._held = self.now()

    def run(self) -> None:
        """Time follows the wall again, from where it stood."""
        now = self.now()
        self._held = None
        self._offset += now - self.now()

    def advance(self, seconds: float) -> None:
        """Moves the clock on, held or not."""
        if seconds < 0:
            raise ValueError(f"the clock cannot go back by {-seconds} s")
        if self._held is not None:
            self._held += seconds
        else:
            self._offset += seconds

    @property
    def held(self) -> bool:
        return self._held is not None


def wall_ms() -> int:
    """Milliseconds since 1970, as in `_create_time`."""
    return int(time.time() * 1000)
