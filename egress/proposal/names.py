"""Keys and priorities of new mappings, beside those that are there."""

from __future__ import annotations

from collections.abc import Iterable

from egress.domain import WorkloadDomain
from egress.policy import paths
from egress.policy.owned import owned
from egress.policy.paths import Collection, Section
from egress.policy.tree import PolicyObjects, children
from egress.vocabulary import DEFAULT_PRIORITIES, MAX_PRIORITY, SUPERVISOR, TITLES

__all__ = ["Names"]

_STEP = 10


class Names:
    """What is still free on one Tier-0: every call gives another. neighbours: the other domains on it. objects: what its manager has."""

    def __init__(
        self, domain: WorkloadDomain, neighbours: Iterable[WorkloadDomain], gateway: str, objects: PolicyObjects
    ) -> None:
        made = [(one, owned(one)) for one in (domain, *neighbours)]
        section = paths.nat_section(gateway, Section.USER)
        there = dict(children(objects, section, Collection.NAT_RULES))
        self._prefix = f"{domain.made_as}-egress-"
        self._keys = {*TITLES, *domain.egress.more}
        self._ids = {rule.identity.nsx_id for _, one in made for rule in (*one.rules, *one.exceptions)}
        self._ids |= {paths.last(path) for path in there}
        self._priorities = {rule.priority for _, one in made for rule in (*one.rules, *one.exceptions)}
        self._priorities |= {int(str(body.get("sequence_number") or 0)) for body in there.values() if _whole(body)}
        mine = owned(domain)
        self._last = max((rule.priority for rule in (*mine.rules, *mine.exceptions)), default=0)

    @property
    def priority(self) -> int | None:
        """The next ten after the largest of the domain's own that nobody on the Tier-0 has: rules that are there keep their order, and an
        exception stays before the mappings. None where NSX takes no larger one."""
        for found, step in (self._ten, _STEP), (self._last + 1, 1):
            while found in self._priorities:
                found += step
            if found <= MAX_PRIORITY:
                return found
        return None

    def take(self, wanted: str, priority: int) -> str:
        """The key of a mapping with that priority: `wanted`, or with a number behind it where a mapping, or an object in NSX, is called so."""
        found, number = wanted, 1
        while found in self._keys or f"{self._prefix}{found}" in self._ids:
            number += 1
            found = f"{wanted}-{number}"
        self._keys.add(found)
        self._priorities.add(priority)
        self._last = priority
        return found

    @property
    def _ten(self) -> int:
        return max(self._last - self._last % _STEP + _STEP, DEFAULT_PRIORITIES[SUPERVISOR])


def _whole(body: dict[str, object]) -> bool:
    return str(body.get("sequence_number") or 0).isdecimal()
