"""verify again and again: what changes is told with its time, and a manager that is away for a while ends nothing."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import datetime

from egress.cli._arounds import Arounds
from egress.cli._neighbours import Neighbours
from egress.cli._verifying import look
from egress.cli.context import Project, deadline
from egress.cli.output import echo
from egress.deadline import Deadline
from egress.domain import EgressError
from egress.escape import json_text
from egress.verification.changes import Change, Known, failed, looked


def watch(project: Project, stacks: tuple[str, ...], every: int, *, probe: bool, as_data: bool) -> int:
    """Looks every so many seconds, until Ctrl-C. Domain files are read anew each time. What is known is in memory only.

    Errors: EgressError for a stack or credentials that are not there at the start, and for a login that the manager refuses: to try that again
    and again would lock the account (NSX administration guide, authentication policy).
    """
    from egress.manager.access import access  # the HTTP client is loaded by who asks a manager

    domains = project.domains(stacks)
    for domain in domains:
        access(domain, project.root, project.lab, os.environ)
    known = {domain.stack: Known() for domain in domains}
    seconds = deadline().seconds
    while True:
        for change in _round(Project(project.given_root), stacks, known, seconds, probe=probe):
            now = datetime.now().astimezone().isoformat(timespec="seconds")
            echo(json_text(change.as_json(now), indent=None) if as_data else f"{now} {change.text}")
        time.sleep(every)


def _round(
    project: Project, stacks: tuple[str, ...], known: dict[str, Known], seconds: float, *, probe: bool
) -> Iterator[Change]:
    """What one look at every stack changes in what is known."""
    from egress.manager.refusals import LoginError  # the HTTP client is loaded by who asks a manager

    try:
        domains = project.domains(stacks)
    except EgressError as error:
        for stack in known:
            known[stack], changes = failed(stack, known[stack], str(error))
            yield from changes
        return
    neighbours, arounds = Neighbours(project, domains, quiet=True), Arounds(domains)
    for domain in domains:
        before = known.get(domain.stack, Known())
        try:
            now = look(project, neighbours, arounds, domain, Deadline(seconds), probe=probe, quiet=True)
        except LoginError:
            raise
        except EgressError as error:
            known[domain.stack], changes = failed(domain.stack, before, str(error))
        else:
            known[domain.stack], changes = looked(before, now)
        yield from changes
