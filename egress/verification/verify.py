"""verify: a domain file held against what its manager has, in one value. Pure: everything was read before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from egress.answers.answer import Answer
from egress.answers.what_if import Loss, what_if
from egress.checks import Report, Severity
from egress.domain import WorkloadDomain
from egress.inventory.coverage import Coverage, coverage
from egress.inventory.senders import EgressAddress
from egress.inventory.workings import Workings
from egress.policy.gateways import tier0s
from egress.policy.identity import same_gateway
from egress.policy.owned import owned
from egress.policy.sighting import Doubt, Sighting, Unseen
from egress.reachability.sources import of_manager
from egress.reachability.view import Live, view
from egress.verification import around, below, flows, forwarding, gateway, objects, room
from egress.verification.finding import Finding
from egress.verification.room import Room

_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


@dataclass(frozen=True)
class Verification:
    """What came of it.

    where: the manager, in words. findings: the worst first. unseen: what could not be read. unknown: flows that cannot be judged for it.
    own: how many objects the stack makes. tables: how many edges gave a forwarding table. report: of the rules, with what is suppressed.
    """

    stack: str
    where: str
    findings: tuple[Finding, ...]
    unseen: tuple[Unseen, ...]
    unknown: tuple[str, ...]
    own: int
    tables: int
    cover: Coverage
    room: Room
    workings: Workings
    answers: tuple[Answer, ...]
    losses: tuple[Loss, ...]
    report: Report
    asked: tuple[str, ...] = field(default=())

    @property
    def addresses(self) -> tuple[EgressAddress, ...]:
        """The egress addresses that the domain answers for."""
        return (*(one.address for one in self.cover.covered), *self.cover.uncovered)

    @property
    def matters(self) -> bool:
        """Whether somebody has to look."""
        return any(one.matters for one in self.findings)

    @property
    def blind(self) -> tuple[Unseen, ...]:
        """What could not be seen and the verdict depends on."""
        return tuple(one for one in self.unseen if one.doubt is Doubt.ANY)

    @property
    def saw_enough(self) -> bool:
        """Whether everything was seen that the verdict depends on."""
        return not self.blind and not self.unknown

    @property
    def well(self) -> bool:
        """Nothing needs anybody, and everything was seen."""
        return not self.matters and self.saw_enough

    def with_further(self, findings: Sequence[Finding], asked: Sequence[str]) -> Verification:
        """The same with what was asked from elsewhere, and what came of it."""
        return replace(self, findings=_sorted([*self.findings, *findings]), asked=tuple(asked))


def verify(
    domain: WorkloadDomain,
    everyone: Sequence[WorkloadDomain],
    where: str,
    seen: Sighting,
    workings: Workings,
    stacks: Sequence[str] = (),
) -> Verification:
    """Holds a domain against what was seen. everyone: domains that may share its Tier-0. stacks: names that the project's files give.

    Errors: EgressError for a gateway that cannot be read.
    """
    neighbours = tuple(one for one in everyone if same_gateway(one, domain) and one.stack != domain.stack)
    tier0 = next(one for one in tier0s(seen.objects) if one.path == seen.gateway)
    live = view(domain, neighbours, Live.of(where, seen))
    told = view(domain, neighbours)
    still = below.idle(seen)
    by_file, by_manager = flows.walked(told), flows.walked(live, still)
    losses = flows.outages(live)
    addresses = below.sending(seen)
    known = of_manager(live.source, live.tier0, live.gateways.lower).unseen
    unseen = (*below.weighed(seen, known), *below.networks_unseen(seen))
    cover = coverage(domain, neighbours, addresses, complete=below.complete(unseen))
    cover = below.without_waiting(domain, cover, still)
    there = room.room(domain, neighbours, seen, addresses, workings)
    report = around.rules(domain, seen, [*stacks, *(one.stack for one in everyone), domain.stack])
    parts: tuple[Iterator[Finding], ...] = (
        objects.objects(domain, seen),
        gateway.gateway(domain, neighbours, seen, tier0),
        around.undeclared(domain, seen),
        around.told(report, domain, seen),
        around.not_realized(domain, seen),
        around.alarms(domain, seen, workings, tier0),
        forwarding.forwarding(domain, seen, tier0),
        below.below(domain, seen, addresses, cover),
        room.left(domain, there),
        flows.failing(domain, by_manager, by_file),
        flows.worse(domain, losses, what_if(told) if losses else (), [one.question.title for one in by_manager]),
    )
    return Verification(
        stack=domain.stack,
        where=where,
        findings=_sorted([one for part in parts for one in part]),
        unseen=(*forwarding.untabled(seen), *dict.fromkeys(unseen), *workings.unseen),
        unknown=tuple(one.question.title for one in by_manager if not one.known),
        own=len(owned(domain).ids),
        tables=len(seen.tables or ()),
        cover=cover,
        room=there,
        workings=workings,
        answers=by_manager,
        losses=losses,
        report=report,
    )


def _sorted(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(dict.fromkeys(findings), key=lambda one: _ORDER[one.severity]))
