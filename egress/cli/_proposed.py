"""What the managers of some domains lack in their files, and the files as they would be."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from egress.checks import Finding, check
from egress.checks.text import told
from egress.cli._views import reading
from egress.cli.context import Project
from egress.domain import DomainFileError, EgressError, WorkloadDomain
from egress.domain.editing import edited
from egress.domain.files import DomainFile, select
from egress.domain.fleet import changed
from egress.domain.managers import ManagerKey
from egress.inventory.coverage import coverage
from egress.inventory.survey import Survey
from egress.inventory.taken import taken
from egress.inventory.vpcs import egress_addresses, not_shown, vpcs
from egress.manager import sight, survey
from egress.policy.identity import GatewayKey
from egress.policy.paths import Collection as Kind
from egress.policy.paths import last
from egress.policy.presence import Presence
from egress.policy.sighting import Doubt, Sighting, Unseen
from egress.policy.tier1s import whole_tier1s
from egress.proposal.names import Names
from egress.proposal.proposal import Proposal, propose

_NO_MATTER = frozenset(
    {Kind.EDGE_CLUSTERS, Kind.EDGE_NODES, Kind.IP_BLOCKS, Kind.IP_POOLS, Kind.IP_SUBNETS, Kind.IP_ALLOCATIONS}
)
"""Collections that say neither what sends nor who has an address of the outside."""
_TOLD = 8
_LINE = re.compile(r":\d+\b")
"""The number of a line in a sentence about another place of a file."""


@dataclass(frozen=True)
class Patch:
    """A proposal, and the domain file before and after it. warnings: of checks, that were not there before."""

    file: DomainFile
    before: str
    after: str
    proposal: Proposal
    domain: WorkloadDomain
    warnings: tuple[str, ...] = ()

    @property
    def diff(self) -> str:
        """A unified diff that `git apply` takes; empty where nothing changes."""
        old, new = (text.splitlines(keepends=True) for text in (self.before, self.after))
        lines = difflib.unified_diff(old, new, f"a/{self.file.shown}", f"b/{self.file.shown}")
        return "".join(one if one.endswith("\n") else f"{one}\n\\ No newline at end of file\n" for one in lines)


def from_managers(project: Project, stacks: Collection[str]) -> tuple[Patch, ...]:
    """What is proposed for the named stacks, all when none is named, one after the other: no two are given one address.

    Errors: DomainFileError, EgressError; also where not all that matters was seen, as then nothing is known of what is not there.
    """
    everyone = {one.stack: one for one in project.domains()}
    wanted = [one.stack for one in project.domains(stacks)]
    seen = _Seen(project)
    around = {stack: seen.around(everyone[stack]) for stack in wanted}
    gaps = dict.fromkeys(gap for one in around.values() for gap in one.gaps)
    if gaps:
        raise EgressError(_not_seen(list(gaps)))
    found: list[Patch] = []
    for stack in wanted:
        proposal = _proposal(everyone[stack], list(everyone.values()), around[stack])
        patch = _patch(project, proposal)
        everyone[stack] = patch.domain
        found.append(patch)
    return _sound(project, found)


def from_proposals(project: Project, proposals: Sequence[Proposal]) -> tuple[Patch, ...]:
    """The same for proposals that were made before. Errors: DomainFileError, EgressError."""
    return _sound(project, [_patch(project, one) for one in proposals])


@dataclass(frozen=True)
class _Around:
    """What was seen of a domain's Tier-0 and of everything else on its manager. gaps: what was not, in sentences."""

    sighting: Sighting
    survey: Survey
    gaps: tuple[str, ...]


