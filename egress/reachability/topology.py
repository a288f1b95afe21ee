"""A Topology: nodes, the segments between them, and what each node does with a packet. Values only, no behaviour.

Everything is typed and resolved here: static routes are already the routes of one node, the scope of a NAT rule is already
a set of that node's interfaces. `egress.reachability.assemble` builds it, `egress.reachability.walk` walks it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from egress.domain import NatAction
from egress.domain.addresses import Address, InterfaceAddress, Network
from egress.policy.paths import Section
from egress.reachability.layered import Layered


class NodeKind(StrEnum):
    """What a node is. DR and SR are the distributed and the service router of a Tier-0; there is one SR for each edge."""

    HOST = "host"
    POD = "pod"
    TIER1 = "tier1"
    TIER0_DR = "tier0-dr"
    TIER0_SR = "tier0-sr"
    ROUTER = "router"


class Interface(NamedTuple):
    """An interface and the segment it is on.

    `strict`: strict uRPF. `answers`: networks inside the interface's own ones that it answers ARP for (proxy ARP), and takes for its own.
    `relays`: such that it answers ARP for and forwards, as they are a Tier-1's.
    `uplink`: it is an external interface of a Tier-0.
    """

    name: str
    segment: str
    addresses: tuple[InterfaceAddress, ...]
    strict: bool = False
    answers: tuple[Network, ...] = ()
    relays: tuple[Network, ...] = ()
    uplink: bool = False


class RouteHop(NamedTuple):
    """One way of a route: out of an interface, to a neighbour (`via`) or, connected, to the destination itself."""

    interface: str
    via: Address | None = None


class Route(NamedTuple):
    """A route of one node; several hops are ECMP, no hop is a null route. `origin`: object path, or where it comes from."""

    to: Network
    hops: tuple[RouteHop, ...]
    origin: str


class NatRule(NamedTuple):
    """A NAT rule of one node that counts: enabled, known action, sizes that fit. Empty sources or destinations mean any.

    `protocol`, `port` and `translated_port` are for load balancers of a Tier-1. `scope`: names of interfaces of the node.
    """

    id: str
    action: NatAction
    scope: frozenset[str]
    sources: tuple[Network, ...] = ()
    destinations: tuple[Network, ...] = ()
    translated: Network | None = None
    section: Section = Section.USER
    priority: int = 0
    protocol: str | None = None
    port: int | None = None
    translated_port: int | None = None

    @property
    def rank(self) -> tuple[int, int, str]:
        """Order of evaluation: section, sequence number, id (NSX calls equal numbers undefined)."""
        return (self.section.place, self.priority, self.id)


@dataclass(frozen=True)
class Node:
    """Something that packets pass. `gateway`: id of the gateway it is a part of. `edge`: of an SR.

    `forwards` is false for hosts, pods and a standby SR. `state`: name of the place where NAT state lives, None for a
    stateless node.
    """

    name: str
    kind: NodeKind
    interfaces: tuple[Interface, ...]
    routes: tuple[Route, ...] = ()
    rules: tuple[NatRule, ...] = ()
    forwards: bool = True
    state: str | None = None
    gateway: str | None = None
    edge: str | None = None

    def interface(self, name: str) -> Interface:
        """The interface of that name. Errors: KeyError."""
        for interface in self.interfaces:
            if interface.name == name:
                return interface
        raise KeyError(name)


@dataclass(frozen=True)
class Topology:
    """Nodes by name. `notes`: sentences about what was left out or assumed while it was built."""

    nodes: Mapping[str, Node]
    notes: tuple[str, ...] = ()

    def in_order(self, names: Collection[str]) -> Iterable[str]:
        """Those of some names that are there, in the order of the nodes."""
        if isinstance(self.nodes, Layered):
            return self.nodes.in_order(names)
        return (name for name in self.nodes if name in names)

    def owner(self, address: Address) -> Node | None:
        """The node that has `address` on one of its interfaces, a host or pod before anything else."""
        found = [
            node
            for node in self.nodes.values()
            if any(address == one.ip for interface in node.interfaces for one in interface.addresses)
        ]
        ends = [node for node in found if node.kind in (NodeKind.HOST, NodeKind.POD)]
        return next(iter(ends or found), None)
