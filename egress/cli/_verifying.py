"""One look at a domain's manager, and what verify says of it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from egress.cli._probing import probed
from egress.cli.context import Project, deadline
from egress.cli.output import progress
from egress.deadline import Deadline
from egress.domain import EgressError, WorkloadDomain
from egress.verification.verify import Verification, verify


@dataclass(frozen=True)
class Round:
    """A stack and what came of it: a verification, or why there is none."""

    stack: str
    done: Verification | None
    failed: str = ""


def verified(project: Project, domain: WorkloadDomain, *, probe: bool) -> Round:
    """One look at a domain's manager. probe: also ask from this machine. A manager that cannot be read gives the reason."""
    try:
        return Round(domain.stack, look(project, domain, deadline(), probe=probe))
    except EgressError as error:
        return Round(domain.stack, None, str(error))


def look(project: Project, domain: WorkloadDomain, end: Deadline, *, probe: bool, quiet: bool = False) -> Verification:
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
        seen = sight(manager, domain)
        counted = workings(manager, domain, seen)
    where = f"the lab {manager.host}" if project.lab else f"the manager {manager.host}"
    everyone = project.fleet.readable().domains if quiet else project.everyone
    done = verify(domain, everyone, where, seen, counted, project.stacks)
    return probed(done, domain, seen, in_a_lab=project.lab is not None) if probe else done


def _silent(_: str) -> None:
    pass
