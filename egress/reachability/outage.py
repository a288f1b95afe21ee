"""What a failure takes away: an edge, an uplink, a router, an uplink VLAN.

Assumptions, as nobody has measured them: an uplink that is down has no address and no network on its edge, and an edge that loses its last one
is down; a router is gone with its address; on a VLAN that is gone the edges keep their interfaces, and with them the routes that
lead there, while everybody else is cut off. A next hop that BFD watches is gone with its router.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from ipaddress import ip_address, ip_network

from egress.domain import EgressError
from egress.domain.addresses import Address, Network
from egress.domain.fields import listed
from egress.policy.gateways import Tier0
from egress.policy.paths import Collection, collection
from egress.policy.tree import Json, PolicyObjects, Tree, children
from egress.reachability.view import View
from egress.reachability.world import Host, Router, RouterInterface, World


class OutageKind(StrEnum):
    """What can fail."""

    EDGE = "edge"
    UPLINK = "uplink"
    ROUTER = "router"
    VLAN = "VLAN"


@dataclass(frozen=True)
class Outage:
    """One thing that has failed. `name`: id of the edge or interface, address of the router, network of the VLAN."""

    kind: OutageKind
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def single_outages(view: View) -> tuple[Outage, ...]:
    """Everything that can fail by itself: each edge, uplink, router next to the gateway, and uplink VLAN."""
    return tuple(dict.fromkeys(outages(view.tier0, view.around.world)))


def outages(tier0: Tier0, world: World) -> Iterator[Outage]:
    """The same of a Tier-0 in a world."""
    external = [one for one in tier0.interfaces if one.external]
    yield from (Outage(OutageKind.EDGE, edge) for edge in tier0.edges)
    yield from (Outage(OutageKind.UPLINK, one.name) for one in external)
    networks = list(dict.fromkeys(held.network for one in external for held in one.addresses))
    hops = {hop.address for route in tier0.routes for hop in route.next_hops}
    for router in world.routers:
        for face in router.interfaces:
            beside = any(held.ip in network for held in face.addresses for network in networks)
            yield from (
                Outage(OutageKind.ROUTER, str(held.ip)) for held in face.addresses if beside and held.ip in hops
            )
    yield from (Outage(OutageKind.VLAN, str(network)) for network in networks if network.version == 4)


def named(view: View, text: str) -> Outage:
    """What a person means: an edge's or interface's id, the address of a router, the network of a VLAN. Errors: EgressError."""
    known = single_outages(view)
    for outage in known:
        if text == outage.name:
            return outage
    world = view.around.world
    addresses = {held.ip for router in world.routers for face in router.interfaces for held in face.addresses}
    if (address := _address(text)) is not None and address in addresses:
        return Outage(OutageKind.ROUTER, str(address))
    for outage in known:
        if outage.kind is OutageKind.VLAN and _network(text) == ip_network(outage.name):
            return outage
    there = listed([str(outage) for outage in known])
    raise EgressError(f"{view.domain.stack} has no edge, uplink, router or VLAN {text!r}, there are: {there}")


def without(view: View, outage: Outage) -> View:
    """The view after something has failed."""
    objects, world = after(outage, view.tier0, view.objects, view.around.world)
    return replace(view.changed(objects).in_world(world), lost=(*view.lost, outage.name))


def after(outage: Outage, tier0: Tier0, objects: PolicyObjects, world: World) -> tuple[PolicyObjects, World]:
    """Policy objects and world after something at a Tier-0 has failed."""
    if outage.kind is OutageKind.EDGE:
        return objects, replace(world, down=world.down | {outage.name})
    if outage.kind is OutageKind.UPLINK:
        return _without_uplink(outage.name, tier0, objects, world)
    if outage.kind is OutageKind.ROUTER:
        left = without_address(world, ip_address(outage.name))
    else:
        left = without_network(world, ip_network(outage.name))
    gone = _routers(world) - _routers(left)
    return _noticed(gone, tier0, objects), left


def _noticed(gone: set[str], tier0: Tier0, objects: PolicyObjects) -> PolicyObjects:
    """The objects as they act when routers are gone: a next hop that BFD watches is no longer one."""
    routes = collection(tier0.path, Collection.STATIC_ROUTES)
    peers = [body for _, body in children(objects, routes, Collection.BFD_PEERS)]
    watched = gone & {str(body.get("peer_address")) for body in peers if body.get("enabled", True)}
    return without_next_hops(objects, tier0.path, watched) if watched else objects


def without_next_hops(objects: PolicyObjects, gateway: str, addresses: set[str]) -> PolicyObjects:
    """The objects with static routes that lack next hops; one that has no other is gone."""
    left: dict[str, Json | None] = {}
    for path, body in children(objects, gateway, Collection.STATIC_ROUTES):
        hops = body.get("next_hops") or ()
        others = [hop for hop in hops if hop.get("ip_address") not in addresses]
        if hops and not others:
            left[path] = None
        elif len(others) < len(hops):
            left[path] = {**body, "next_hops": others}
    return Tree.of(objects).changed(left)


def _routers(world: World) -> set[str]:
    """The addresses of the routers."""
    return {str(held.ip) for router in world.routers for face in router.interfaces for held in face.addresses}


def _without_uplink(name: str, tier0: Tier0, objects: PolicyObjects, world: World) -> tuple[PolicyObjects, World]:
    (face,) = [one for one in tier0.interfaces if one.name == name]
    left = [one for one in tier0.interfaces if one.external and one.edge == face.edge and one is not face]
    if not left and face.edge:
        return objects, replace(world, down=world.down | {face.edge})
    return Tree.of(objects).changed({face.path: None}), world


def without_address(world: World, address: Address) -> World:
    """A world without the router at an address: where a router has several, as one for several, the others stay."""
    return replace(world, routers=tuple(_router(one, lambda held: held == address) for one in world.routers))


def without_network(world: World, network: Network) -> World:
    """A world in which nobody outside the gateway is on the segment of a network."""
    segment = next(one for one, networks in world.segments.items() if network in networks)
    around = world.segments[segment]

    def cut(held: Address) -> bool:
        return any(held in one for one in around)

    hosts = tuple(_host(one, cut) for one in world.hosts)
    return replace(world, hosts=hosts, routers=tuple(_router(one, cut) for one in world.routers))


def _router(router: Router, cut: Callable[[Address], bool]) -> Router:
    faces = [_face(one, cut) for one in router.interfaces]
    return replace(router, interfaces=tuple(one for one in faces if one.addresses))


def _face(face: RouterInterface, cut: Callable[[Address], bool]) -> RouterInterface:
    return replace(face, addresses=tuple(one for one in face.addresses if not cut(one.ip)))


def _host(host: Host, cut: Callable[[Address], bool]) -> Host:
    return replace(host, addresses=tuple(one for one in host.addresses if not cut(one.ip)))


def _address(text: str) -> Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _network(text: str) -> Network | None:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None
