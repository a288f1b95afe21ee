"""A Tier-1 as nodes: the gateway with its load balancers and source translation, and the pods behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface, ip_network
from typing import NamedTuple

from egress.domain import NatAction
from egress.domain.addresses import Address, InterfaceAddress, Network, single
from egress.policy.paths import last
from egress.policy.tier1s import ADVERTISED_LB, ADVERTISED_NAT, Tier1
from egress.reachability.topology import Interface, NatRule, Node, NodeKind, Route, RouteHop
from egress.reachability.world import Pod, Tier1World

DEFAULTS: tuple[Network, ...] = (ip_network("0.0.0.0/0"), ip_network("::/0"))
_LINK_V4 = int(IPv4Address("100.64.0.0"))
_VISIBLE = (NatAction.SNAT, NatAction.REFLEXIVE)
"""Actions whose translated network others see."""
_LINK_V6 = int(IPv6Address("fd00:64::"))


@dataclass(frozen=True)
class Link:
    """A Tier-1, its number (which makes the addresses of its link) and what hangs on it."""

    tier1: Tier1
    number: int
    world: Tier1World

    @property
    def segment(self) -> str:
        """The segment between the Tier-1 and the DR."""
        return f"link:{self.tier1.id}"

    @cached_property
    def face(self) -> Interface:
        """The DR's interface on the link."""
        return Interface(self.tier1.id, self.segment, self.addresses(0))

    @property
    def tells(self) -> bool:
        """Whether the Tier-0 learns of a network from it."""
        return bool(self.advertised or self.pods_v6)

    def nodes(self, hangs: bool) -> tuple[Node, ...]:
        """The Tier-1 and its pods. `hangs`: its Tier-0 is there."""
        return self._hanging if hangs else self._loose

    @cached_property
    def _hanging(self) -> tuple[Node, ...]:
        return tuple(_tier1_nodes(self, True))

    @cached_property
    def _loose(self) -> tuple[Node, ...]:
        return tuple(_tier1_nodes(self, False))

    def addresses(self, end: int) -> tuple[InterfaceAddress, ...]:
        """Addresses of the link: end 0 is the DR, end 1 the Tier-1."""
        return _link(self.number, end)

    @cached_property
    def served(self) -> tuple[Network, ...]:
        """Addresses that the Tier-1 translates to or balances, and tells of: for these the Tier-0 answers ARP."""
        found: list[Network] = [single(entry.translated) for entry in self.world.snat]
        if self.tier1.tells(ADVERTISED_NAT):
            found += [rule.translated for rule in self.tier1.acting if rule.translated and rule.action in _VISIBLE]
            found += [
                network for rule in self.tier1.acting if rule.action is NatAction.DNAT for network in rule.destinations
            ]
        if self.tier1.tells(ADVERTISED_LB):
            found += [single(lb.address) for lb in self.world.lb]
        return tuple(dict.fromkeys(found))

    @cached_property
    def advertised(self) -> tuple[Network, ...]:
        """What the Tier-0 learns from the Tier-1, without the pods' own networks."""
        return tuple(dict.fromkeys([*self.served, *self.world.advertise]))

    @cached_property
    def pods_v6(self) -> tuple[Network, ...]:
        """The pods' IPv6 networks: they are never translated, so the Tier-0 has to know them."""
        return tuple(dict.fromkeys(one.network for pod in self.world.pods for one in pod.addresses if one.version == 6))


@cache
def _link(number: int, end: int) -> tuple[InterfaceAddress, ...]:
    return (
        IPv4Interface((_LINK_V4 + 2 * number + end, 31)),
        IPv6Interface((_LINK_V6 + (number << 16) + end, 127)),
    )


def _tier1_nodes(link: Link, hangs: bool) -> Iterator[Node]:
    """The Tier-1 and its pods. Without a Tier-0 it has no way out."""
    tier1 = link.tier1
    networks = dict.fromkeys(one.network for pod in link.world.pods for one in pod.addresses)
    sides = {network: _PodSide.of(tier1.id, network) for network in networks}
    interfaces = [one.face for one in sides.values()]
    routes: list[Route] = []
    if hangs:
        interfaces.append(Interface("link", link.segment, link.addresses(1)))
        routes = [
            Route(to, (RouteHop("link", dr.ip),), "default to the Tier-0")
            for to, dr in zip(DEFAULTS, link.addresses(0), strict=True)
        ]
        routes += [Route(to, (), "advertised, not in use") for to in link.advertised]
    rules = (*_tier1_rules(link.world), *_own_rules(tier1))
    yield Node(
        tier1.id,
        NodeKind.TIER1,
        tuple(interfaces),
        tuple(routes),
        rules,
        state=tier1.id if rules else None,
        gateway=tier1.id,
    )
    for pod in link.world.pods:
        yield _pod(tier1.id, pod, sides)


class _PodSide(NamedTuple):
    """A pod network at its Tier-1: the Tier-1's interface there, and its own address, which is the pods' default gateway."""

    face: Interface
    gateway: Address

    @classmethod
    def of(cls, tier1: str, network: Network) -> _PodSide:
        """That of a Tier-1 on a network."""
        own, shown = _gateway_of(network), str(network)
        return cls(Interface(f"pods {shown}", f"pods:{tier1}:{shown}", (own,)), own.ip)


def _gateway_of(network: Network) -> InterfaceAddress:
    """The Tier-1's own address on a pod network: the first host address."""
    if network.version == 4:
        return IPv4Interface((int(network.network_address) + 1, network.prefixlen))
    return IPv6Interface((int(network.network_address) + 1, network.prefixlen))


def _pod(tier1: str, pod: Pod, sides: Mapping[Network, _PodSide]) -> Node:
    interfaces = tuple(
        Interface(f"eth{number}", sides[one.network].face.segment, (one,)) for number, one in enumerate(pod.addresses)
    )
    routes = tuple(
        Route(to, (RouteHop(interface.name, sides[one.network].gateway),), "default gateway")
        for interface, one in zip(interfaces, pod.addresses, strict=True)
        for to in DEFAULTS
        if to.version == one.version
    )
    return Node(pod.name, NodeKind.POD, interfaces, routes, forwards=False, gateway=tier1)


def _tier1_rules(world: Tier1World) -> Iterator[NatRule]:
    scope = frozenset({"link"})
    for number, lb in enumerate(world.lb):
        name = f"load balancer {lb.address}:{lb.port}"
        yield NatRule(
            name,
            NatAction.DNAT,
            scope,
            destinations=(single(lb.address),),
            translated=single(lb.member),
            priority=number,
            protocol=lb.protocol,
            port=lb.port,
            translated_port=lb.member_port,
        )
    for number, snat in enumerate(world.snat):
        yield NatRule(
            f"egress {snat.translated}",
            NatAction.SNAT,
            scope,
            (snat.source,),
            translated=single(snat.translated),
            priority=number,
        )


def _own_rules(tier1: Tier1) -> Iterator[NatRule]:
    """The NAT rules that were read of a Tier-1. One with a scope is for its service interfaces, and not for the way to the Tier-0."""
    for rule in tier1.acting:
        if not rule.scope:
            yield NatRule(
                last(rule.path),
                rule.action,
                frozenset({"link"}),
                rule.sources,
                rule.destinations,
                rule.translated,
                rule.section,
                rule.priority,
            )
