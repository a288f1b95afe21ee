"""One issue per stack for what drift finds: opened, updated, closed when it is well."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from egress.cli.output import say
from egress.forge import Done, Issues, Mark, Outcome, close_issue, open_body, open_marks, upsert_issue
from egress.review import drift_issue

_DRIFT = "drift "


class DriftIssues:
    """The issues of a repository. Errors of every method: EgressError, as of the forge."""

    def __init__(self, issues: Issues) -> None:
        self._issues = issues

    def drifted(self, stack: str, body: str) -> None:
        """Somebody has to look."""
        _tell(stack, upsert_issue(self._issues, _mark(stack), drift_issue.title(stack), body))

    def not_compared(self, stack: str, why: str) -> None:
        """Nothing is known of the stack now. Its issue stays open and keeps what was known; one that has none gets one, as
        nobody may take silence for health."""
        before = open_body(self._issues, _mark(stack))
        self.drifted(stack, drift_issue.not_compared(stack, why, before))

    def none_compared(self, stacks: Sequence[str], why: str) -> None:
        """As `not_compared`, of all of them."""
        for stack in stacks:
            self.not_compared(stack, why)

    def well(self, stack: str) -> None:
        """Closes the stack's issue, if it has an open one."""
        _tell(stack, close_issue(self._issues, _mark(stack), drift_issue.WELL))

    def gone(self, stacks: Collection[str]) -> None:
        """Closes the issues of stacks that are none of these: nobody would ever look at them again."""
        known = {_mark(stack) for stack in stacks}
        for mark in open_marks(self._issues):
            if mark.words.startswith(_DRIFT) and mark not in known:
                _tell(mark.words.removeprefix(_DRIFT), close_issue(self._issues, mark, drift_issue.GONE))


def _mark(stack: str) -> Mark:
    return Mark(f"{_DRIFT}{stack}")


def _tell(stack: str, outcome: Outcome) -> None:
    if outcome.done is not Done.NOTHING:
        say(f"{stack}: issue {outcome.done}{f' ({outcome.page})' if outcome.page else ''}")
