"""A folder for what a run makes on the way: it goes with the run, and one that a killed run left goes with the next."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import portalocker

_YOUNG = 60.0
"""Seconds in which a folder may not be held yet by whoever made it."""
_ALONE = portalocker.LockFlags.EXCLUSIVE | portalocker.LockFlags.NON_BLOCKING


@contextmanager
def scratch(parent: Path, prefix: str) -> Iterator[Path]:
    """A new folder in `parent`, whose name begins with `prefix`. Others of that name that nobody holds any more are taken away."""
    for left in parent.glob(f"{prefix}*"):
        _take_away(left)
    with tempfile.TemporaryDirectory(prefix=prefix, dir=parent) as folder, _held(Path(folder)):
        yield Path(folder)


def _take_away(left: Path) -> None:
    """Takes a folder away that was left, unless it is held, or that cannot be told."""
    with contextlib.suppress(OSError):
        if time.time() - left.stat().st_mtime < _YOUNG:
            return
    with _held(left) as alone:
        if alone:
            shutil.rmtree(left, ignore_errors=True)


@contextmanager
def _held(folder: Path) -> Iterator[bool]:
    """Holds a folder for as long as this process, or one forked from it, lives. False where another one does, or the system has no such locks:
    Windows opens no folder, and some file systems know none."""
    with contextlib.ExitStack() as opened:
        try:
            file = os.open(folder, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
            opened.callback(os.close, file)
            portalocker.lock(file, _ALONE)
            alone = True
        except (OSError, portalocker.exceptions.LockException):
            alone = False
        yield alone
