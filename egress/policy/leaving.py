"""What packets of each Tier-1 leave with: the source addresses that the Tier-0 sees, as far as the file knows them."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import NamedTuple

from egress.domain import WorkloadDomain
from egress.domain.addresses import Coverage, as_network
from egress.domain.model import Tier1, once


class Leaving(NamedTuple):
    """A Tier-1 and the networks that its packets leave with.

    `known`: false where the file does not say which address of these networks it is. `own`: they are the networks of the Tier-1
    itself, which translates nothing.
    """

    tier1: str
    networks: tuple[IPv4Network, ...]
    known: bool
    own: bool


@once
def leaving(domain: WorkloadDomain) -> tuple[Leaving, ...]:
    """The Tier-1s of the file, in its order."""
    return tuple(_of(domain, name, tier1) for name, tier1 in domain.tier1s.items())


def _of(domain: WorkloadDomain, name: str, tier1: Tier1) -> Leaving:
    if not tier1.nat:
        return Leaving(name, tier1.networks, True, True)
    if tier1.egress is not None:
        return Leaving(name, (as_network(tier1.egress),), True, False)
    return Leaving(name, (tier1.egress_range,) if tier1.egress_range else domain.egress.ranges, False, False)


@once
def seen_outside(domain: WorkloadDomain) -> tuple[IPv4Network, ...]:
    """Every network that packets reach the Tier-0 with, each once: egress ranges, addresses of Tier-1s that lie elsewhere, and the
    networks of those that translate nothing."""
    ranges = Coverage(domain.egress_ranges)
    known = [one for sender in leaving(domain) for one in sender.networks if not ranges.holds(one)]
    return tuple(dict.fromkeys([*domain.egress_ranges, *known]))
