"""A Tier-1 with its pods: connected pod networks, stateful NAT and load balancing, a default route to the DR. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from nsx_lab.dataplane.planning import hosts, objects, rulesets
from nsx_lab.dataplane.planning.networks import (
    Address,
    Interface,
    Network,
    first_host,
    host_prefix,
    inside,
    read_interface,
    read_network,
)
from nsx_lab.dataplane.planning.plan import Hop, Kind, Node, Port, Route
from nsx_lab.dataplane.planning.surroundings import Balancer, Pod, Tier1
from nsx_lab.dataplane.planning.translation import Translation, chains, counting, nat_table

DEFAULTS = (read_network("0.0.0.0/0", "default"), read_network("::/0", "default"))


@dataclass(frozen=True)
class Link:
    """The link between a Tier-1 and its DR. NSX numbers these links from 100.64.0.0/16 (Tier0.transit_subnets); so does this."""

    number: int

    @property
    def segment(self) -> str:
        return f"link {self.number}"

    def at(self, end: int) -> tuple[Interface, Interface]:
        """IPv4 and IPv6 address of the DR (end 0) or of the Tier-1 (end 1)."""
        high, low = divmod(self.number * 2 + end, 256)
        return (
            read_interface(f"100.64.{high}.{low}/31", "link"),
            read_interface(f"fdff:6440:0:{self.number:x}::{end + 1}/64", "link"),
        )

    def to(self, end: int, version: int) -> Address:
        return next(address.ip for address in self.at(end) if address.version == version)


@dataclass(frozen=True)
class Inside:
    """A Tier-1 as it acts: what hangs behind it, what it advertises besides, and the NAT of its service router."""

    pods: tuple[Pod, ...]
    lb: tuple[Balancer, ...]
    advertise: tuple[Network, ...]
    rules: tuple[Translation, ...]


def inside_of(world: Tier1, own: objects.Tier1 | None) -> tuple[Inside, list[str]]:
    """The Tier-1 by the world file and by the realized configuration, and what of its rules is left out, in words.

    A Tier-1 with a locale service translates by its own rules; one without, of which a configuration says nothing, as the world file has it.
    """
    rules = own.rules if own is not None and own.serviced else _rules_of_the_world(world)
    good, notes = counting([rule for rule in rules if not rule.scope])
    notes += [
        f"NAT rule {rule.id} is not in the data plane: a Tier-1 has one link here, and no scope"
        for rule in rules
        if rule.scope
    ]
    return Inside(world.pods, world.lb, world.advertise, tuple(good)), notes


def _rules_of_the_world(world: Tier1) -> tuple[objects.NatRule, ...]:
    return tuple(
        objects.NatRule(f"snat {number}", "USER", number, "SNAT", str(one.source), "", str(one.translated), ())
        for number, one in enumerate(world.snat)
        if one.source.version == 4
    )


def pod_networks(tier1: Inside) -> list[Network]:
    return list(dict.fromkeys(address.network for pod in tier1.pods for address in pod.addresses))


def served(tier1: Inside) -> list[Network]:
    """Addresses behind which the Tier-1 hides or offers something."""
    known: list[Network] = []
    for rule in tier1.rules:
        known += rule.destination if rule.action == "DNAT" else rule.translated
    known += [host_prefix(balancer.address) for balancer in tier1.lb]
    return list(dict.fromkeys(known))


def translated(tier1: Inside) -> list[Network]:
    """These, and what it advertises besides: what DR and edges know of it."""
    return list(dict.fromkeys([*served(tier1), *tier1.advertise]))


def known_outside(tier1: Inside) -> list[Network]:
    return list(
        dict.fromkeys([*translated(tier1), *(network for network in pod_networks(tier1) if network.version == 6)])
    )


def nodes(name: str, tier1: Inside, link: Link | None) -> list[Node]:
    """The Tier-1 and its pods. `link`: None when no Tier-0 is above it."""
    segment = f"pods {name}"
    networks = pod_networks(tier1)
    ports = []
    if networks:
        gateways = [read_interface(f"{first_host(network)}/{network.prefixlen}", name) for network in networks]
        ports.append(Port("pods", segment, tuple(gateways)))
    routes = [Route(network, ()) for network in translated(tier1) if not _within(network, networks)]
    if link is not None:
        ports.append(Port("dr", link.segment, link.at(1)))
        routes += [Route(to, (Hop(link.to(0, to.version), "dr"),)) for to in DEFAULTS if to not in translated(tier1)]
    rules = rulesets.forwarder(ports, routes) + _translation(tier1)
    gateway = Node(name, Kind.TIER1, tuple(ports), tuple(routes), forwards=True, rules=rules, tracks=True)
    return [gateway, *(hosts.pod(pod, segment) for pod in tier1.pods)]


def _within(network: Network, others: list[Network]) -> bool:
    return inside(network[0], others) and inside(network[-1], others)


def _translation(tier1: Inside) -> str:
    arriving = [
        f'iifname "dr" ip daddr {one.address} {one.protocol} dport {one.port} dnat to {one.member}:{one.member_port}'
        for one in tier1.lb
        if one.address.version == 4
    ]
    before, after = chains(tier1.rules, {"": "dr"}, remembers=True)
    return nat_table([*arriving, *before], after, "nat")
