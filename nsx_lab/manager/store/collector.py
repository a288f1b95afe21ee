"""Python's garbage collector, paused while a lab takes in many objects: none of them is garbage, and looking for it again and again takes longer than all the rest."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused() -> Iterator[None]:
    """No collection while it lasts, however it ends. The outermost of several that are nested ends the pause; where the collector was off before, it stays off."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
