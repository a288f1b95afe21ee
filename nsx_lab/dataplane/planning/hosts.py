"""Hosts, pods and routers as nodes. Pure."""

from __future__ import annotations

from nsx_lab.dataplane.planning import rulesets
from nsx_lab.dataplane.planning.networks import Interface, Network, first_host, read_network
from nsx_lab.dataplane.planning.plan import Hop, Kind, Node, Port, Route, port_name, static_routes
from nsx_lab.dataplane.planning.surroundings import Host, Pod, Router, Surroundings


def segment_name(surroundings: Surroundings, addresses: tuple[Interface, ...], alone: str) -> str:
    """The segment that one of the addresses lies in; a segment of its own, if there is none."""
    for address in addresses:
        segment = surroundings.segment_of(address.ip)
        if segment is not None:
            return f"segment {segment}"
    return f"alone {alone}"


def host(body: Host, surroundings: Surroundings) -> Node:
    """A port for each segment that the host has an address in."""
    groups: dict[str, list[Interface]] = {}
    for address in body.addresses:
        groups.setdefault(segment_name(surroundings, (address,), f"{body.name} {address}"), []).append(address)
    ports = tuple(
        Port(f"eth{number}", segment, tuple(addresses)) for number, (segment, addresses) in enumerate(groups.items())
    )
    return Node(body.name, Kind.HOST, ports, static_routes([(one.to, one.via) for one in body.routes], ports))


def pod(body: Pod, segment: str) -> Node:
    """A pod; its default gateway is the first address of its network, where its Tier-1 is."""
    port = Port("eth0", segment, body.addresses)
    routes: dict[Network, Route] = {}
    for address in body.addresses:
        default = read_network("0.0.0.0/0" if address.version == 4 else "::/0", body.name)
        routes.setdefault(default, Route(default, (Hop(first_host(address.network), port.name),)))
    return Node(body.name, Kind.POD, (port,), tuple(routes.values()))


def router(body: Router, surroundings: Surroundings) -> Node:
    ports: list[Port] = []
    for one in body.interfaces:
        name = port_name(one.name, [port.name for port in ports], "eth")
        segment = segment_name(surroundings, one.addresses, f"{body.name} {one.name}")
        ports.append(Port(name, segment, one.addresses, one.strict))
    routes = static_routes([(one.to, one.via) for one in body.routes], ports)
    rules = rulesets.forwarder(tuple(ports), routes)
    return Node(body.name, Kind.ROUTER, tuple(ports), routes, forwards=True, rules=rules)
