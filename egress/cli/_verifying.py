"""One look at a domain's manager, and what verify says of it."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

from egress.cli._arounds import Arounds
from egress.cli._beside import beside_one_another, work_beside
from egress.cli._neighbours import Neighbours
from egress.cli._probing import probed
from egress.cli.context import Project, deadline
from egress.cli.output import progress
from egress.deadline import Deadline
from egress.domain import EgressError, WorkloadDomain
from egress.toolchain.running.workers import Job
from egress.verification.verify import Verification, verify


@dataclass(frozen=True)
class Round:
    """A stack and what came of it: a verification, or why there is none."""

    stack: str
    done: Verification | None
    failed: str = ""


def verified(
    project: Project, neighbours: Neighbours, arounds: Arounds, domain: WorkloadDomain, *, probe: bool
) -> Round:
    """One look at a domain's manager. probe: also ask from this machine. A manager that cannot be read gives the reason."""
    try:
        return Round(domain.stack, look(project, neighbours, arounds, domain, deadline(), probe=probe))
    except EgressError as error:
        return Round(domain.stack, None, str(error))


def verified_all(project: Project, domains: Sequence[WorkloadDomain], parallel: int, *, probe: bool) -> list[Round]:
    """As `verified`, of so many domains at once."""

    def act(number: int) -> Round:
        return verified(project, neighbours, arounds, domains[number], probe=probe)

    neighbours, arounds = Neighbours(project, domains), Arounds(domains)
    jobs = [Job(one.stack, project.lab.host if project.lab else one.nsx.host, one.stack) for one in domains]
    if not beside_one_another(jobs, parallel):
        return [act(number) for number in range(len(domains))]
    from egress.manager import workings  # noqa: F401 - loaded once, and not in every process, as what follows is read once

    neighbours.read()
    _, _ = project.stacks, deadline()
    came = work_beside(jobs, act, parallel)
    return [one.value if one.well else Round(one.name, None, one.failed or "interrupted") for one in came]


def look(
    project: Project,
    neighbours: Neighbours,
    arounds: Arounds,
    domain: WorkloadDomain,
    end: Deadline,
    *,
    probe: bool,
    quiet: bool = False,
) -> Verification:
    """Reads what is around a domain, and holds the file against it. quiet: nothing is said of how far it is. Errors: EgressError."""
    from egress.manager import Manager, sight  # the HTTP client is loaded by who asks a manager
    from egress.manager.workings import workings

    host = project.lab.host if project.lab else domain.nsx.host
    with contextlib.ExitStack() as stack:
        what = f"reading {host} for {domain.stack}"
        tell = _silent if quiet else stack.enter_context(progress(what))
        manager = stack.enter_context(
            Manager.of(domain, project.root, project.lab, end, lambda count: tell(f"{what}... {count} objects"))
        )
        seen = sight(manager, domain, arounds.of(manager, domain))
        counted = workings(manager, domain, seen)
    where = f"the lab {manager.host}" if project.lab else f"the manager {manager.host}"
    done = verify(domain, neighbours.of(domain), where, seen, counted, project.stacks)
    return probed(done, domain, seen, in_a_lab=project.lab is not None) if probe else done


def _silent(_: str) -> None:
    pass
