"""How a comment and an issue are kept to one, on any forge.

Of several of ours (two runs at once) the oldest stays: it is the one that has the lowest number. Every run looks again after it
made one, removes the later ones and writes its words into the oldest; both runs come to the same answer, and whose words stay
is decided by who writes last.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from egress.domain import EgressError
from egress.forge.mark import Mark

_ATTEMPTS = 3
"""How often something that was deleted by others in between is looked for anew."""


class GoneError(Exception):
    """What was to be changed has been deleted meanwhile. Never leaves this room."""


@dataclass(frozen=True)
class Posted:
    """A comment or an issue as the forge has it. number: grows with time. is_open: always true of a comment. page: where a person reads it."""

    number: int
    text: str
    page: str = ""
    is_open: bool = True


class Comments(Protocol):
    """The comments of one pull request, as the one who posts now. Errors of every method: EgressError; GoneError where told."""

    longest: int
    """Characters that a comment may have."""

    def ours(self) -> list[Posted]:
        """Every comment that bears a mark of ours and whose author is the one who posts now, in any order. Always as it is now."""
        ...

    def create(self, text: str) -> Posted:
        """Makes a comment."""
        ...

    def edit(self, one: Posted, text: str) -> Posted:
        """Gives a comment another text. Errors: GoneError."""
        ...

    def delete(self, one: Posted) -> None:
        """Removes a comment. Errors: GoneError."""
        ...


class Issues(Protocol):
    """The issues of a repository, as the one who posts now. Errors of every method: EgressError; GoneError where told."""

    longest: int
    """Characters that an issue's body may have."""

    def ours(self) -> list[Posted]:
        """Every issue, open or closed, that bears a mark of ours and our label and whose author is the one who posts now, in any order.

        Read once for all stacks, and again after every change: a repository has an issue for each, and a token so many requests an hour.
        """
        ...

    def create(self, title: str, text: str) -> Posted:
        """Opens an issue with our label."""
        ...

    def edit(self, one: Posted, text: str) -> Posted:
        """Gives an issue another body, and opens it again if it is closed. Errors: GoneError."""
        ...

    def close(self, one: Posted, words: str) -> None:
        """Adds a comment and closes the issue. Errors: GoneError."""
        ...


class Done(StrEnum):
    """What a post came to."""

    MADE = "made"
    UPDATED = "updated"
    REOPENED = "opened again"
    UNCHANGED = "unchanged"
    CLOSED = "closed"
    NOTHING = "nothing to close"


@dataclass(frozen=True)
class Outcome:
    """What was done, and where a person reads it; empty where there is nothing."""

    done: Done
    page: str = ""


def upsert_comment(comments: Comments, mark: Mark, body: str) -> Outcome:
    """One comment with this mark and body: the one there is, or a new one. Nothing is written where it says so already.

    Errors: EgressError; a body that is too long is refused before anything is asked.
    """
    return kept_to_one(
        mark,
        body,
        comments.longest,
        lambda: _with(mark, comments.ours()),
        comments.create,
        comments.edit,
        comments.delete,
    )


def upsert_issue(issues: Issues, mark: Mark, title: str, body: str) -> Outcome:
    """One open issue with this mark and body. One that was closed is opened again, the latest of them, rather than begun anew:
    its number and its story stay. Its title stays as people may have changed it. Errors as of `upsert_comment`.
    """
    return kept_to_one(
        mark,
        body,
        issues.longest,
        lambda: _relevant(_with(mark, issues.ours())),
        lambda text: issues.create(title, text),
        issues.edit,
        lambda one: issues.close(one, "There is another issue for this stack, opened before this one."),
    )


def open_body(issues: Issues, mark: Mark) -> str:
    """The body of the open issue with this mark, empty where there is none. Errors: EgressError."""
    found = [one for one in _with(mark, issues.ours()) if one.is_open]
    return mark.off(min(found, key=lambda one: one.number).text) if found else ""


def open_marks(issues: Issues) -> list[Mark]:
    """The marks of the issues that are open, each once. Errors: EgressError."""
    return list(dict.fromkeys(mark for one in issues.ours() if one.is_open and (mark := Mark.of(one.text))))


def close_issue(issues: Issues, mark: Mark, words: str) -> Outcome:
    """Closes every open issue with this mark, with a word. Errors: EgressError."""
    done = Outcome(Done.NOTHING)
    for one in sorted(_with(mark, issues.ours()), key=lambda one: one.number):
        if one.is_open:
            with suppress(GoneError):
                issues.close(one, words)
                done = Outcome(Done.CLOSED, one.page)
    return done


def kept_to_one(
    mark: Mark,
    body: str,
    longest: int,
    ours: Callable[[], list[Posted]],
    create: Callable[[str], Posted],
    edit: Callable[[Posted, str], Posted],
    drop: Callable[[Posted], None],
) -> Outcome:
    """One post with this mark and body: the oldest of ours, or a new one. For this room. Errors: EgressError."""
    text = _fitting(mark, body, longest)
    for _ in range(_ATTEMPTS):
        made = None
        found = ours()
        if not found:
            made = create(text)
            found = ours() or [made]
        oldest, *later = sorted(found, key=lambda one: one.number)
        done, page = Done.MADE if made else Done.UNCHANGED, oldest.page
        if not oldest.is_open or not mark.is_on(oldest.text, body):
            try:
                page = edit(oldest, text).page
            except GoneError:
                continue
            done = Done.UPDATED if oldest.is_open else Done.REOPENED
        for one in later:
            with suppress(GoneError):
                drop(one)
        return Outcome(done, page)
    raise EgressError(f"what was posted was deleted {_ATTEMPTS} times while it was written: look who else posts there")


def _with(mark: Mark, found: list[Posted]) -> list[Posted]:
    return [one for one in found if mark.marks(one.text)]


def _relevant(found: list[Posted]) -> list[Posted]:
    """The open ones; where there is none the one that was opened last."""
    return [one for one in found if one.is_open] or sorted(found, key=lambda one: one.number)[-1:]


def _fitting(mark: Mark, body: str, longest: int) -> str:
    text = mark.on(body)
    if len(text) > longest:
        raise EgressError(
            f"the text has {len(text):,} characters, this forge takes {longest:,}: nothing was posted, cut it"
        )
    return text
