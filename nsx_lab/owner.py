"""The process for which another one runs: nothing that the lab starts outlives what it was started for, however that ends."""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable

_LOOK = 0.5  # seconds between two looks, where the system cannot tell by itself


def when_gone(process: int, act: Callable[[], None]) -> None:
    """Calls `act`, from a thread, once the process with this number has ended. ProcessLookupError if there is none."""
    wait = _waiting_for(process)

    def watch() -> None:
        wait()
        act()

    threading.Thread(target=watch, name="nsx-lab-owner", daemon=True).start()


def _waiting_for(process: int) -> Callable[[], None]:
    """What waits for the end. What it waits for is settled now: a number is given again once its process has ended."""
    try:
        descriptor = os.pidfd_open(process)
    except (AttributeError, OSError) as error:  # not Linux, or one before 5.3
        if isinstance(error, ProcessLookupError):
            raise
        os.kill(process, 0)
        return lambda: _look_until_gone(process)

    def wait() -> None:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        poll.poll()
        os.close(descriptor)

    return wait


def _look_until_gone(process: int) -> None:
    while True:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return
        except PermissionError:  # the number is somebody else's by now
            return
        time.sleep(_LOOK)
