"""The default route of a Tier-0 gateway."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from cdktf import TerraformProvider, TerraformResourceLifecycle
from cdktf_cdktf_provider_nsxt.policy_static_route import PolicyStaticRoute, PolicyStaticRouteTag
from constructs import Construct

from .bfd_peer import ROUTE, BfdPeer, bfd_peer
from .ids import interface_of, own_id, tier0_path
from .next_hop import NextHop, next_hop_block
from .tree import name_after_parent, nsx_provider, standing
from .values import (
    RefusedValueError,
    first_repeated,
    flag,
    free_text,
    instances,
    name_text,
    shown,
    tag_map,
    unresolved,
)

NETWORKS = {4: "0.0.0.0/0", 6: "::/0"}


class Tier0DefaultRoute(Construct):
    """A static route 0.0.0.0/0 or ::/0 on a Tier-0 gateway, with its BFD peers: one route for each address family."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        gateway_path: str,
        nsx_id: str,
        next_hops: Sequence[NextHop],
        ip_version: int | None = None,
        bfd_peers: Sequence[BfdPeer] = (),
        display_name: str | None = None,
        description: str = "",
        tags: Mapping[str, str] | None = None,
        protect: bool = True,
        provider: TerraformProvider | None = None,
    ) -> None:
        """Makes the route.

        gateway_path: policy path of the Tier-0, `Tier0Gateway.path`.
        nsx_id: id of the route in NSX. Always given: after a lost state the route is then refused as existing, not doubled,
            and its import id is known. A changed id replaces the route, which is an outage.
        next_hops: one or more, in the order that NSX shows.
        ip_version: 4 or 6. Default: that of the next hops, 4 if all of them are Terraform expressions.
        bfd_peers: IPv4 only (provider: peer_address is IPv4). Default: none, a dead next hop is then not noticed.
        display_name: 1 to 255 characters. Default: the nsx_id.
        description: at most 1,024 characters. Default: none.
        tags: tag scope -> tag. Default: none.
        protect: Terraform refuses every plan that destroys the route (lifecycle.prevent_destroy). Default: True.
        provider: an NsxtProvider. Default: the stack's only one.

        Raises RefusedValueError for what NSX or the provider would refuse, and for what would not be a way out.
        """
        tier0_path(gateway_path)
        hops = instances(next_hops, NextHop, "next_hops")
        peers = instances(bfd_peers, BfdPeer, "bfd_peers")
        version = _ip_version(hops, ip_version)
        _check_hops(hops, gateway_path)
        _check_peers(peers, hops, version)
        own_id(nsx_id)
        if display_name is not None:
            name_text(display_name)
        free_text(description)
        tag_by_scope = tag_map(tags)
        protected = TerraformResourceLifecycle(prevent_destroy=True) if flag(protect, "protect") else None
        chosen = nsx_provider(provider)
        with standing(scope, id_):
            super().__init__(scope, id_)
        self.nsx_id = nsx_id
        self.resource = PolicyStaticRoute(
            self,
            ROUTE,
            gateway_path=gateway_path,
            nsx_id=nsx_id,
            display_name=display_name or nsx_id,
            description=description or None,
            network=NETWORKS[version],
            next_hop=[next_hop_block(hop) for hop in hops],
            tag=[PolicyStaticRouteTag(scope=key, tag=tag) for key, tag in tag_by_scope.items()] or None,
            lifecycle=protected,
            provider=chosen,
        )
        self.bfd_peers = tuple(
            bfd_peer(self, peer, gateway_path=gateway_path, route=self.resource, provider=chosen) for peer in peers
        )
        for peer, made in zip(peers, self.bfd_peers, strict=True):
            name_after_parent(made, scope, id_, peer.nsx_id)

    @cached_property
    def path(self) -> str:
        """Policy path of the route; a token."""
        return str(self.resource.path)


def _ip_version(hops: Sequence[NextHop], given: int | None) -> int:
    if given is not None and (type(given) is not int or given not in NETWORKS):
        raise RefusedValueError(f"ip_version: {shown(given)} is not allowed, allowed is 4 or 6")
    found = {hop.ip_version for hop in hops} - {None}
    if len(found | {given} - {None}) > 1:
        listed = ", ".join(str(hop.address) for hop in hops)
        reason = "a route has one family (assumption: NSX documents no mix)"
        wanted = f"IPv{given} addresses only" if given else "addresses of one family"
        raise RefusedValueError(
            f"next_hops: {listed} are of another family, allowed are {wanted}: {reason}; use two routes"
        )
    return given or next((version for version in found if version), 4)


def _check_hops(hops: Sequence[NextHop], gateway_path: str) -> None:
    if not hops:
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


def _check_peers(peers: Sequence[BfdPeer], hops: Sequence[NextHop], version: int) -> None:
    if peers and version == 6:
        raise RefusedValueError(
            "bfd_peers: not allowed on the IPv6 route, the provider takes IPv4 peers only: leave them out"
        )
    known = [str(hop.address) for hop in hops]
    watched = [str(peer.peer_address) for peer in peers]
    for peer in watched:
        if peer not in known and not any(map(unresolved, [peer, *known])):
            raise RefusedValueError(f"bfd_peers: {peer!r} is no next hop of this route, allowed are {', '.join(known)}")
    for repeated in (first_repeated(watched), first_repeated(peer.nsx_id for peer in peers)):
        if repeated is not None:
            raise RefusedValueError(f"bfd_peers: {repeated!r} is given twice, allowed is one peer for each next hop")
