"""Which domains of a fleet meet another: a Tier-0, an address, a range, a Tier-1, a state. Rules over several domains say of any other one
what they say of it alone.

So a fleet can be judged in parts that never come together: each tells what its domains could meet another by, and only those that do are
looked at once more, all of them together.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import TypeAlias

from egress.checks.across_gateways import addresses_used, ranges_used, state_place
from egress.domain import WorkloadDomain
from egress.policy.identity import GatewayKey

_Block: TypeAlias = tuple[int, int]
"""A network: its first address, and the one after its last."""


@dataclass(frozen=True)
class Marks:
    """What another domain may have, too. parent: the gateway that a VRF gateway belongs to."""

    gateway: GatewayKey
    parent: GatewayKey | None
    addresses: tuple[_Block, ...]
    ranges: tuple[_Block, ...]
    tier1s: tuple[str, ...]
    state: tuple[str, ...]

    @classmethod
    def of(cls, domain: WorkloadDomain) -> Marks:
        """Those of a domain."""
        return cls(
            GatewayKey.of(domain),
            GatewayKey.parent_of(domain),
            tuple(_block(use.network) for use in addresses_used(domain)),
            tuple(_block(use.network) for use in ranges_used(domain)),
            tuple(domain.tier1s),
            state_place(domain),
        )


def meeting(marks: Sequence[Marks]) -> list[int]:
    """The numbers of the domains that meet another, or may: all that do are among them."""
    parents = {one.parent for one in marks}
    found = {number for number, one in enumerate(marks) if one.parent or one.gateway in parents}
    found |= _alike((one.gateway,) for one in marks)
    found |= _alike((one.state,) for one in marks)
    found |= _alike([(one.gateway.manager, name) for name in one.tier1s] for one in marks)
    found |= _overlapping([one.addresses for one in marks])
    found |= _overlapping([one.ranges for one in marks])
    return sorted(found)


def _alike(of_each: Iterable[Iterable[Hashable]]) -> set[int]:
    """The numbers of those that have something that another has."""
    holders: dict[Hashable, set[int]] = {}
    for number, values in enumerate(of_each):
        for value in values:
            holders.setdefault(value, set()).add(number)
    return {number for those in holders.values() if len(those) > 1 for number in those}


def _overlapping(of_each: Sequence[Sequence[_Block]]) -> set[int]:
    """The numbers of those one of whose networks overlaps one of another."""
    by_block: dict[_Block, set[int]] = {}
    for number, blocks in enumerate(of_each):
        for block in blocks:
            by_block.setdefault(block, set()).add(number)
    return {number for those in _joined(by_block) if len(those) > 1 for number in those}


def _joined(by_block: dict[_Block, set[int]]) -> Iterator[set[int]]:
    """Who has networks that overlap. Of two that do one holds the other, so each widest one is taken with all that it holds."""
    end = -1
    those: set[int] = set()
    for (first, after), holders in sorted(by_block.items(), key=lambda item: (item[0][0], -item[0][1])):
        if first >= end:
            yield those
            those, end = set(), after
        those |= holders
    yield those


def _block(network: IPv4Network) -> _Block:
    first = int(network.network_address)
    return first, first + (1 << (network.max_prefixlen - network.prefixlen))
