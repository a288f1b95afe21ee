"""The next translated address of a domain (docs/decisions/0024): of its pool; without one, where rules are SNAT, the address that most of its
mappings have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network

from egress.domain import NatAction, WorkloadDomain
from egress.domain.addresses import as_network
from egress.domain.fields import listed
from egress.inventory.senders import short
from egress.inventory.taken import Taken
from egress.policy.owned import nat_scope, owned

__all__ = ["Exhausted", "Free", "next_free"]

_MOST = 65_536
"""Blocks of one pool entry that are looked at."""


@dataclass(frozen=True)
class Free:
    """A translated network. why: where it comes from. asks: what a person has to confirm, empty where nothing."""

    network: IPv4Network
    why: str
    asks: str = ""


@dataclass(frozen=True)
class Exhausted:
    """No address can be given: what is the matter, and what to write."""

    what: str


def next_free(domain: WorkloadDomain, taken: Taken, given: list[IPv4Network], size: int) -> Free | Exhausted:
    """A translated network for `size` egress addresses. given: what this proposal gave to others already."""
    if domain.egress.pool:
        return _of_pool(domain, taken, given, size)
    if domain.tier0.nat_action is not NatAction.SNAT:
        return Exhausted(
            "egress.pool is not in the file, and REFLEXIVE rules need a translated address each: write egress.pool: [ADDRESS or NETWORK] "
            f"with addresses of {_places(domain)} that nobody has"
        )
    used = Counter(as_network(rule.translated) for rule in owned(domain).rules if rule.destination is None)
    if not used:
        return Exhausted(
            "egress.pool is not in the file, and there is no mapping whose address could be shared: write egress.pool: [ADDRESS or NETWORK] "
            f"with addresses of {_places(domain)} that nobody has, or one mapping of the whole egress range"
        )
    ((network, count),) = used.most_common(1)
    if len(used) == 1:
        return Free(
            network, f"all mappings of {domain.stack} translate to {short(network)}, and SNAT rules share an address"
        )
    told = listed([short(one) for one in used])
    why = f"{count} of {used.total()} mappings of {domain.stack} translate to {short(network)}, and SNAT rules share an address"
    asks = f"that nobody outside tells senders apart by their addresses ({told}); otherwise write egress.pool with one for this"
    return Free(network, why, asks)


def _of_pool(domain: WorkloadDomain, taken: Taken, given: list[IPv4Network], size: int) -> Free | Exhausted:
    wanted = size if domain.tier0.nat_action is NatAction.REFLEXIVE else 1
    told = listed([short(as_network(one)) for one in domain.egress.pool])
    for block in _blocks(domain, wanted):
        if not taken.meets(block) and not any(block.overlaps(one) for one in given):
            beside = [one for one in domain.tier0.uplinks if one.nat and block.subnet_of(one.address.network)]
            asks = (
                f"that nobody outside of NSX has {short(block)} in {beside[0].address.network}: neither files nor manager know of anybody"
                if beside
                else ""
            )
            return Free(block, f"the next free one of egress.pool ({told})", asks)
    what = "address" if wanted == 1 else f"block of {wanted} addresses"
    return Exhausted(
        f"egress.pool ({told}) has no free {what} left: add addresses of {_places(domain)} that nobody has to it"
        + (", or write one mapping of the whole egress range" if domain.tier0.nat_action is NatAction.SNAT else "")
    )


def _blocks(domain: WorkloadDomain, size: int) -> Iterator[IPv4Network]:
    """Networks of `size` addresses in the pool, in its order, ascending in each entry."""
    length = 32 - (size - 1).bit_length()
    for entry in domain.egress.pool:
        whole = as_network(entry)
        step = 1 << (32 - length)
        for number in range(min(whole.num_addresses // step, _MOST)):
            yield IPv4Network((int(whole.network_address) + number * step, length))


def _places(domain: WorkloadDomain) -> str:
    """Where a translated address may lie."""
    scope = nat_scope(domain)
    faces = [one.address.network for one in domain.tier0.uplinks if one.nat and (not scope or one.id in scope)]
    return listed([str(one) for one in dict.fromkeys([*domain.egress.routed, *faces])], " or ")
