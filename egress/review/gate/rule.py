"""What a rule of the gate is, and the registry that objects, packets and runs fill.

A rule is one pure function. It looks at one plan with its review, or at a whole run, and yields what it meets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TypeAlias

from egress.delivery.content.network_words import Told, told
from egress.delivery.content.plan_content import Change
from egress.domain import WorkloadDomain
from egress.policy.owned import owned
from egress.review.finding import Demand
from egress.review.gate.policy import Freeze
from egress.review.planned_run import PlannedRun, Reviewed


@dataclass(frozen=True)
class Case:
    """A plan, and what its rules have to know besides. domain: None where its file is gone. deletions: how many one plan may do. frozen:
    what lasts at `now`. moved: what of provider, locks, authority and manager moves in the same change, in words."""

    plan: Reviewed
    domain: WorkloadDomain | None
    deletions: int
    frozen: tuple[Freeze, ...]
    moved: str
    now: datetime

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """Objects with which anything is done, in the order in which they are told."""
        order = {address: number for number, address in enumerate(self._told)}
        found = [change for change in self.plan.content.changes if change.matters]
        return tuple(sorted(found, key=lambda change: order[change.address]))

    @cached_property
    def _told(self) -> dict[str, Told]:
        return {one.address: one for one in told(self.plan.content)}

    def name(self, change: Change) -> str:
        """An object in network words: `default route`."""
        return self._told[change.address].object

    def words(self, change: Change) -> str:
        """What becomes of it, in network words."""
        return str(self._told[change.address])

    def at(self, change: Change) -> tuple[str | int, ...]:
        """Where an object stands in the domain file; the file as a whole where that is not known."""
        if self.domain is None:
            return ()
        ours = owned(self.domain)
        routes = [one for one in (ours.route, ours.route_v6, *ours.further) if one]
        places = {route.identity.nsx_id: route.at for route in routes}
        places |= {rule.identity.nsx_id: rule.at for rule in ours.rules}
        places |= {rule.identity.nsx_id: rule.at for rule in ours.exceptions}
        return places.get(change.nsx_id, ())


@dataclass(frozen=True)
class Met:
    """What a rule meets. `what`: one sentence with the values. `at`: where in the domain file it comes from. `stack`: in rules over a run."""

    what: str
    at: tuple[str | int, ...] = ()
    stack: str = ""


OnePlan: TypeAlias = Callable[[Case], Iterator[Met]]
WholeRun: TypeAlias = Callable[[PlannedRun], Iterator[Met]]


@dataclass(frozen=True, eq=False)
class Rule:
    """A rule. `demand`: where no gate file says otherwise. `fixed`: none may. `title`: what is looked for; `reason` why, `source` who says so
    ("assumption" where nobody does), `fix` what to do.

    covers: ids of rules that say no more of a stack than this one has said, where this one is as strict.
    """

    id: str
    demand: Demand
    title: str
    reason: str
    source: str
    fix: str
    theme: str
    plan: OnePlan | None = None
    run: WholeRun | None = None
    fixed: bool = False
    covers: frozenset[str] = frozenset()


REGISTRY: dict[str, Rule] = {}


def plan_rule(
    id_: str, demand: Demand, title: str, *, reason: str, source: str, fix: str, covers: tuple[str, ...] = ()
) -> Callable[[OnePlan], OnePlan]:
    """Registers a function that looks at one plan."""

    def register(judge: OnePlan) -> OnePlan:
        theme = _theme(judge.__module__)
        _add(Rule(id_, demand, title, reason, source, fix, theme, plan=judge, covers=frozenset(covers)))
        return judge

    return register


def run_rule(
    id_: str, demand: Demand, title: str, *, reason: str, source: str, fix: str, fixed: bool = False
) -> Callable[[WholeRun], WholeRun]:
    """Registers a function that looks at a whole run."""

    def register(judge: WholeRun) -> WholeRun:
        _add(Rule(id_, demand, title, reason, source, fix, _theme(judge.__module__), run=judge, fixed=fixed))
        return judge

    return register


def _theme(module: str) -> str:
    return module.rsplit(".", 1)[1]


def _add(new: Rule) -> None:
    if new.id in REGISTRY:
        raise ValueError(f"two rules are called {new.id!r}")
    REGISTRY[new.id] = new
