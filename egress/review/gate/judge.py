"""The verdict: every rule over every plan of a run, and what was given for what they stop. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from egress.domain import EgressError, WorkloadDomain
from egress.review.finding import Demand, GateFinding, GateVerdict
from egress.review.gate.binding import Answer, Binding
from egress.review.gate.registry import BY_ID, RULES
from egress.review.gate.rule import Case, Met, OnePlan, Rule
from egress.review.planned_run import PlannedRun


def judge(
    run: PlannedRun, domains: Mapping[str, WorkloadDomain], binding: Binding, moved: Mapping[str, str], now: datetime
) -> GateVerdict:
    """What the gate says of a run at `now`. domains: by stack, those whose files are there. moved: what of the tools moves, by stack; the
    key "" is all of them."""
    found = [*_of_plans(run, domains, binding, {**_told_moved(run), **moved}, now), *_of_run(run, binding)]
    answered = [_answered(one, binding.answers, now) for one in _uncovered(found)]
    order = {rule.id: number for number, rule in enumerate(RULES)}
    findings = sorted(answered, key=lambda one: (one.stack, not one.stops, -one.demand.strictness, order[one.rule]))
    return GateVerdict(tuple(findings), (*binding.notes, *_about(binding.answers, found, now), *_about_run(run)))


def _of_plans(
    run: PlannedRun,
    domains: Mapping[str, WorkloadDomain],
    binding: Binding,
    moved: Mapping[str, str],
    now: datetime,
) -> Iterator[GateFinding]:
    frozen = tuple(one for one in binding.frozen if one.lasts(now))
    for plan in run.plans:
        domain = domains.get(plan.stack)
        what = ", ".join(moved[key] for key in ("", plan.stack) if moved.get(key))
        case = Case(plan, domain, binding.deletions, frozen, what, now)
        for rule in RULES:
            demand = binding.demands[rule.id]
            if rule.plan and demand:
                for met in _met(rule.plan, case):
                    finding = _finding(rule, demand, plan.stack, met)
                    yield replace(finding, place=domain.place(*met.at) if domain else None)


def _met(rule: OnePlan, case: Case) -> list[Met]:
    """What a rule meets. Errors: EgressError for a plan that is not as an engine writes it: nothing of it passes."""
    try:
        return list(rule(case))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        raise EgressError(
            f"{case.plan.stack}: the saved plan's JSON is not as an engine writes it: plan again"
        ) from None


def _of_run(run: PlannedRun, binding: Binding) -> Iterator[GateFinding]:
    for rule in RULES:
        demand = binding.demands[rule.id]
        if rule.run and demand:
            yield from (_finding(rule, demand, met.stack, met) for met in rule.run(run))


def _finding(rule: Rule, demand: Demand, stack: str, met: Met) -> GateFinding:
    return GateFinding(rule.id, demand, stack, met.what, rule.reason, rule.fix)


def _told_moved(run: PlannedRun) -> dict[str, str]:
    """What `egress affected` said of pins, locks and managers, where it was asked."""
    told = {one.stack: one.detail for one in run.affected or () if one.why in ("changed", "everything") and one.detail}
    everything = [one.detail for one in run.affected or () if one.why == "everything" and one.detail]
    return told | ({"": everything[0]} if everything else {})


def _uncovered(found: Sequence[GateFinding]) -> Iterator[GateFinding]:
    """Findings of which no other finding of the stack, as strict as they are, has said all."""
    for one in found:
        if not any(
            one.stack == other.stack
            and one.rule in BY_ID[other.rule].covers
            and other.demand.strictness >= one.demand.strictness
            for other in found
        ):
            yield one


def _answered(finding: GateFinding, answers: Sequence[Answer], now: datetime) -> GateFinding:
    """The finding with the override that counts for it, or with the reason why none does."""
    given = [one for one in answers if (one.given.rule, one.given.stack) == (finding.rule, finding.stack)]
    if not given or finding.demand is Demand.WARN:
        return finding
    if finding.demand is Demand.DENY:
        return replace(finding, note="an override does not count for what is denied")
    counts = [one for one in given if not one.refused and not one.given.over(now)]
    if counts:
        return replace(finding, overridden=max((one.given for one in counts), key=lambda one: one.until).value)
    return replace(finding, note="; ".join(one.refused or _expired(one) for one in given))


def _expired(answer: Answer) -> str:
    return f"the override by {answer.given.who} has expired: it counted until the end of {answer.given.until} in UTC"


def _about(answers: Sequence[Answer], found: Sequence[GateFinding], now: datetime) -> Iterator[str]:
    """What there is to say of overrides that no finding speaks of."""
    met = {(one.rule, one.stack) for one in found}
    for one in answers:
        if (one.given.rule, one.given.stack) in met:
            continue
        name = f"the override of {one.given.rule} for {one.given.stack}"
        if one.given.over(now):
            yield f"{name} has expired at the end of {one.given.until}: take it out"
        else:
            yield f"{name} finds nothing to override in this run"


def _about_run(run: PlannedRun) -> Iterator[str]:
    if run.affected == () and not run.plans and not run.failed:
        yield "the change affects no stack: there is nothing to judge"
    if run.affected is not None:
        named = {one.stack for one in run.affected}
        for plan in run.plans:
            if plan.stack not in named:
                yield f"{plan.stack} is planned, and is not among the affected stacks"
