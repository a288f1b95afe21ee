"""What is around the Tier-0s of several domains, read once for all that share one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

from egress.domain import WorkloadDomain

if TYPE_CHECKING:
    from egress.manager import Around, Manager


class Arounds:
    """What is around a Tier-0 as it was first read, for all of some domains that find it in the same way. It is kept until the last of these
    was asked about, in this process."""

    def __init__(self, domains: Sequence[WorkloadDomain]) -> None:
        self._left = Counter(map(way, domains))
        self._known: dict[Hashable, Around] = {}

    def of(self, manager: Manager, domain: WorkloadDomain) -> Around:
        """What is around a domain's Tier-0. manager: the domain's. Errors: EgressError, as of `around`, after which it is read anew."""
        from egress.manager import around  # the HTTP client is loaded by who asks a manager

        key = way(domain)
        self._left[key] -= 1
        known = self._known.pop(key, None) or around(manager, domain.tier0)
        if self._left[key] > 0:
            self._known[key] = known
        return known


def way(domain: WorkloadDomain) -> Hashable:
    """How a domain finds its Tier-0: which manager with which authority and login, and which name there."""
    nsx, tier0 = domain.nsx, domain.tier0
    return nsx.host, nsx.ca_file, nsx.credentials, tier0.id, tier0.display_name
