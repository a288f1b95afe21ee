"""A static route with its BFD peers: what is said of it, checked, and the one place where it becomes resources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network
from typing import NamedTuple

from constructs import Construct

from tier0_egress.cdk import (
    PolicyStaticRoute,
    PolicyStaticRouteBfdPeer,
    PolicyStaticRouteNextHop,
    PolicyStaticRouteTag,
    Provider,
    TerraformProvider,
    TerraformResourceLifecycle,
)

from .bfd_peer import ROUTE, BfdPeer, bfd_peer
from .ids import interface_of, own_id, tier0_path
from .ip import NetworkValue
from .next_hop import NextHop, next_hop_block
from .tree import name_after_parent, nsx_provider, standing
from .values import RefusedValueError, first_repeated, flag, instances, labels, unresolved


class StaticRoute(NamedTuple):
    """What is said of a route, all of it checked. No hop: packets to the network are dropped."""

    gateway_path: str
    nsx_id: str
    network: NetworkValue
    hops: tuple[NextHop, ...]
    peers: tuple[BfdPeer, ...]
    display_name: str
    description: str
    tags: Mapping[str, str]
    protect: bool
    provider: TerraformProvider | None


def static_route(
    *,
    gateway_path: str,
    nsx_id: str,
    network: NetworkValue,
    next_hops: Sequence[NextHop],
    discard: bool,
    bfd_peers: Sequence[BfdPeer],
    display_name: str | None,
    description: str,
    tags: Mapping[str, str] | None,
    protect: bool,
    provider: Provider | None,
) -> StaticRoute:
    """Checks what is said of a route. Raises RefusedValueError for what NSX or the provider would refuse."""
    tier0_path(gateway_path)
    hops = instances(next_hops, NextHop, "next_hops")
    peers = instances(bfd_peers, BfdPeer, "bfd_peers")
    _check_hops(hops, gateway_path, discard)
    version = network.version if isinstance(network, IPv4Network | IPv6Network) else None
    _check_peers(peers, hops, version)
    own_id(nsx_id)
    tag_by_scope = labels(display_name, description, tags)
    return StaticRoute(
        gateway_path=gateway_path,
        nsx_id=nsx_id,
        network=network,
        hops=hops,
        peers=peers,
        display_name=display_name or nsx_id,
        description=description,
        tags=tag_by_scope,
        protect=flag(protect, "protect"),
        provider=nsx_provider(provider),
    )


class MadeRoute(Construct):
    """A construct that is one route: that and its BFD peers stand directly below it."""

    def __init__(self, scope: Construct, id_: str, said: StaticRoute) -> None:
        """Makes the route that `said` describes. Raises RefusedValueError for a scope or an id that nothing can be made with."""
        with standing(scope, id_):
            super().__init__(scope, id_)
        self.nsx_id = said.nsx_id
        self.resource, self.bfd_peers = _make(self, scope, id_, said)

    @cached_property
    def path(self) -> str:
        """Policy path of the route; a token."""
        return str(self.resource.path)


def _make(
    parent: Construct, scope: Construct, id_: str, said: StaticRoute
) -> tuple[PolicyStaticRoute, tuple[PolicyStaticRouteBfdPeer, ...]]:
    """Makes the route and its peers below `parent`, which stands in `scope` as `id_`."""
    # A null route is a next hop without an address (vmware/nsxt issue 604).
    hops = [next_hop_block(hop) for hop in said.hops] or [PolicyStaticRouteNextHop(admin_distance=1)]
    route = PolicyStaticRoute(
        parent,
        ROUTE,
        gateway_path=said.gateway_path,
        nsx_id=said.nsx_id,
        display_name=said.display_name,
        description=said.description or None,
        network=str(said.network),
        next_hop=hops,
        tag=[PolicyStaticRouteTag(scope=key, tag=tag) for key, tag in said.tags.items()] or None,
        lifecycle=TerraformResourceLifecycle(prevent_destroy=True) if said.protect else None,
        provider=said.provider,
    )
    peers = tuple(
        bfd_peer(parent, peer, gateway_path=said.gateway_path, route=route, provider=said.provider)
        for peer in said.peers
    )
    for peer, made in zip(said.peers, peers, strict=True):
        name_after_parent(made, scope, id_, peer.nsx_id)
    return route, peers


def family(hops: Sequence[NextHop], given: int | None) -> int:
    """The address family of a route: that which is given, or that of the next hops, 4 if all of them are Terraform expressions."""
    found = {hop.ip_version for hop in hops} - {None}
    if len(found | {given} - {None}) > 1:
        listed = ", ".join(str(hop.address) for hop in hops)
        reason = "a route has one family (assumption: NSX documents no mix)"
        wanted = f"IPv{given} addresses only" if given else "addresses of one family"
        raise RefusedValueError(
            f"next_hops: {listed} are of another family, allowed are {wanted}: {reason}; use two routes"
        )
    return given or next((version for version in found if version), 4)


def _check_hops(hops: Sequence[NextHop], gateway_path: str, discard: bool) -> None:
    if discard and hops:
        raise RefusedValueError(
            "discard: True goes without next_hops, allowed is one of the two: leave discard or next_hops out"
        )
    if not hops and not discard:
        # APIDOC, StaticRoutes.next_hops: at least one.
        raise RefusedValueError(
            "next_hops: none given, allowed are one or more: NSX refuses a route without a next hop"
        )
    for hop in hops:
        if hop.interface_path is not None:
            interface_of(hop.interface_path, gateway_path, "interface_path")
    repeated = first_repeated((hop.address, hop.interface_path) for hop in hops if not unresolved(hop.address))
    if isinstance(repeated, tuple):
        raise RefusedValueError(
            f"next_hops: {str(repeated[0])!r} is given twice, give it once or by different interfaces"
        )


def _check_peers(peers: Sequence[BfdPeer], hops: Sequence[NextHop], version: int | None) -> None:
    if peers and version == 6:
        raise RefusedValueError(
            "bfd_peers: not allowed on an IPv6 route, the provider takes IPv4 peers only: leave them out"
        )
    known = [str(hop.address) for hop in hops]
    watched = [str(peer.peer_address) for peer in peers]
    for peer in watched:
        if peer not in known and not any(map(unresolved, [peer, *known])):
            raise RefusedValueError(f"bfd_peers: {peer!r} is no next hop of this route, allowed are {', '.join(known)}")
    for repeated in (first_repeated(watched), first_repeated(peer.nsx_id for peer in peers)):
        if repeated is not None:
            raise RefusedValueError(f"bfd_peers: {repeated!r} is given twice, allowed is one peer for each next hop")
