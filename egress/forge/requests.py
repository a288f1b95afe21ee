"""One pull request that is kept for a branch: opened, updated in place, closed when there is nothing to ask for any more."""

from __future__ import annotations

from contextlib import suppress
from typing import Protocol

from egress.forge.mark import Mark
from egress.forge.posting import Done, GoneError, Outcome, Posted, kept_to_one

__all__ = ["Requests", "close_request", "upsert_request"]


class Requests(Protocol):
    """The pull requests of one branch, as the one who posts now. Errors of every method: EgressError; GoneError where told."""

    longest: int
    """Characters that a body may have."""

    def ours(self) -> list[Posted]:
        """Every open one that bears a mark of ours and whose author is the one who posts now, in any order."""
        ...

    def create(self, title: str, text: str) -> Posted:
        """Opens one."""
        ...

    def edit(self, one: Posted, text: str) -> Posted:
        """Gives one another body. Errors: GoneError."""
        ...

    def close(self, one: Posted, words: str) -> None:
        """Adds a comment and closes it. Errors: GoneError."""
        ...


def upsert_request(requests: Requests, mark: Mark, title: str, body: str) -> Outcome:
    """One open pull request with this mark and body. One that was closed stays closed: somebody said no, or merged it. Its title stays as
    people may have changed it. Errors: EgressError; a body that is too long is refused before anything is asked.
    """
    return kept_to_one(
        mark,
        body,
        requests.longest,
        lambda: [one for one in requests.ours() if mark.marks(one.text)],
        lambda text: requests.create(title, text),
        requests.edit,
        lambda one: requests.close(one, "There is another pull request for this branch, opened before this one."),
    )


def close_request(requests: Requests, mark: Mark, words: str) -> Outcome:
    """Closes every open one with this mark, with a word. Errors: EgressError."""
    done = Outcome(Done.NOTHING)
    for one in sorted(requests.ours(), key=lambda one: one.number):
        if mark.marks(one.text):
            with suppress(GoneError):
                requests.close(one, words)
                done = Outcome(Done.CLOSED, one.page)
    return done
