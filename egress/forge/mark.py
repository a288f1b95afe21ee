"""The hidden line by which a comment or an issue of ours is found again."""

from __future__ import annotations

import re
from dataclasses import dataclass

_WORDS = re.compile(r"[a-z0-9]+(?:[ -][a-z0-9]+)*")
BEGINNING = "<!-- tier0-egress:"
"""What every mark of ours begins with; no page or comment shows it."""
_MARK = re.compile(rf"{BEGINNING} ({_WORDS.pattern}) -->")


@dataclass(frozen=True)
class Mark:
    """`<!-- tier0-egress: WORDS -->`, the first line of what is posted. words: lower-case letters, digits, single blanks and dashes.

    Anybody can write it into a text of theirs: what bears it is ours only if its author is the one who posts now.
    """

    words: str

    def __post_init__(self) -> None:
        if not _WORDS.fullmatch(self.words):
            raise ValueError(f"{self.words!r} makes no mark: lower-case letters, digits, single blanks and dashes")

    def __str__(self) -> str:
        return f"{BEGINNING} {self.words} -->"

    def on(self, body: str) -> str:
        """The text to post: this mark, then the body, with the line ends and without the blank end that forges drop."""
        return f"{self}\n{_plain(body)}"

    @classmethod
    def of(cls, text: str) -> Mark | None:
        """The mark in the first line of a text, None where there is none of ours."""
        found = _MARK.fullmatch(_plain(text).partition("\n")[0])
        return cls(found[1]) if found else None

    def marks(self, text: str) -> bool:
        """Whether this mark is the first line of a text."""
        return _plain(text).partition("\n")[0] == str(self)

    def is_on(self, text: str, body: str) -> bool:
        """Whether a text that was posted is this body under this mark."""
        return _plain(text) == self.on(body)

    def off(self, text: str) -> str:
        """The body of a text that was posted under this mark."""
        return _plain(text).removeprefix(f"{self}\n")


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").rstrip()
