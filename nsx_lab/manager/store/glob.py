"""Patterns with `*` and `?`, matched in a time that a client cannot blow up."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import groupby

ANY, ONE = object(), object()
"""What stands for any text, and for one character."""

Piece = str | object
"""A character that stands for itself, ANY or ONE."""


def matcher(pieces: Iterable[Piece], *, ignore_case: bool = False) -> Callable[[str], bool]:
    """Whether a whole text fits a pattern.

    The text between two stars is looked for once, from the left, and never again: for a pattern without alternatives the first place
    is as good as any later one. So a match costs the length of the text, times that of the longest stretch between stars at worst.
    (A plain regular expression tries all places of all stars: thirteen of them and a name of 255 letters take longer than a life.)
    """
    known = list(pieces)
    if not ignore_case and ANY not in known and ONE not in known:
        plain = "".join(map(str, known))
        return lambda text: text == plain
    first, *others = _stretches(known)
    expression = first
    if others:
        *middle, last = others
        expression += "".join(f"(?>.*?{stretch})" for stretch in middle if stretch) + f".*{last}"
    fits = re.compile(expression, re.DOTALL | (re.IGNORECASE if ignore_case else 0)).fullmatch
    return lambda text: fits(text) is not None


def _stretches(pieces: Iterable[Piece]) -> list[str]:
    """Regular expressions of what stands before, between and behind the stars; none of them holds a repetition."""
    found = [""]
    for is_star, group in groupby(pieces, lambda piece: piece is ANY):
        if is_star:
            found.append("")
        else:
            found[-1] = "".join("." if piece is ONE else re.escape(str(piece)) for piece in group)
    return found
