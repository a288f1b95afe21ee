"""What the commands of the packet walk start from: a view of each domain, from its file, a plan, or a live manager."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from egress.cli._arounds import Arounds
from egress.cli._names import Losable
from egress.cli._neighbours import Neighbours
from egress.cli.context import Project, deadline, timeout_option
from egress.cli.output import progress
from egress.deadline import Deadline
from egress.domain import EgressError, Problem, WorkloadDomain
from egress.domain.files import select
from egress.policy.identity import GatewayKey
from egress.policy.planned import planned
from egress.reachability.outage import named, without
from egress.reachability.surroundings import NO_WISHES, Wishes
from egress.reachability.view import FILES, AfterPlan, Live, Source, View, view

if TYPE_CHECKING:
    from egress.manager import Manager

_EXPECTED = "give the folder that egress plan --out wrote, or the output of the engine's show -json"
_GAPS = 12
"""Parts that a manager did not show, as many as are told."""
Decorated = Callable[..., Any]


def source_options(function: Decorated) -> Decorated:
    """The options that say where a topology comes from, and what is taken away."""
    options: list[Callable[[Decorated], Decorated]] = [
        click.option(
            "--without",
            "lost",
            multiple=True,
            metavar="WHAT",
            type=Losable(),
            help="Take an edge, uplink, router (by the address of a next hop) or VLAN (by its network) away, as if it had failed.",
        ),
        click.option("--live", is_flag=True, help="Read the manager (with EGRESS_LAB the lab) instead of the file."),
        click.option(
            "--plan",
            type=click.Path(path_type=Path),
            help="After this plan: the folder that egress plan --out wrote, the output of the engine's show -json, or - for "
            "standard input.",
        ),
    ]
    for option in (timeout_option, *options):
        function = option(function)
    return function


def views(
    project: Project,
    stacks: Collection[str],
    plan: Path | None = None,
    live: bool = False,
    lost: Collection[str] = (),
    wishes: Callable[[WorkloadDomain], Wishes] = lambda _: NO_WISHES,
    neighbours: Neighbours | None = None,
) -> Iterator[View]:
    """A view of each named domain, one at a time. neighbours: of these domains; left out: they are read here. Errors:
    EgressError."""
    domains = project.domains(stacks)
    if plan and live:
        raise click.UsageError("--plan and --live are two different sources: give one of them")
    if plan and len(domains) != 1 and not plan.is_dir():
        raise click.UsageError("a plan is of one stack: name it")
    neighbours = neighbours or Neighbours(project, domains)
    earlier: dict[GatewayKey, View] = {}
    many = Counter(map(GatewayKey.of, domains))
    looks = _Looks(project, domains)
    for domain in domains:
        source: Source = FILES
        if live:
            source = looks.at(domain)
        elif plan:
            source = AfterPlan(planned(domain, _read(plan, domain.stack)))
        key, sharing = GatewayKey.of(domain), neighbours.of(domain)
        if plan and many[key] > 1 and key not in earlier:
            earlier[key] = view(domain, sharing)  # what the files say, into which each plan is put
        made = view(domain, sharing, source, wishes(domain), like=earlier.get(key))
        if len(sharing) > 1 and not plan:
            earlier[key] = made
        for outage in [named(made, name) for name in dict.fromkeys(lost)]:
            made = without(made, outage)
        yield made


class Reading:
    """What views of domain files are made of, read in parts where no stack is named. `stacks`: names of all that are meant."""

    def __init__(self, project: Project, stacks: Collection[str]) -> None:
        """Errors: as `views`, but for what is wrong in files that are read later."""
        self._project = project
        self._early = bool(stacks)
        project.fleet.without_places()  # a walk asks for none
        self.neighbours: Neighbours | None = None
        if stacks:
            domains = project.domains(stacks)
            self.stacks = tuple(domain.stack for domain in domains)
            self.neighbours = Neighbours(project, domains)
            self.neighbours.read()
        else:
            self.stacks = tuple(file.stack for file in select(project.fleet.files, ()))

    def read(self, part: Collection[str]) -> tuple[Problem, ...]:
        """Reads a part of the stacks and who shares a Tier-0 with one of it. What is wrong in the part; others are told where they are read."""
        if self._early:
            return ()
        loaded = self._project.fleet.load(select(self._project.fleet.files, part))
        if not loaded.problems and len(part) < len(self.stacks):
            self.neighbours = Neighbours(self._project, loaded.domains, quiet=True)
            self.neighbours.read()
        return loaded.problems


@contextmanager
def reading(project: Project, domain: WorkloadDomain, end: Deadline | None = None) -> Iterator[Manager]:
    """The domain's manager; how much was read is shown. end: of the time for it; left out: the command's. Errors: EgressError."""
    from egress.manager import Manager  # the HTTP client is loaded by who asks a manager

    host = project.lab.host if project.lab else domain.nsx.host
    with (
        progress(f"reading {host}") as tell,
        Manager.of(
            domain,
            project.root,
            project.lab,
            end or deadline(),
            lambda count: tell(f"reading {host}... {count} objects"),
        ) as manager,
    ):
        yield manager


def live_source(project: Project, domain: WorkloadDomain) -> Live:
    """What the domain's manager has now, within a time of its own: since the last look a plan was made, and perhaps a question asked. Errors: EgressError."""
    return _Looks(project, [domain], Deadline()).at(domain)


class _Looks:
    """Looks at the managers of some domains, one after the other."""

    def __init__(self, project: Project, domains: Sequence[WorkloadDomain], end: Deadline | None = None) -> None:
        """end: of the time for all of them; left out: the command's."""
        self._project, self._end, self._arounds = project, end, Arounds(domains)

    def at(self, domain: WorkloadDomain) -> Live:
        """What the domain's manager has: around the Tier-0 as it was first read, of the domain's own objects as they fare now. Errors: EgressError."""
        from egress.manager import sight

        with reading(self._project, domain, self._end) as manager:
            seen = sight(manager, domain, self._arounds.of(manager, domain))
        return Live.of(f"the {'lab' if self._project.lab else 'manager'} {manager.host}", seen)


def seen_otherwise(view: View) -> Iterator[str]:
    """What a manager has otherwise than the file, what BFD means there, and what it did not show."""
    yield from (f"differs: {sentence}" for sentence in view.differs)
    yield from (f"watched: {sentence}" for sentence in view.watched)
    yield from (f"not seen: {one}" for one in view.unseen[:_GAPS])
    if len(view.unseen) > _GAPS:
        yield f"not seen: {len(view.unseen) - _GAPS} more parts"


def _read(plan: Path, stack: str) -> Any:
    """The JSON of a plan: of a folder of saved plans, of a stack's folder in one, of a file, or of standard input."""
    from egress.delivery.planning import saved  # loaded by who reads one
    from egress.toolchain.running.own_files import json_object, read_bytes

    if (plan / stack / saved.NOTE).is_file():
        return saved.read(plan, stack).content.raw
    if (plan / saved.NOTE).is_file():
        return saved.read(plan.resolve().parent, stack, plan).content.raw
    if plan.is_dir():
        raise EgressError(f"no saved plan of {stack} in {str(plan)!r}: egress plan {stack} --out {plan} makes it")
    what = "the plan on standard input" if str(plan) == "-" else f"the plan {str(plan)!r}"
    raw = sys.stdin.buffer.read() if str(plan) == "-" else read_bytes(plan, "the plan", _EXPECTED)
    if raw.startswith(b"PK"):
        raise EgressError(f"{what} is a plan file, which only its engine can read: {_EXPECTED}")
    return json_object(raw, what, _EXPECTED)
