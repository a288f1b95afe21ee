"""Leaving the rest to cdktf: at once, from wherever it is found, so that no `except` of a program can go on without it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

HANDED_OVER = 75
"""Exit code of a run that cdktf has to do (EX_TEMPFAIL of sysexits.h; main.py's own are 0, 1 and 2)."""

_note: Path | None = None


def note_in(file: Path) -> None:
    """Where the reason is written to."""
    global _note
    _note = file


def hand_over(reason: str) -> NoReturn:
    """Ends this process; `reason` says what only cdktf knows."""
    if _note is not None:
        _note.write_text(reason, encoding="utf-8", errors="replace")
    os._exit(HANDED_OVER)
