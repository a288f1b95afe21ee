"""The egress addresses that are really there: what Tier-1s below a Tier-0 translate to, and what leaves with its own addresses.

A value for each of them; the NAT rules themselves stay where they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network

from egress.domain import NatAction
from egress.inventory.whose import Owner, owner
from egress.policy.gateways import Rule
from egress.policy.paths import Collection, collection
from egress.policy.sighting import Unseen, hidden
from egress.policy.tier1s import ADVERTISED_CONNECTED, ADVERTISED_NAT, Tier1, whole_tier1s
from egress.policy.tree import Json, PolicyObjects, children
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


def of_tier1s(objects: PolicyObjects, gateway: str, unseen: Sequence[Unseen] = ()) -> tuple[EgressAddress, ...]:
    """What the Tier-1s below the Tier-0 whose path is `gateway` send with, in the order of their ids. IPv4 only: NSX has no NAT66.

    A rule that is limited to a destination counts like one that is not: its address is seen outside all the same. unseen: what could not be
    read. Of a Tier-1 whose rules or edge cluster are not known it is not known either what leaves with its own addresses: nothing is said.
    """
    segments = _by_tier1(objects)
    return tuple(
        one
        for tier1 in whole_tier1s(objects, gateway)
        for one in _of_tier1(tier1, objects, segments.get(tier1.path, ()), unseen)
    )


def _of_tier1(
    tier1: Tier1, objects: PolicyObjects, segments: Sequence[Json], unseen: Sequence[Unseen]
) -> Iterator[EgressAddress]:
    body = objects.get(tier1.path, {})
    behind = tuple(one for one in tier1.segments if isinstance(one, IPv4Network))
    no_cluster = not tier1.clusters and hidden(unseen, collection(tier1.path, Collection.LOCALE_SERVICES))
    rules = [one for one in (tier1.rules if no_cluster else tier1.acting) if _translates(one)]
    seen: set[IPv4Network] = set()
    for rule in rules if tier1.tells(ADVERTISED_NAT) else ():
        assert isinstance(rule.translated, IPv4Network)
        if rule.translated not in seen:
            seen.add(rule.translated)
            sources = _sources(rule)
            whose = owner(objects.get(rule.path, {}), body)
            yield EgressAddress(rule.translated, Holder.TIER1, tier1.id, whose, rule.path, behind=sources or behind)
    if no_cluster or hidden(unseen, collection(tier1.path, Collection.NAT)) or not tells_networks(tier1):
        return
    whose = owner(body, *segments)
    for network in behind:
        if not any(not _sources(rule) or any(network.subnet_of(one) for one in _sources(rule)) for rule in rules):
            yield EgressAddress(network, Holder.TIER1, tier1.id, whose, tier1.path, translated=False, behind=(network,))


def _translates(rule: Rule) -> bool:
    """Whether a rule decides about what leaves towards the Tier-0. One that is applied to interfaces of the Tier-1 does not."""
    return (
        rule.action in (NatAction.SNAT, NatAction.REFLEXIVE)
        and not rule.scope
        and isinstance(rule.translated, IPv4Network)
    )


def _sources(rule: Rule) -> tuple[IPv4Network, ...]:
    return tuple(one for one in rule.sources if isinstance(one, IPv4Network))


def tells_networks(tier1: Tier1) -> bool:
    """Whether the Tier-0 knows the networks behind a Tier-1. One that does not say tells them if it has no rule, as the walk takes it."""
    return not tier1.rules if tier1.advertises is None else tier1.tells(ADVERTISED_CONNECTED)


def _by_tier1(objects: PolicyObjects) -> dict[str, list[Json]]:
    """Segments by the path of the Tier-1 that they are connected to."""
    found: dict[str, list[Json]] = {}
    for _, body in children(objects, INFRA, Collection.SEGMENTS):
        found.setdefault(str(body.get("connectivity_path")), []).append(body)
    return found
