"""The domains on one Tier-0, and what their files say together: worked out once, whichever of them is asked about."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import overload

from egress.domain import WorkloadDomain
from egress.domain.addresses import Address
from egress.policy.identity import same_gateway
from egress.policy.owned import owned
from egress.policy.tree import Json, PolicyObjects
from egress.reachability.surroundings import file_next_hops, further_next_hops


class Neighbourhood:
    """The domains among `everyone` that stand on the Tier-0 of `domain`, in their order. It need not be among them itself."""

    def __init__(self, domain: WorkloadDomain, everyone: Sequence[WorkloadDomain]) -> None:
        self._everyone = everyone
        self.domains = tuple(other for other in everyone if same_gateway(other, domain))
        self._places: dict[str, list[int]] = {}
        self._makers: dict[str, dict[str, list[int]]] = {}
        for place, other in enumerate(self.domains):
            self._places.setdefault(other.stack, []).append(place)

    def is_of(self, domain: WorkloadDomain, everyone: Sequence[WorkloadDomain]) -> bool:
        """Whether it is that of a domain among the very same others."""
        return self._everyone is everyone and domain in self

    def __contains__(self, domain: WorkloadDomain) -> bool:
        return bool(self._at(domain))

    def besides(self, domain: WorkloadDomain) -> Sequence[WorkloadDomain]:
        """All but one. It holds no copy of them: every domain of a gateway is asked for its neighbours."""
        return _Besides(self.domains, self._at(domain))

    def without(self, domain: WorkloadDomain, own: PolicyObjects, gateway: str) -> dict[str, Json | None]:
        """What the files of the others make at the paths that a domain's file makes, which is `own`; None where it is nothing. gateway: path
        of the Tier-0."""
        left: dict[str, Json | None] = {}
        for path in own:
            others = (one for one in reversed(self._makers_of(gateway)[path]) if one not in self._at(domain))
            last = next(others, None)
            left[path] = None if last is None else owned(self.domains[last]).objects(gateway)[path]
        return left

    def _makers_of(self, gateway: str) -> dict[str, list[int]]:
        """The places of the domains that make an object, by its path, worked out once for a path of the Tier-0."""
        if gateway not in self._makers:
            found: dict[str, list[int]] = {}
            for place, domain in enumerate(self.domains):
                for path in owned(domain).objects(gateway):
                    found.setdefault(path, []).append(place)
            self._makers = {gateway: found}
        return self._makers[gateway]

    def _at(self, domain: WorkloadDomain) -> list[int]:
        return [place for place in self._places.get(domain.stack, ()) if self.domains[place] == domain]

    @cached_property
    def next_hops(self) -> tuple[Address, ...]:
        """The next hops of their default routes, each once."""
        return tuple(dict.fromkeys(hop for one in self.domains for hop in file_next_hops(one)))

    @cached_property
    def further_next_hops(self) -> tuple[Address, ...]:
        """Those of their further routes, each once."""
        return tuple(dict.fromkeys(hop for one in self.domains for hop in further_next_hops(one)))

    @cached_property
    def makers(self) -> dict[str, list[str]]:
        """The stacks that make an object, by the object's id."""
        found: dict[str, list[str]] = {}
        for domain in self.domains:
            for name in owned(domain).ids:
                found.setdefault(name, []).append(domain.stack)
        return found


class _Besides(Sequence[WorkloadDomain]):
    """Domains without those at some places, which are in ascending order."""

    def __init__(self, domains: tuple[WorkloadDomain, ...], left_out: Sequence[int]) -> None:
        self._domains = domains
        self._left_out = left_out

    def __len__(self) -> int:
        return len(self._domains) - len(self._left_out)

    @overload
    def __getitem__(self, place: int) -> WorkloadDomain: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[WorkloadDomain, ...]: ...

    def __getitem__(self, place: int | slice) -> WorkloadDomain | tuple[WorkloadDomain, ...]:
        if isinstance(place, slice):
            return tuple(self)[place]
        at = range(len(self))[place]
        for left_out in self._left_out:
            at += left_out <= at
        return self._domains[at]
