"""Realized configuration and world in, plan out. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nsx_lab.dataplane.errors import WorldError
from nsx_lab.dataplane.planning import hosts, objects, surroundings, tier0, tier1
from nsx_lab.dataplane.planning.networks import Address
from nsx_lab.dataplane.planning.plan import Choice, Node, Plan


def plan(world: Mapping[str, Any], realized: objects.Realized) -> Plan:
    """The plan for a world (section `world` of a world file) and realized objects by path. Errors: WorldError."""
    around = surroundings.read(world)
    configuration = objects.read(realized)
    nodes: list[Node] = [hosts.host(one, around) for one in around.hosts]
    nodes += [hosts.router(one, around) for one in around.routers]
    links = {name: tier1.Link(number) for number, name in enumerate(configuration.tier1s)}
    insides, notes = _insides(around, configuration)
    for name, inside in insides.items():
        own = configuration.tier1s.get(name)
        linked = own is not None and own.above in configuration.tier0s
        nodes += tier1.nodes(name, inside, links[name] if linked else None)
    occupied = _occupied(nodes, configuration)
    for gateway in configuration.tier0s.values():
        below = [
            tier0.Below(name, insides[name], links[name])
            for name, own in configuration.tier1s.items()
            if own.above == gateway.id
        ]
        built = tier0.Tier0Nodes(gateway, below, around, occupied)
        nodes += built.nodes()
        notes += built.notes
    _check(nodes, around)
    members = {(one.protocol, one.member_port) for wiring in around.tier1.values() for one in wiring.lb}
    return Plan(tuple(nodes), tuple(_choices(nodes)), tuple(dict.fromkeys(notes)), tuple(sorted(members)))


_NOTHING = surroundings.Tier1((), (), (), ())


def _insides(
    around: surroundings.Surroundings, configuration: objects.Configuration
) -> tuple[dict[str, tier1.Inside], list[str]]:
    """Every Tier-1 of the world and of the configuration as it acts, and what is left out."""
    insides, notes = {}, []
    for name in dict.fromkeys([*around.tier1, *configuration.tier1s]):
        own = configuration.tier1s.get(name)
        insides[name], told = tier1.inside_of(around.tier1.get(name, _NOTHING), own)
        notes += [f"Tier-1 {name}: {note}" for note in told]
    return insides, notes


def _occupied(nodes: list[Node], configuration: objects.Configuration) -> set[Address]:
    """Addresses that a node has on an interface: nobody answers ARP for them in its place."""
    found = {address.ip for node in nodes for address in node.addresses}
    for gateway in configuration.tier0s.values():
        found |= {address.ip for one in gateway.interfaces for address in one.addresses}
        found |= {address.ip for vip in gateway.vips for address in vip.addresses}
    return found


def _choices(nodes: list[Node]) -> list[Choice]:
    routes = [
        Choice("route", node.name, str(route.to), tuple(str(hop.via) for hop in route.hops))
        for node in nodes
        for route in node.routes
        if len(route.hops) > 1
    ]
    return routes + tier0.answering(nodes)


def _check(nodes: list[Node], around: surroundings.Surroundings) -> None:
    names = [node.name for node in nodes]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise WorldError(
            f"two nodes are called {twice[0]!r}; a Tier-1 is called by its id, like hosts and pods by name"
        )
    taken = tier0.reserved(network for prefixes in around.segments.values() for network in prefixes)
    if taken:
        raise WorldError(
            f"segment prefix {taken}: 100.64.0.0/16 and 169.254.0.0/24 are the links inside the gateways (NSX's defaults)"
        )
