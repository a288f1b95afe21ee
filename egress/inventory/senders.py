"""The egress addresses that are really there: what Tier-1s below a Tier-0 translate to, and what leaves with its own addresses.

A value for each of them; the NAT rules themselves stay where they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network

from egress.domain import NatAction
from egress.inventory.whose import Owner, owner
from egress.policy.paths import Collection
from egress.policy.tier1s import ADVERTISED_CONNECTED, ADVERTISED_NAT, Tier1, whole_tier1s
from egress.policy.tree import PolicyObjects, children
from egress.vocabulary import INFRA


class Holder(StrEnum):
    """What sends with an egress address."""

    TIER1 = "Tier-1"
    VPC = "VPC"


@dataclass(frozen=True)
class EgressAddress:
    """A network of addresses, often of one, that reaches the Tier-0 as a source.

    name: id of the Tier-1 or VPC that sends with it. path: of the object that says so: a NAT rule, a Tier-1, a VPC. translated: false
    for a network that leaves with its own addresses. behind: networks of the pods and nodes, as far as they are known.
    """

    network: IPv4Network
    holder: Holder
    name: str
    owner: Owner
    path: str
    translated: bool = True
    behind: tuple[IPv4Network, ...] = ()

    def __str__(self) -> str:
        """As `30.0.0.17 of Tier-1 t1-dev (namespace dev)`."""
        whose = f" ({self.owner})" if self.owner else ""
        return f"{short(self.network)} of {self.holder} {self.name}{whose}"


def short(network: IPv4Network) -> str:
    """A network of one address without its length."""
    return str(network.network_address) if network.num_addresses == 1 else str(network)


def of_tier1s(objects: PolicyObjects, gateway: str) -> tuple[EgressAddress, ...]:
    """What the Tier-1s below the Tier-0 whose path is `gateway` send with, in the order of their ids. IPv4 only: NSX has no NAT66.

    A rule that is limited to a destination counts like one that is not: its address is seen outside all the same.
    """
    return tuple(one for tier1 in whole_tier1s(objects) if tier1.tier0 == gateway for one in _of_tier1(tier1, objects))


def _of_tier1(tier1: Tier1, objects: PolicyObjects) -> Iterator[EgressAddress]:
    body = objects.get(tier1.path, {})
    behind = tuple(one for one in tier1.segments if isinstance(one, IPv4Network))
    seen: set[IPv4Network] = set()
    for rule in tier1.acting:
        translates = rule.action in (NatAction.SNAT, NatAction.REFLEXIVE) and isinstance(rule.translated, IPv4Network)
        if (
            translates
            and isinstance(rule.translated, IPv4Network)
            and rule.translated not in seen
            and tier1.tells(ADVERTISED_NAT)
        ):
            seen.add(rule.translated)
            sources = tuple(one for one in rule.sources if isinstance(one, IPv4Network))
            whose = owner(body, objects.get(rule.path, {}))
            yield EgressAddress(rule.translated, Holder.TIER1, tier1.id, whose, rule.path, behind=sources or behind)
    if not seen and tier1.tells(ADVERTISED_CONNECTED):
        whose = owner(body, *(one for _, one in _segments(objects, tier1.path)))
        for network in behind:
            yield EgressAddress(network, Holder.TIER1, tier1.id, whose, tier1.path, translated=False, behind=(network,))


def _segments(objects: PolicyObjects, tier1: str) -> Iterator[tuple[str, dict[str, object]]]:
    return (
        (path, body)
        for path, body in children(objects, INFRA, Collection.SEGMENTS)
        if body.get("connectivity_path") == tier1
    )
