"""What hangs below the Tier-0 on a manager: a pod for each address that a Tier-1 really sends with, and the load balancers that are there.

Pure: typed Tier-1s become senders, parts of the World, and sentences about what differs from the domain file. The NAT rules themselves
stay with the Tier-1s: what they do is for the walk.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from egress.domain import NatAction, WorkloadDomain
from egress.domain.addresses import as_network, first_host
from egress.domain.fields import listed
from egress.inventory.senders import short
from egress.inventory.vpcs import Vpc
from egress.policy.gateways import Rule
from egress.policy.owned import owned
from egress.policy.paths import Collection as Kind
from egress.policy.paths import collection
from egress.policy.sighting import Unseen, hidden
from egress.policy.tier1s import ADVERTISED_CONNECTED, Tier1
from egress.policy.virtual_servers import VirtualServer
from egress.reachability.below import SPARE, Below, Sender, balancers, behind_gateway
from egress.reachability.world import Balancer, Pod, Snat, Tier1World
from egress.vocabulary import INFRA, TITLES

_NETWORKS_ASKED = 4
"""Networks of a Tier-1 that translates nothing: more of them are not asked, and that is told."""
_SERVERS_ASKED = 5


@dataclass(frozen=True)
class OnManager:
    """What a manager has below the Tier-0: its Tier-1s, their virtual servers, what could not be seen. `elsewhere`: ids of those that
    another domain file names. `vpcs`: those that lead to it."""

    tier1s: tuple[Tier1, ...]
    servers: tuple[VirtualServer, ...]
    unseen: tuple[Unseen, ...]
    elsewhere: Collection[str]
    vpcs: tuple[Vpc, ...] = ()


@dataclass
class _Parts:
    """What was made of one Tier-1. `serves`: it has a service router, which load balancers need as NAT does."""

    serves: bool
    senders: list[Sender] = field(default_factory=list)
    pods: list[Pod] = field(default_factory=list)
    snat: list[Snat] = field(default_factory=list)
    advertised: list[IPv4Network] = field(default_factory=list)


def found_below(domain: WorkloadDomain, there: OnManager, vip: tuple[IPv4Address, int] | None) -> Below:
    """What hangs below a domain's Tier-0 on a manager. `vip`: of the example load balancer, which stands in where no virtual server is."""
    return _Builder(domain, there, vip).build()


