"""Keys of a file for objects that have names of all kinds: lower-case letters, digits and dashes, each once."""

from __future__ import annotations

from collections.abc import Collection

_LENGTH = 48
"""Of 63 that a key may have: a number may follow."""


class Names:
    """Keys that are given out. taken: those that nobody gets."""

    def __init__(self, taken: Collection[str] = ()) -> None:
        self._taken = set(taken)

    def give(self, wanted: str) -> str:
        """A key that is like a text, and like no other that was given."""
        plain = slug(wanted)
        key, number = plain, 2
        while key in self._taken:
            key, number = f"{plain}-{number}", number + 1
        self._taken.add(key)
        return key


def slug(wanted: str) -> str:
    """A text as a key."""
    plain = "".join(one if one.isascii() and one.isalnum() else "-" for one in wanted.lower())
    return "-".join(part for part in plain.split("-") if part)[:_LENGTH].strip("-") or "unnamed"
