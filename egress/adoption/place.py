"""Where a match is looked for: a domain, its Tier-0, and what the domain's own file says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from egress.domain import WorkloadDomain
from egress.policy import paths


@dataclass(frozen=True)
class Place:
    """Where a match is looked for. given: what the domain's own file says, without its defaults."""

    domain: WorkloadDomain
    gateway: str
    given: Mapping[str, Any]

    def interface(self, path: str) -> str | None:
        """The id under which the file knows an interface, None where it does not."""
        names = self.domain.tier0.interface_ids
        known = {paths.interface(self.gateway, self.domain.tier0.locale_service, name): name for name in names}
        return known.get(path)

    def gives_list(self, at: Sequence[str]) -> bool:
        """Whether the file itself, and not a defaults file, gives the list at a place."""
        here: Any = self.given
        for part in at:
            here = here.get(part) if isinstance(here, Mapping) else None
        return isinstance(here, list | tuple)
