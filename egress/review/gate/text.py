"""A verdict as lines of text, and as JSON-ready data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from egress.review.finding import GateFinding, GateVerdict, Override
from egress.review.planned_run import PlannedRun

Json = dict[str, Any]


def lines(verdict: GateVerdict, run: PlannedRun) -> Iterator[str]:
    """The verdict for people: by stack what, why and what to do; then notes, then one line that counts."""
    for stack, found in groupby(verdict.findings, key=lambda one: one.stack):
        yield stack or "the run"
        for one in found:
            yield from (f"  {line}" for line in _finding(one))
    yield from (f"note: {note}" for note in verdict.notes)
    yield summary(verdict, run)


def summary(verdict: GateVerdict, run: PlannedRun) -> str:
    """`the gate passes: 3 plans, 1 overridden, 2 warnings`."""
    stops = sum(one.stops for one in verdict.findings)
    overridden = sum(one.overridden is not None for one in verdict.findings)
    told = [_count(len(run.plans), "plan")]
    told += [f"{stops} stopped"] if stops else []
    told += [f"{overridden} overridden"] if overridden else []
    warns = len(verdict.findings) - stops - overridden
    told += [_count(warns, "warning")] if warns else []
    return f"the gate {'passes' if verdict.passes else 'does not pass'}: {', '.join(told)}"


def state(one: GateFinding) -> str:
    """What a finding asks for, or that somebody answered for it."""
    return "overridden" if one.overridden else one.demand.value


def _finding(one: GateFinding) -> Iterator[str]:
    yield f"{state(one)}: {one.what} [{one.rule}]"
    yield f"    why: {one.why}"
    if one.overridden:
        yield f"    {answered(one.overridden)}"
        return
    yield f"    to do: {one.fix}"
    if one.note:
        yield f"    note: {one.note}"


def answered(given: Override) -> str:
    """Who answers for a finding."""
    return f"{given.who} answers for it until {given.until} ({given.ticket}): {given.why}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def as_json(verdict: GateVerdict, run: PlannedRun) -> Json:
    """The verdict as data. Format `egress-gate`, version 1. digests: of the plan files that it is about."""
    return {
        "format": "egress-gate",
        "version": 1,
        "passes": verdict.passes,
        "digests": {plan.stack: plan.digest for plan in run.plans},
        "findings": [_as_data(one) for one in verdict.findings],
        "notes": list(verdict.notes),
    }


def _as_data(one: GateFinding) -> Json:
    given = one.overridden
    return {
        "rule": one.rule,
        "demand": one.demand.value,
        "stops": one.stops,
        "stack": one.stack,
        "what": one.what,
        "why": one.why,
        "fix": one.fix,
        "overridden": {"who": given.who, "why": given.why, "until": given.until.isoformat(), "ticket": given.ticket}
        if given
        else None,
        "note": one.note,
        "file": one.place.file if one.place else None,
        "line": one.place.line if one.place else None,
        "column": one.place.column if one.place else None,
    }


def stacks(run: PlannedRun, findings: Sequence[GateFinding] = ()) -> tuple[str, ...]:
    """Every stack that a run or a finding speaks of, sorted."""
    planned = {plan.stack for plan in run.plans} | {one.stack for one in run.failed}
    return tuple(sorted(planned | {one.stack for one in run.missing} | {one.stack for one in findings}))
