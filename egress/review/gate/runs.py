"""Rules about a run: what there is no plan of, whom a plan is for, what moves beside it, and managers that are not to be touched."""

from __future__ import annotations

from collections.abc import Iterator

from egress.delivery.change.affected import Why
from egress.domain.managers import ManagerKey
from egress.review.finding import Demand
from egress.review.gate.rule import Case, Met, plan_rule, run_rule
from egress.review.planned_run import PlannedRun
from egress.toolchain.stack.runs import ON_A_LAB


@run_rule(
    "stack-failed",
    Demand.DENY,
    "a stack could not be planned",
    reason="There is nothing to be applied, and nothing that could have been judged.",
    source="house rule",
    fix="read why, mend it, and plan again",
    fixed=True,
)
def stack_failed(run: PlannedRun) -> Iterator[Met]:
    for one in run.failed:
        yield Met(f"no plan: {(one.words.strip().splitlines() or ['no word about why'])[0]}", stack=one.stack)


@run_rule(
    "stack-not-planned",
    Demand.DENY,
    "an affected stack has neither a plan nor a failure",
    reason="Its job ended without a word, and an empty place in a list of plans looks like one without changes.",
    source="house rule",
    fix="run its plan again",
    fixed=True,
)
def stack_not_planned(run: PlannedRun) -> Iterator[Met]:
    for one in run.missing:
        if one.why != Why.REMOVED:
            yield Met(f"{one.why}, and no plan of it is here", stack=one.stack)


@run_rule(
    "stack-removed",
    Demand.OVERRIDE,
    "a domain file is gone, and no plan of the stack's end is here",
    reason="Its objects stay on the manager and its state is nobody's: the next stack meets both.",
    source="house rule",
    fix="bring the file back; or destroy the stack from the base before its file goes",
)
def stack_removed(run: PlannedRun) -> Iterator[Met]:
    for one in run.missing:
        if one.why == Why.REMOVED:
            yield Met(
                "its domain file is gone, and no plan of its destruction is here: its objects stay", stack=one.stack
            )


@plan_rule(
    "manager-frozen",
    Demand.DENY,
    "a plan changes something on a manager that is frozen now",
    reason="During an upgrade or a restore writes are lost, or come back.",
    source="gate.yaml, frozen",
    fix="wait for its end, and run the gate again",
)
def manager_frozen(case: Case) -> Iterator[Met]:
    host = case.plan.content.host
    own = [case.domain.nsx.host] if case.domain else []
    for freeze in case.frozen if case.changes else ():
        # of a plan that does not name its manager nobody can say that it is another one
        if not host or any(freeze.holds(one) for one in (host, *own)):
            until = freeze.until.isoformat()
            yield Met(
                f"{host or 'a manager that the plan does not name'} is frozen until {until}: {freeze.why}",
                ("nsx", "host"),
            )


@plan_rule(
    "lab-plan",
    Demand.WARN,
    "a plan was made on a lab",
    reason="It says nothing about what is on the manager now. An apply refuses it for any other target.",
    source="egress/delivery/planning/saved.py",
    fix="plan against the manager before anything is applied",
)
def lab_plan(case: Case) -> Iterator[Met]:
    if _on_a_lab(case):
        yield Met(f"made on the lab {case.plan.content.host}", ("nsx", "host"))


@plan_rule(
    "other-manager",
    Demand.DENY,
    "a plan is for another manager than the domain file names",
    reason="What was walked and judged is not what the file is about.",
    source="house rule",
    fix="plan again from this domain file",
)
def other_manager(case: Case) -> Iterator[Met]:
    if case.domain is None or _on_a_lab(case):
        return
    host, named = case.plan.content.host, case.domain.nsx.host
    if not host or ManagerKey.of(host) != ManagerKey.of(named):
        yield Met(
            f"the plan is for {host or 'a manager that it does not name'}, the file names {named}", ("nsx", "host")
        )


def _on_a_lab(case: Case) -> bool:
    return case.plan.target.startswith(ON_A_LAB)


@plan_rule(
    "no-domain-file",
    Demand.DENY,
    "a plan changes something for a stack that has no domain file",
    reason="Manager and Tier-0 of a plan are held against the file. Without one nobody knows what the plan should be about.",
    source="house rule",
    fix="mend the file, or give --base REF where the file still was",
)
def no_domain_file(case: Case) -> Iterator[Met]:
    if case.domain is None and case.changes:
        yield Met("no domain file that can be read gives this stack, neither here nor on the base")


@plan_rule(
    "tools-move",
    Demand.OVERRIDE,
    "objects change together with provider, lock, pinned version, authority or manager",
    reason="If something goes wrong, nobody knows which of the two it was, and a plan by other tools is read with other eyes.",
    source="assumption",
    fix="split the change: tools first, by themselves, with a plan that shows nothing",
)
def tools_move(case: Case) -> Iterator[Met]:
    if case.moved and any(change.actions != ("no-op",) for change in case.changes):
        yield Met(case.moved)
