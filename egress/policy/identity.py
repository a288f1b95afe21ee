"""Which manager and which Tier-0 a domain means. The only place that says whether two of them are the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from egress.domain import WorkloadDomain
from egress.domain.managers import ManagerKey
from egress.domain.model import Tier0, once
from egress.policy import paths

__all__ = ["GatewayKey", "ManagerKey", "by_gateway", "same_gateway", "tier0_name"]


class GatewayKey(NamedTuple):
    """A Tier-0 of a manager. `name`: its id, or its display name where the file gives no id.

    A file with the id and a file with the display name mean the same gateway if both say the same: NSX names an object after
    its id unless told otherwise (assumption; with another display name the files do not tell).
    """

    manager: ManagerKey
    name: str

    @classmethod
    def of(cls, domain: WorkloadDomain) -> GatewayKey:
        """The domain's Tier-0."""
        return _gateway_key(domain)

    @classmethod
    def parent_of(cls, domain: WorkloadDomain) -> GatewayKey | None:
        """The Tier-0 that the domain's VRF gateway belongs to, None for a gateway that is no VRF."""
        parent = domain.tier0.vrf_of
        return cls(ManagerKey.of(domain.nsx.host), parent) if parent else None

    @property
    def path(self) -> str:
        """Policy path of the Tier-0. In a lab it has its display name as its id where the file gives no id."""
        return paths.tier0(self.name)


@once
def _gateway_key(domain: WorkloadDomain) -> GatewayKey:
    return GatewayKey(ManagerKey.of(domain.nsx.host), tier0_name(domain.tier0))


def tier0_name(tier0: Tier0) -> str:
    """What a file calls the Tier-0: its id, else its display name."""
    return tier0.id or str(tier0.display_name)


def same_gateway(one: WorkloadDomain, other: WorkloadDomain) -> bool:
    """Whether two domains stand on one Tier-0."""
    return GatewayKey.of(one) == GatewayKey.of(other)


def by_gateway(domains: Sequence[WorkloadDomain]) -> dict[GatewayKey, list[WorkloadDomain]]:
    """Domains by their Tier-0, in their order."""
    groups: dict[GatewayKey, list[WorkloadDomain]] = {}
    for domain in domains:
        groups.setdefault(GatewayKey.of(domain), []).append(domain)
    return groups
