"""A file in place of a forge: the comment is written there, mark and all."""

from __future__ import annotations

from pathlib import Path

from egress.domain import EgressError
from egress.forge.mark import Mark
from egress.forge.posting import Posted
from egress.writing import write

LONGEST = 1024 * 1024
"""What GitHub takes for a step's summary (their documentation), which such a file is for."""


class FileComments:
    """One file that is one comment. There is nothing to be found twice in it."""

    longest = LONGEST

    def __init__(self, path: Path) -> None:
        self._path = path

    def ours(self) -> list[Posted]:
        """What the file holds, where it bears a mark of ours."""
        try:
            text = self._path.read_text(encoding="utf-8") if self._path.is_file() else ""
        except (OSError, UnicodeDecodeError):
            return []  # it is written over, and writing tells what is wrong with it
        return [Posted(1, text, str(self._path))] if Mark.of(text) else []

    def create(self, text: str) -> Posted:
        """Writes the file, whole or not at all."""
        write(self._path, f"{text}\n")
        return Posted(1, text, str(self._path))

    def edit(self, one: Posted, text: str) -> Posted:
        """Writes it anew."""
        return self.create(text)

    def delete(self, one: Posted) -> None:
        """A file holds one comment: there is never a later one."""
        raise EgressError(f"{one.page!r} is not removed")
