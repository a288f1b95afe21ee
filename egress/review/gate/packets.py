"""Rules about packets: what the walk says of a plan. What was not walked is never taken for well."""

from __future__ import annotations

from collections.abc import Iterator

from egress.review.consequence import Fate, Turn
from egress.review.finding import Demand
from egress.review.gate.rule import Case, Met, plan_rule

_WALK = "the packet walk (docs/reachability.md)"


@plan_rule(
    "flow-breaks",
    Demand.OVERRIDE,
    "a flow does not work after the plan, and works before it or was not seen",
    reason="Somebody's image pulls, lookups or clients time out from the apply on.",
    source=_WALK,
    fix="do what the walk says would help, and plan again",
)
def flow_breaks(case: Case) -> Iterator[Met]:
    for one in case.plan.review.of(Turn.BREAKS):
        why = f", because {'; '.join(one.after.why)}" if one.after.why else ""
        yield Met(f"{one}{why}")


@plan_rule(
    "flow-out-of-sight",
    Demand.OVERRIDE,
    "a flow works before the plan, and what becomes of it cannot be known",
    reason="What cannot be known is not well: the flow has something to lose.",
    source=_WALK,
    fix="let the account that plans read what was not seen, and plan again",
)
def flow_out_of_sight(case: Case) -> Iterator[Met]:
    for one in case.plan.review.of(Turn.UNKNOWN):
        if one.before and one.before.fate in (Fate.WORKS, Fate.SOMETIMES):
            yield Met(f"{one}, because {'; '.join(one.after.why)}")


@plan_rule(
    "flow-unknown",
    Demand.WARN,
    "what becomes of a flow cannot be known, and whether it works now was not seen either",
    reason="The plan may mend it or leave it as it is: nobody can say.",
    source=_WALK,
    fix="let the account that plans read what was not seen",
)
def flow_unknown(case: Case) -> Iterator[Met]:
    for one in case.plan.review.of(Turn.UNKNOWN):
        if not one.before or one.before.fate not in (Fate.WORKS, Fate.SOMETIMES):
            yield Met(f"{one}, because {'; '.join(one.after.why)}")


@plan_rule(
    "flow-stays-broken",
    Demand.WARN,
    "a flow does not work before the plan, nor after it",
    reason="The plan does not do what somebody may expect of it.",
    source=_WALK,
    fix="do what the walk says would help: egress explain",
)
def flow_stays_broken(case: Case) -> Iterator[Met]:
    for one in case.plan.review.of(Turn.STAYS_BROKEN):
        yield Met(str(one))


@plan_rule(
    "flow-seen-otherwise",
    Demand.WARN,
    "the other end sees a flow with another address than before",
    reason="Whoever lets the old address in by a list, a registry or a firewall say, does not let the new one in.",
    source=_WALK,
    fix="tell the owners of the other end before the apply",
)
def flow_seen_otherwise(case: Case) -> Iterator[Met]:
    for one in case.plan.review.of(Turn.OTHER_SOURCE):
        yield Met(str(one))


@plan_rule(
    "outage-worse",
    Demand.WARN,
    "a single failure does more harm after the plan than before it",
    reason="It works today, until an edge, an uplink or a router fails.",
    source=_WALK,
    fix="keep a second next hop, uplink or edge for the flow: egress check --what-if",
)
def outage_worse(case: Case) -> Iterator[Met]:
    for one in case.plan.review.outages:
        if one.worse:
            yield Met(str(one))


@plan_rule(
    "manager-not-seen",
    Demand.OVERRIDE,
    "a plan changes something, and the walk did not see its manager",
    reason="What the plan does was walked over the files: what else is on the manager, and whether anything works now, nobody looked at.",
    source="house rule",
    fix="plan again where the manager can be read",
)
def manager_not_seen(case: Case) -> Iterator[Met]:
    if case.changes and case.plan.review.not_seen:
        yield Met(f"the manager was not seen: {case.plan.review.not_seen}")
