"""A bug of the lab's own is told: in the answer, and in the journal."""

from __future__ import annotations

from nsx_lab.manager import errors
from nsx_lab.manager.journal import Entry


def told(entry: Entry, error: Exception) -> errors.NsxError:
    """Notes in the journal's entry what nobody expected; returns what the client is told."""
    entry.status, entry.error_code = 500, errors.CODE_BUG
    entry.note = f"bug in the lab: {type(error).__name__}: {error}"
    return errors.bug(error)