class _Builder:
    def __init__(self, domain: WorkloadDomain, there: OnManager, vip: tuple[IPv4Address, int] | None) -> None:
        self.domain = domain
        self.there = there
        self.vip = vip
        self.rules = sorted(owned(domain).rules, key=lambda rule: rule.priority)
        self.parts: dict[str, _Parts] = {}
        self.notes: list[str] = []
        self.differs: list[str] = []

    def build(self) -> Below:
        for tier1 in self.there.tier1s:
            if tier1.id not in self.there.elsewhere:
                self._tier1(tier1)
        for vpc in self.there.vpcs:
            self._vpc(vpc)
        senders = [sender for parts in self.parts.values() for sender in parts.senders]
        self._unused(senders)
        worlds = {name: self._world(name, parts) for name, parts in self.parts.items()}
        return Below(
            senders=tuple(_titled(senders)),
            tier1=worlds,
            notes=(*self.notes, *self._of_servers()),
            differs=tuple(self.differs),
            unseen=tuple(self._absent()),
            servers=self._servers()[:_SERVERS_ASKED],
        )

    def _tier1(self, tier1: Tier1) -> None:
        parts = self.parts.setdefault(tier1.id, _Parts(bool(tier1.clusters)))
        if tier1.advertises is None and tier1.rules:
            self.notes.append(
                f"nothing says what Tier-1 {tier1.id} advertises (route_advertisement_types): its NAT and load balancer addresses are taken as advertised"
            )
        declared = self.domain.tier1s.get(tier1.id)
        rules = _translating(tier1)
        if rules:
            for rule in rules.values():
                self._sender(tier1, parts, rule)
        elif declared is not None and declared.nat and declared.egress is not None and self._nat_hidden(tier1):
            network = self._network(tier1, ())
            self._add(tier1, parts, network, first_host(as_network(declared.egress)))
            parts.snat.append(Snat(network.network, first_host(as_network(declared.egress))))
            self.notes.append(f"NAT of Tier-1 {tier1.id} was not seen: what the file says of it is walked")
        else:
            self._routed(tier1, parts)
        self._compare(tier1, rules)

    def _vpc(self, vpc: Vpc) -> None:
        """A pod in a private network of a VPC for each address that the VPC translates to. It stands where a Tier-1 would."""
        name = vpc.name.replace("/", " ")
        name = f"{name} (VPC)" if name in {tier1.id for tier1 in self.there.tier1s} else name
        rules = {rule.translated: rule for rule in vpc.rules if isinstance(rule.translated, IPv4Network)}
        parts = self.parts.setdefault(name, _Parts(serves=False)) if rules else _Parts(serves=False)
        for translated, rule in rules.items():
            inside = [one for one in (*rule.sources, *vpc.inside) if isinstance(one, IPv4Network)]
            network = next((one for one in inside if one.prefixlen <= 30), self._spare())
            egress = first_host(translated)
            held = IPv4Interface((int(network[2]) + len(parts.pods), network.prefixlen))
            self._hold(name, parts, held, egress)
            parts.snat.append(Snat(IPv4Network(parts.pods[-1].addresses[0].ip), egress))
        real = listed([short(one) for one in rules])
        self.differs.append(
            f"VPC {vpc.name} leads to this Tier-0: "
            + (
                f"it SNATs to {real}, and that is walked"
                if rules
                else "it translates nothing that was shown, and is not asked"
            )
        )

    def _nat_hidden(self, tier1: Tier1) -> bool:
        return hidden(self.there.unseen, collection(tier1.path, Kind.NAT))

    def _sender(self, tier1: Tier1, parts: _Parts, rule: Rule) -> None:
        """A pod that a rule is for."""
        assert isinstance(rule.translated, IPv4Network)
        held = self._network(tier1, [one for one in rule.sources if isinstance(one, IPv4Network)])
        egress = first_host(rule.translated) if tier1.clusters else held.ip
        self._add(tier1, parts, held, egress)
        if not tier1.clusters and self._connected(tier1):
            parts.advertised.append(held.network)

    def _routed(self, tier1: Tier1, parts: _Parts) -> None:
        """A Tier-1 that translates nothing: a pod in each of its networks, which leaves with its own address."""
        networks = [one for one in self._inside(tier1) if one.prefixlen <= 30]
        if not networks:
            self.notes.append(
                f"Tier-1 {tier1.id} has neither SNAT rule nor network that is known: nothing is asked of it"
            )
        for network in networks[:_NETWORKS_ASKED]:
            held = IPv4Interface((int(network[2]), network.prefixlen))
            self._add(tier1, parts, held, held.ip)
            if self._connected(tier1):
                parts.advertised.append(network)
        if len(networks) > _NETWORKS_ASKED:
            self.notes.append(f"of {len(networks)} networks of Tier-1 {tier1.id} the first {_NETWORKS_ASKED} are asked")

    def _connected(self, tier1: Tier1) -> bool:
        """Whether the Tier-0 knows the networks of a Tier-1. One that does not say tells them if it translates nothing, as NCP has it."""
        return not tier1.rules if tier1.advertises is None else tier1.tells(ADVERTISED_CONNECTED)

    def _inside(self, tier1: Tier1) -> list[IPv4Network]:
        """Networks behind a Tier-1: its segments, else those of the file."""
        segments = [one for one in tier1.segments if isinstance(one, IPv4Network)]
        declared = self.domain.tier1s.get(tier1.id)
        return segments or (list(declared.networks) if declared else [])

    def _network(self, tier1: Tier1, sources: Sequence[IPv4Network]) -> IPv4Interface:
        """The address of a pod that one of `sources` holds, any address if there are none."""
        inside = [one for one in self._inside(tier1) if one.prefixlen <= 30]
        for source in sources:
            known = next((one for one in inside if one.subnet_of(source)), source)
            if known.prefixlen <= 30 and known.num_addresses < 1 << 24:
                return IPv4Interface((int(known[2]), known.prefixlen))
            found = behind_gateway(first_host(source), 30, 24)
            if isinstance(found, IPv4Interface):
                return found
        known = next(iter(inside), self._spare())
        return IPv4Interface((int(known[2]), known.prefixlen))

    def _spare(self) -> IPv4Network:
        """A network of its own for a Tier-1 of which none is known."""
        return IPv4Network((int(SPARE.network_address) + 256 * (len(self.parts) % 256), 24))

    def _add(self, tier1: Tier1, parts: _Parts, held: IPv4Interface, egress: IPv4Address) -> None:
        if any(held in pod.addresses for pod in parts.pods):
            held = IPv4Interface((int(held.ip) + len(parts.pods), held.network.prefixlen))
        self._hold(tier1.id, parts, held, egress)

    def _hold(self, gateway: str, parts: _Parts, held: IPv4Interface, egress: IPv4Address) -> None:
        """A pod with an address, behind what has that id, and the sender that it is."""
        number = len(parts.pods)
        name = f"pod/{gateway}/{egress}" if number else f"pod/{gateway}"
        title = f"{gateway} ({egress})" if number else gateway
        parts.senders.append(Sender(name, gateway, self._key(egress), egress, title, meant=self._meant(gateway)))
        parts.pods.append(Pod(name, (held,)))

    def _key(self, egress: IPv4Address) -> str | None:
        return next((rule.key for rule in self.rules if egress in as_network(rule.source)), None)

    def _meant(self, name: str) -> str | None:
        """The mapping that the file means for a Tier-1."""
        declared = self.domain.tier1s.get(name)
        return self._key(first_host(as_network(declared.egress))) if declared and declared.egress is not None else None

    def _compare(self, tier1: Tier1, rules: Mapping[object, Rule]) -> None:
        declared = self.domain.tier1s.get(tier1.id)
        real = listed([str(rule.translated).removesuffix("/32") for rule in rules.values()])
        if declared is None:
            what = f"SNATs to {real}" if rules else "translates nothing"
            self.differs.append(
                f"Tier-1 {tier1.id} is not in the domain file: on the manager it {what}, and that is walked"
            )
        elif self._nat_hidden(tier1):
            return
        elif not declared.nat and rules:
            self.differs.append(
                f"the file says that Tier-1 {tier1.id} translates nothing (nat: false), the manager SNATs to {real}: {real} is walked"
            )
        elif declared.nat and declared.egress is not None and not rules:
            self.differs.append(
                f"the file says that Tier-1 {tier1.id} SNATs to {declared.egress}, the manager has no SNAT rule on it: pods with their own addresses are walked"
            )
        elif (
            declared.nat
            and declared.egress is not None
            and as_network(declared.egress) not in [one.translated for one in rules.values()]
        ):
            self.differs.append(
                f"the file says that Tier-1 {tier1.id} SNATs to {declared.egress}, the manager SNATs to {real}: {real} is walked"
            )

    def _unused(self, senders: Sequence[Sender]) -> None:
        """Mappings that translate nothing that is there."""
        if hidden(self.there.unseen, collection(INFRA, Kind.TIER1S)):
            return
        for rule in self.rules:
            if not any(one.egress in as_network(rule.source) for one in senders) and rule.destination is None:
                self.differs.append(
                    f"mapping {rule.key} translates {rule.source}, and no Tier-1 of this domain, or VPC, sends with that on the manager"
                )

    def _absent(self) -> Iterator[Unseen]:
        known = {tier1.id for tier1 in self.there.tier1s}
        for name in self.domain.tier1s:
            if name not in known:
                yield Unseen(
                    f"Tier-1 {name} of the file",
                    "it does not hang below this Tier-0 on the manager: nothing is asked of it",
                    name,
                )

    def _servers(self) -> tuple[VirtualServer, ...]:
        return tuple(one for one in self.there.servers if one.tier1 in self.parts and self.parts[one.tier1].pods)

    def _of_servers(self) -> Iterator[str]:
        found = self._servers()
        for name in dict.fromkeys(one.tier1 for one in found):
            if not self.parts[name].serves:
                yield f"Tier-1 {name} has no edge cluster, so no service router: its load balancers do not answer"
        if not found and self.vip:
            yield f"no virtual server is on the manager: {self.vip[0]}:{self.vip[1]} stands for what will answer in the ingress range"
        if len(found) > _SERVERS_ASKED:
            yield f"of {len(found)} virtual servers the first {_SERVERS_ASKED} are asked"

    def _world(self, name: str, parts: _Parts) -> Tier1World:
        able = [one for one, held in self.parts.items() if held.pods]
        balanced = next((one for one in able if self.parts[one].serves), able[0] if able else None)
        return Tier1World(
            pods=tuple(parts.pods),
            snat=tuple(parts.snat),
            lb=tuple(self._balancers(name, parts, name == balanced)),
            advertise=tuple(dict.fromkeys(parts.advertised)),
        )

    def _balancers(self, name: str, parts: _Parts, first: bool) -> Iterator[Balancer]:
        member = next((pod.addresses[0].ip for pod in parts.pods), None)
        if not isinstance(member, IPv4Address):
            return
        for server in self._servers():
            if server.tier1 == name and parts.serves:
                yield from balancers(server.address, server.port, member)
        if first and self.vip and not self._servers():
            yield from balancers(*self.vip, member)


def _translating(tier1: Tier1) -> dict[object, Rule]:
    """The first rule for each thing that a Tier-1 translates to, on its way to the Tier-0."""
    found: dict[object, Rule] = {}
    for rule in tier1.rules:
        if (
            rule.action in (NatAction.SNAT, NatAction.REFLEXIVE)
            and not rule.scope
            and isinstance(rule.translated, IPv4Network)
        ):
            found.setdefault(rule.translated, rule)
    return found


def _titled(senders: Sequence[Sender]) -> Iterator[Sender]:
    """The senders, the one of the Supervisor and the one of TKG called so."""
    times = Counter(sender.key for sender in senders)
    for one in senders:
        alone = one.key is not None and times[one.key] == 1
        yield replace(one, title=TITLES.get(one.key or "", one.title)) if alone else one
