"""Connections to managers that are asked about one domain after the other: each is met once, and over all that it is asked its limit of requests
in a second is kept."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path

from egress.deadline import Deadline
from egress.domain import LabTarget, WorkloadDomain
from egress.manager.client import Manager


class Connections:
    """To the managers of a project's domains, or to the lab that stands in for them, in one process."""

    def __init__(self, root: Path, lab: LabTarget | None) -> None:
        self._root, self._lab = root, lab
        self._idle: dict[Hashable, Manager] = {}

    @contextmanager
    def to(self, domain: WorkloadDomain, deadline: Deadline) -> Iterator[Manager]:
        """The manager of a domain, for one who asks. After an error it is met anew by the next who asks. Errors: EgressError."""
        nsx = domain.nsx
        way = self._lab.host if self._lab else (nsx.host, nsx.ca_file, nsx.credentials)
        manager = self._idle.pop(way, None) or Manager.of(domain, self._root, self._lab)
        manager.anew(deadline)
        try:
            yield manager
        except BaseException:
            manager.close()
            raise
        self._idle[way] = manager

    def close(self) -> None:
        """Closes those that nobody asks any more."""
        while self._idle:
            self._idle.popitem()[1].close()
