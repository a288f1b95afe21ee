"""Python's cycle collector, paused while very many objects are made that stay."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused() -> Iterator[None]:
    """No search for cycles meanwhile: it would look through all domains again and again, and find none to free.

    A third of the time of `egress check` over 1,000 files, measured on CPython 3.11. Nested pauses end with the outermost.
    """
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()
