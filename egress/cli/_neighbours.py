"""The domains that share a Tier-0 with those that a command is about."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from egress.cli.context import Project
from egress.domain import WorkloadDomain
from egress.domain.texts import that_may_say
from egress.policy.identity import GatewayKey, by_gateway, tier0_name


class Neighbours:
    """Who shares a Tier-0 with some domains. Read are the files that may name one of these Tier-0s, when it is asked for or at `read`, and
    that were not read before; unless it is quiet it says which of them cannot be read."""

    def __init__(self, project: Project, domains: Sequence[WorkloadDomain], *, quiet: bool = False) -> None:
        self._project, self._quiet = project, quiet
        self._names = {tier0_name(domain.tier0) for domain in domains}

    def read(self) -> None:
        """Reads them now: once, and not in each of several processes."""
        _ = self._by_gateway

    def of(self, domain: WorkloadDomain) -> Sequence[WorkloadDomain]:
        """The domains of the project on the Tier-0 of one of the domains, it included where it has a file."""
        return self._by_gateway.get(GatewayKey.of(domain), ())

    @cached_property
    def _by_gateway(self) -> dict[GatewayKey, list[WorkloadDomain]]:
        project = self._project
        files = project.fleet.files if project.stacks else ()
        unread = [file for file in files if not project.fleet.has_read(file)]
        left_out = set(unread).difference(that_may_say(unread, self._names))
        files = tuple(file for file in files if file not in left_out)
        return by_gateway(project.fleet.load(files).domains if self._quiet else project.readable(files))
