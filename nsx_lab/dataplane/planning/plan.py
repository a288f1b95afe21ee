"""What is to be built: nodes, ports, routes, rules, as values. No effects; `recipe` turns a node into command lines."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network

from nsx_lab.dataplane.planning.networks import Address, Interface, Network, longest


class Kind(StrEnum):
    """What a node is."""

    HOST = "host"
    POD = "pod"
    ROUTER = "router"
    TIER1 = "tier-1"
    DR = "tier-0 distributed router"
    EDGE = "tier-0 edge"


@dataclass(frozen=True)
class Proxied:
    """Addresses of a network that a port answers ARP for, as proxy."""

    network: IPv4Network
    addresses: tuple[IPv4Address, ...]


@dataclass(frozen=True)
class Port:
    """A network interface. `strict`: uRPF STRICT. `proxied`: addresses that count as its own; `relayed`: such that a Tier-1 has."""

    name: str
    segment: str
    addresses: tuple[Interface, ...]
    strict: bool = False
    proxied: tuple[Proxied, ...] = ()
    relayed: tuple[Proxied, ...] = ()

    @property
    def networks(self) -> list[Network]:
        return [address.network for address in self.addresses]


@dataclass(frozen=True)
class Hop:
    via: Address
    port: str


@dataclass(frozen=True)
class Route:
    """Several hops: ECMP. None: packets are dropped without a word."""

    to: Network
    hops: tuple[Hop, ...]


@dataclass(frozen=True)
class Node:
    """One network namespace. `rules`: nftables text. `tracks`: it keeps connections (conntrack)."""

    name: str
    kind: Kind
    ports: tuple[Port, ...]
    routes: tuple[Route, ...] = ()
    forwards: bool = False
    rules: str = ""
    tracks: bool = False

    @property
    def addresses(self) -> list[Interface]:
        return [address for port in self.ports for address in port.addresses]


@dataclass(frozen=True)
class Choice:
    """A place where several ways are equally good.

    `where`: "route" and the node, or "arp" and the segment. `subject`: the prefix, or the network whose addresses several edges answer for.
    `options`: the next hops, or the names of the answering nodes.
    """

    kind: str
    where: str
    subject: str
    options: tuple[str, ...]

    @property
    def version(self) -> int:
        """4 or 6: a flow meets choices of its own family only."""
        return 6 if ":" in self.subject else 4

    @property
    def key(self) -> str:
        return f"{self.kind} {self.where} {self.subject}"


@dataclass(frozen=True)
class Plan:
    """`notes`: what of the configuration has no counterpart here, in words."""

    nodes: tuple[Node, ...]
    choices: tuple[Choice, ...] = ()
    notes: tuple[str, ...] = ()
    member_ports: tuple[tuple[str, int], ...] = field(default=())
    """Protocol and port of load balancer members: pods listen there too."""

    def node(self, name: str) -> Node:
        return next(node for node in self.nodes if node.name == name)


_LINK_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,14}")
_RESERVED = {"all", "default", "lo", "dr", "pods", "transit"}


def port_name(wanted: str, taken: Collection[str], fallback: str) -> str:
    """`wanted` if Linux takes it as an interface name (15 characters), else `fallback` with a number."""
    if _LINK_NAME.fullmatch(wanted) and wanted not in _RESERVED and wanted not in taken:
        return wanted
    return next(name for number in range(1000) if (name := f"{fallback}{number}") not in taken)


def hop_to(via: Address, ports: Iterable[Port]) -> Hop | None:
    """The port in whose network a next hop lies, the most specific one; None if it lies in none."""
    best: tuple[int, Port] | None = None
    for port in ports:
        network = longest(via, port.networks)
        if network is not None and (best is None or network.prefixlen > best[0]):
            best = (network.prefixlen, port)
    return Hop(via, best[1].name) if best else None


def static_routes(routes: Iterable[tuple[Network, Sequence[Address]]], ports: Sequence[Port]) -> tuple[Route, ...]:
    """Routes of a host or router. A next hop that is not in a connected network is not there; equal prefixes are one route."""
    hops: dict[Network, dict[Hop, None]] = {}
    connected = {network for port in ports for network in port.networks}
    for to, vias in routes:
        for via in vias:
            hop = hop_to(via, ports)
            if hop is not None and via.version == to.version and to not in connected:
                hops.setdefault(to, {})[hop] = None
    own = {address.ip for port in ports for address in port.addresses}
    return tuple(Route(to, tuple(hop for hop in found if hop.via not in own)) for to, found in hops.items())
