"""What the gate says of a plan, as values: findings, and the overrides that were given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from egress.domain import Place


class Demand(StrEnum):
    """What a finding asks for, the strictest first. DENY: this plan is not applied. OVERRIDE: it is once somebody answers for it. WARN: it is
    told."""

    DENY = "deny"
    OVERRIDE = "override"
    WARN = "warn"

    @property
    def strictness(self) -> int:
        """The higher the stricter."""
        return (Demand.WARN, Demand.OVERRIDE, Demand.DENY).index(self)


@dataclass(frozen=True)
class Override:
    """Somebody answers for what a rule would stop. `until`: the last day on which it counts. `ticket`: of the change."""

    rule: str
    stack: str
    who: str
    why: str
    until: date
    ticket: str


@dataclass(frozen=True)
class GateFinding:
    """A rule of the gate that a plan of `stack` meets; an empty stack is the run as a whole. `what`: one sentence with the values. `why`: the
    rule's reason. `fix`: what to do.

    overridden: by whom; None where nobody did, or what was given does not count: then `note` says why not. place: of the value in the domain
    file that leads to it, where there is one.
    """

    rule: str
    demand: Demand
    stack: str
    what: str
    why: str
    fix: str
    overridden: Override | None = None
    note: str = ""
    place: Place | None = None

    @property
    def stops(self) -> bool:
        """Whether the plan must not be applied because of it."""
        return self.demand is not Demand.WARN and self.overridden is None


@dataclass(frozen=True)
class GateVerdict:
    """Everything that the gate says of a run. `notes`: sentences about the run and the gate's own file, which stop nothing."""

    findings: tuple[GateFinding, ...]
    notes: tuple[str, ...] = ()

    @property
    def passes(self) -> bool:
        """Whether every plan may be applied."""
        return not any(one.stops for one in self.findings)

    def of(self, stack: str) -> Sequence[GateFinding]:
        """What is said of one stack."""
        return [one for one in self.findings if one.stack == stack]
