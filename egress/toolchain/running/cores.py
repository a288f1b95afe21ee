"""The cores that there are for this process."""

from __future__ import annotations

import os


def cores() -> int:
    """How many it may run on at a time, 1 or more."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
