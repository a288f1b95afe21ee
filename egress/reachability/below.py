"""What hangs below the Tier-0 in the example world: a pod for each Tier-1, what the Tier-1 translates it to, a load balancer.

Pure: a WorkloadDomain becomes senders, the Tier-1s' parts of the World, and sentences about what was assumed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Literal

from egress.domain import WorkloadDomain
from egress.domain.addresses import Address, Coverage, InterfaceAddress, around, as_network, first_host, with_length
from egress.domain.fields import listed
from egress.policy.leaving import Leaving, leaving
from egress.policy.owned import NatRule, owned
from egress.policy.sighting import Unseen
from egress.policy.virtual_servers import VirtualServer
from egress.reachability.world import Balancer, Pod, Snat, Tier1World
from egress.vocabulary import TITLES

SPARE = IPv4Network("198.18.0.0/15")
"""RFC 2544: pod networks of Tier-1s whose network the file does not give."""
_NOT_GIVEN = IPv4Network("198.19.0.0/24")
"""RFC 2544, too: in place of an egress range that the file does not give."""
PROTOCOLS: tuple[Literal["tcp", "udp"], ...] = ("tcp", "udp")
_LOOKED_AT = 4096
"""So many addresses of a range are looked at for one that nobody has."""


@dataclass(frozen=True)
class Sender:
    """A pod that stands for a Tier-1's traffic. `title`: what people call it.

    `key`: the mapping that translates it: supervisor, tkg, a key below `more`, or None without one. `egress`: the source address that
    the Tier-0 sees, an example where the file does not give it (`known` is false). `meant`: the mapping that the file means for it, where
    the manager may have it otherwise.
    """

    pod: str
    tier1: str
    key: str | None
    egress: IPv4Address
    title: str
    known: bool = True
    meant: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """What people may call it on a command line."""
        return tuple(dict.fromkeys(name for name in (self.key, self.meant, self.tier1) if name))


@dataclass(frozen=True)
class Below:
    """The senders, the Tier-1s' parts of the world by id, and what was assumed.

    From a manager also `differs`: what the file says otherwise; `unseen`; `servers`: load balancers that are there.
    """

    senders: tuple[Sender, ...]
    tier1: dict[str, Tier1World]
    notes: tuple[str, ...]
    differs: tuple[str, ...] = ()
    unseen: tuple[Unseen, ...] = ()
    servers: tuple[VirtualServer, ...] = ()


def below(domain: WorkloadDomain, vip: tuple[IPv4Address, int] | None, taken: Collection[Address] = ()) -> Below:
    """What hangs below a domain's Tier-0. `vip`: address and port of a load balancer on the first Tier-1, None for none. `taken`: addresses
    that somebody around the gateway has, so that none of them is an example."""
    return _Builder(domain, vip, taken).build()


def balanced(name: str, address: IPv4Address, port: int, number: int) -> Tier1World:
    """A service behind a load balancer on a Tier-1 of its own. `name`: of the pod that answers; `number`: of the service."""
    network = IPv4Network((int(SPARE.broadcast_address) - 255 - 256 * number, 24))
    member = IPv4Interface((int(network[2]), 24))
    return Tier1World(pods=(Pod(name, (member,)),), lb=balancers(address, port, member.ip))


def balancers(address: IPv4Address, port: int, member: IPv4Address) -> tuple[Balancer, ...]:
    """A service of a load balancer, for each protocol."""
    return tuple(Balancer(address, port, member, port, protocol) for protocol in PROTOCOLS)


@dataclass(frozen=True)
class _Part:
    """A sender with its pod, its translation and the network that its Tier-1 advertises."""

    sender: Sender
    pod: Pod
    snat: Snat | None
    advertised: IPv4Network | None


class _Builder:
    def __init__(self, domain: WorkloadDomain, vip: tuple[IPv4Address, int] | None, taken: Collection[Address]) -> None:
        self.domain = domain
        self.vip = vip
        rules: Sequence[NatRule] = sorted(owned(domain).rules, key=lambda rule: rule.priority)
        self.sources = [(rule.key, as_network(rule.source)) for rule in rules]
        self.ruled = Coverage(source for _, source in self.sources)
        self.taken = {as_network(one.egress)[0] for one in domain.tier1s.values() if one.egress is not None}
        self.taken |= {one for one in taken if isinstance(one, IPv4Address)}
        self.parts: list[_Part] = []
        self.notes: list[str] = []

    def build(self) -> Below:
        for one in leaving(self.domain):
            if one.own:
                self._routed(one)
            else:
                egress = first_host(one.networks[0]) if one.known else self._example(one)
                self._translated(one.tier1, self._key(egress), egress, one.known)
        asked = {part.sender.key for part in self.parts}
        for rule in owned(self.domain).rules:
            if rule.key not in asked:
                self._translated(f"tier1 of {rule.key}", rule.key, first_host(as_network(rule.source)), True)
        return Below(tuple(self._titled()), self._worlds(), tuple(self.notes))

    def _key(self, egress: IPv4Address) -> str | None:
        """The mapping that translates an address: of those that hold it, the one that is looked at first."""
        return next((key for key, source in self.sources if egress in source), None)

    def _routed(self, one: Leaving) -> None:
        """A Tier-1 that translates nothing: a pod in each of its networks, which leaves with its own address."""
        asked = [network for network in one.networks if network.prefixlen <= 30]
        if not one.networks:
            self.notes.append(f"the networks of routed Tier-1 {one.tier1} are not in the file: nothing is asked of it")
        elif len(asked) < len(one.networks):
            small = [network for network in one.networks if network not in asked]
            self.notes.append(
                f"no room for an example in {listed(small)} of routed Tier-1 {one.tier1}: nothing is asked there"
            )
        for number, network in enumerate(asked):
            address = IPv4Interface((int(network[2]), network.prefixlen))
            name = f"pod/{one.tier1}/{network}" if number else f"pod/{one.tier1}"
            sender = Sender(name, one.tier1, self._key(address.ip), address.ip, one.tier1)
            self.parts.append(_Part(sender, Pod(name, (address,)), None, network))

    def _translated(self, tier1: str, key: str | None, egress: IPv4Address, known: bool) -> None:
        network = self._pod_network(tier1)
        address = IPv4Interface((int(network.network_address) + 2, network.prefixlen))
        name = f"pod/{tier1}"
        sender = Sender(name, tier1, key, egress, tier1, known)
        self.parts.append(_Part(sender, Pod(name, (address,)), Snat(IPv4Network((int(address), 32)), egress), None))

    def _pod_network(self, tier1: str) -> IPv4Network:
        there = self.domain.tier1s[tier1].networks if tier1 in self.domain.tier1s else ()
        spare = IPv4Network((int(SPARE.network_address) + 256 * len(self.parts), 24))
        return next((network for network in there if network.prefixlen <= 29), spare)

    def _example(self, one: Leaving) -> IPv4Address:
        """An address that a Tier-1 may send with: none of another, and one without a rule if there is such a one."""
        nobody: IPv4Address | None = None
        for address in _hosts(one.networks or (_NOT_GIVEN,)):
            if address not in self.taken:
                nobody = nobody or address
                if not self.ruled.holds(IPv4Network(address)):
                    nobody = address
                    break
        chosen = nobody or first_host((*one.networks, _NOT_GIVEN)[0])
        self.taken.add(chosen)
        self.notes.append(
            f"the egress address of Tier-1 {one.tier1} is not in the file (tier1s.{one.tier1}.egress): {chosen} stands for it"
        )
        return chosen

    def _titled(self) -> Iterator[Sender]:
        """The senders, the one of the Supervisor and the one of TKG called so."""
        times = Counter(part.sender.key for part in self.parts)
        for part in self.parts:
            one = part.sender
            if one.key is not None and times[one.key] == 1:
                alone = one.tier1 not in self.domain.tier1s
                yield replace(one, title=TITLES.get(one.key, one.key if alone else one.tier1))
            else:
                yield one

    def _worlds(self) -> dict[str, Tier1World]:
        grouped: dict[str, list[_Part]] = {}
        for part in self.parts:
            grouped.setdefault(part.sender.tier1, []).append(part)
        balanced = next(iter(grouped), None)
        return {
            name: Tier1World(
                pods=tuple(part.pod for part in parts),
                snat=tuple(part.snat for part in parts if part.snat),
                lb=self._balancer(parts[0].pod) if name == balanced else (),
                advertise=tuple(part.advertised for part in parts if part.advertised),
            )
            for name, parts in grouped.items()
        }

    def _balancer(self, pod: Pod) -> tuple[Balancer, ...]:
        member = pod.addresses[0].ip
        return balancers(*self.vip, member) if self.vip and isinstance(member, IPv4Address) else ()


def _hosts(networks: Sequence[IPv4Network]) -> Iterator[IPv4Address]:
    """Host addresses of networks, so many of each as are looked at."""
    for network in networks:
        yield from (network[index] for index in range(1, min(network.num_addresses - 1, _LOOKED_AT)))
        if network.num_addresses <= 2:
            yield from network


def behind_gateway(address: Address, longest: int, shortest: int) -> InterfaceAddress | None:
    """An address with a length, the longest first, that leaves room before it for the first host of its network, which is the Tier-1's
    own address there. None: there is no such length."""
    for length in range(longest, shortest - 1, -1):
        network = around(address, length)
        if int(address) - int(network.network_address) >= 2:
            return with_length(address, network)
    return None
