"""What plan does for a pull request: each plan is walked over what its manager has now, told as Markdown, and saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from egress.cli._neighbours import Neighbours
from egress.cli._views import live_source
from egress.cli.context import Project
from egress.cli.output import say
from egress.delivery.outcome.record import Entry
from egress.delivery.planning import saved
from egress.delivery.planning.looks import Found
from egress.delivery.planning.plans import Plan, Verb
from egress.delivery.planning.saved import Saved
from egress.domain import EgressError
from egress.escape import line, uncoloured
from egress.reachability.view import Live
from egress.review import consequence, planned_run, walked
from egress.review.afterwards import flows_now
from egress.review.comment import SUMMARY, render
from egress.review.consequence import Fate
from egress.review.planned_run import FailedPlan, GoneStack, PlannedRun, Reviewed
from egress.writing import append


class Reviews:
    """The reviews of a run, collected as its stacks are planned."""

    def __init__(
        self, project: Project, neighbours: Neighbours, directory: Path | None, summary_file: Path | None
    ) -> None:
        self._project, self._neighbours = project, neighbours
        self._directory, self._summary_file = directory, summary_file
        self._plans: list[Reviewed] = []
        self._failed: list[FailedPlan] = []
        self._gone: list[GoneStack] = []

    @property
    def wanted(self) -> bool:
        """Whether anybody reads them."""
        return bool(self._directory or self._summary_file)

    def planned(self, plan: Plan, around: Found, base: str = "") -> None:
        """Reviews a plan, and saves it where plans are to be saved. base: what a stack without a file was taken from. Errors: EgressError."""
        stack = plan.stack
        live, not_seen = self._live(plan, around)
        neighbours = self._neighbours.of(stack.domain)
        review = walked.review(stack.domain, neighbours, plan.content, live, not_seen, around.report)
        words = uncoloured(plan.words)
        self._plans.append(
            Reviewed(stack.name, stack.run.words(stack.domain), plan.content, words, plan.digest, review)
        )
        if self._directory:
            planned_run.forget(self._directory, stack.name)
            saved.save(plan, self._directory, consequence.as_json(review), base)

    def failed(self, stack: str, words: str) -> None:
        """Remembers that a stack could not be planned. Errors: EgressError."""
        self._failed.append(planned_run.failure(stack, words))
        if self._directory:
            self._failed[-1].write(self._directory)

    def gone(self, stack: str) -> None:
        """Remembers that nothing is left of a stack whose domain file is gone. Errors: EgressError."""
        self._gone.append(GoneStack(stack))
        if self._directory:
            self._gone[-1].write(self._directory)

    def packed(self) -> Any:
        """What this process reviewed since it was last asked, for another one."""
        reviewed = self._plans, self._gone
        self._plans, self._gone = [], []
        return reviewed

    def unpacked(self, packed: Any) -> None:
        """Adds what another process reviewed."""
        plans, gone = packed
        self._plans += plans
        self._gone += gone

    def end(self) -> None:
        """Tells the run as Markdown where that is wanted. Errors: EgressError."""
        if self._summary_file:
            run = PlannedRun(tuple(self._plans), tuple(self._failed), gone=tuple(self._gone))
            append(self._summary_file, render(run, SUMMARY - _size(self._summary_file)))

    def _live(self, plan: Plan, around: Found) -> tuple[Live | None, str]:
        """What the manager has now, or why that was not seen."""
        if around.failed:
            return None, around.failed
        try:
            return live_source(self._project, plan.stack.domain), ""
        except EgressError as error:
            say(f"{plan.stack.name}: what the plan does to packets is walked over the files: {line(str(error))}")
            return None, str(error)


def walk_afterwards(project: Project, neighbours: Neighbours, entry: Entry, taken: Saved | None) -> None:
    """Walks the flows of a stack that was just applied, tells them, and enters them into its record.

    taken: the saved plan that it was. Errors: EgressError where a flow does not work that was to work by its review.
    """
    stack = entry.plan.stack
    if entry.plan.verb is not Verb.APPLY:
        return
    review = consequence.parse(taken.files[saved.REVIEW], f"{stack.name}: {saved.REVIEW}") if taken else None
    try:
        found = flows_now(stack.domain, neighbours.of(stack.domain), live_source(project, stack.domain), review)
    except EgressError as error:
        say(f"{stack.name}: applied; its flows were not walked: {line(str(error))}")
        return
    entry.flows = [one.as_data() for one in found]
    works = sum(one.flow.after.fate is Fate.WORKS for one in found)
    say(f"{stack.name}: walked over what is there now, {works} of {len(found)} flows work")
    for one in found:
        if one.flow.after.fate is not Fate.WORKS:
            say(f"{stack.name}: {line(str(one))}")
    if broken := [one for one in found if one.broken_promise]:
        entry.error = f"{stack.name}: applied, and {len(broken)} of its flows do not work that were to work: egress explain {stack.name} --live"
        raise EgressError(entry.error)


def _size(file: Path) -> int:
    """Bytes that a file has already: a step's summary is one file, whatever was written into it before."""
    try:
        return file.stat().st_size
    except OSError:
        return 0