class _Seen:
    """Reads each manager once, and each Tier-0 once more where it stands: a search lags behind."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._surveys: dict[ManagerKey, Survey] = {}
        self._around: dict[GatewayKey, _Around] = {}

    def around(self, domain: WorkloadDomain) -> _Around:
        """Errors: EgressError."""
        key = GatewayKey.of(domain)
        if key not in self._around:
            self._around[key] = self._read(domain)
        return self._around[key]

    def _read(self, domain: WorkloadDomain) -> _Around:
        with reading(self._project, domain) as manager:
            key = ManagerKey.of(domain.nsx.host)
            if key not in self._surveys:
                self._surveys[key] = survey(manager)
            sighting = sight(manager, domain)
        return _Around(sighting, self._surveys[key], tuple(_gaps(sighting, self._surveys[key])))


def _gaps(sighting: Sighting, found: Survey) -> Iterator[str]:
    """Parts without which it is not known what sends, or who has an address."""
    lacking = set(not_shown(sighting.objects, sighting.gateway, sighting.unseen))
    blocks = Kind.IP_BLOCKS if vpcs(sighting.objects, sighting.gateway) else None
    for one in dict.fromkeys((*sighting.unseen, *found.unseen)):
        if _matters(one) or one in lacking or (one.path and last(one.path) == blocks):
            yield str(one)
    for tier1 in whole_tier1s(sighting.objects):
        yield from (f"Tier-1 {tier1.id}: {note}" for note in tier1.unread)


def _matters(one: Unseen) -> bool:
    if not one.path:
        return False  # the version, realized states, alarms, forwarding tables: they say what acts now, not who has an address
    return one.doubt is not Doubt.NONE or last(one.path) not in _NO_MATTER


def _not_seen(gaps: list[str]) -> str:
    more = [f"and {len(gaps) - _TOLD} more parts"] if len(gaps) > _TOLD else []
    parts = "\n".join(f"    {one}" for one in [*gaps[:_TOLD], *more])
    return f"nothing is proposed, as not everything was seen:\n{parts}"


def _proposal(domain: WorkloadDomain, everyone: Sequence[WorkloadDomain], around: _Around) -> Proposal:
    sighting = around.sighting
    neighbours = [one for one in everyone if one.stack != domain.stack and GatewayKey.of(one) == GatewayKey.of(domain)]
    addresses = egress_addresses(sighting.objects, sighting.gateway)
    objects = {**around.survey.objects, **sighting.objects}
    stacks = frozenset(one.stack for one in everyone)
    return propose(
        Presence(domain, sighting.gateway, sighting.objects, None, "", stacks),
        neighbours,
        coverage(domain, neighbours, addresses, complete=True),
        taken(everyone, objects, addresses),
        Names(domain, neighbours, sighting.gateway, objects),
    )


def _patch(project: Project, proposal: Proposal) -> Patch:
    (file,) = select(project.fleet.files, [proposal.stack])
    with file.path.open(encoding="utf-8", newline="") as stream:
        before = stream.read()
    after = edited(before, file.shown, proposal.edits)
    try:
        domain = changed(file, after)
    except DomainFileError as error:
        raise EgressError(
            f"{file.shown} would be no domain with what is proposed, nothing was written:\n{error}"
        ) from None
    return Patch(file, before, after, proposal, domain)


def _sound(project: Project, patches: Sequence[Patch]) -> tuple[Patch, ...]:
    """The patches, if no rule is broken by them that was not before, with what is to be said of them. Errors: EgressError."""
    if all(one.before == one.after for one in patches):
        return tuple(patches)
    now = {one.stack: one for one in project.domains()}
    then = now | {one.proposal.stack: one.domain for one in patches}
    before, after = check(list(now.values())), check(list(then.values()))
    errors = _new(before.errors, after.errors)
    if errors:
        found = [told(one) for one in errors]
        raise EgressError("\n".join(["what is proposed would break these rules, nothing was written:", *found]))
    warnings = _new(before.warnings, after.warnings)
    return tuple(
        replace(one, warnings=tuple(told(found) for found in warnings if found.stack == one.proposal.stack))
        for one in patches
    )


def _new(before: Sequence[Finding], after: Sequence[Finding]) -> list[Finding]:
    """Findings that were not there before, wherever they stand now; without a place, as the file has other lines than are told."""
    known = {_key(one) for one in before}
    return [one._replace(place=None) for one in after if _key(one) not in known]


def _key(one: Finding) -> tuple[str, str, str]:
    return one.rule.id, one.stack, _LINE.sub("", one.what)
