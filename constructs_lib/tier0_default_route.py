"""The default route of a Tier-0 gateway."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address

from cdktf import TerraformProvider, TerraformResourceLifecycle
from cdktf_cdktf_provider_nsxt.policy_static_route import (
    PolicyStaticRoute,
    PolicyStaticRouteNextHop,
    PolicyStaticRouteTag,
)
from cdktf_cdktf_provider_nsxt.policy_static_route_bfd_peer import (
    PolicyStaticRouteBfdPeer,
    PolicyStaticRouteBfdPeerTag,
)
from constructs import Construct

from egress.policy import paths

from .addresses import name_after_parent
from .values import (
    AddressValue,
    RefusedValueError,
    address,
    first_repeated,
    interface_of,
    object_id,
    policy_path,
    tier0_path,
    unresolved,
    whole_number,
)

NETWORKS = {4: "0.0.0.0/0", 6: "::/0"}


@dataclass(frozen=True, kw_only=True)
class NextHop:
    """One way out.

    address: of the upstream router.
    admin_distance: 1 to 255, default 1. Hops of equal distance share the traffic (ECMP), a higher one takes over when
        all lower ones are gone (floating static route).
    interface_path: policy path of the interface to leave by; default: NSX finds it by the address.
    """

    address: AddressValue
    admin_distance: int = 1
    interface_path: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "address", address(self.address, "next hop address"))
        whole_number(self.admin_distance, "admin_distance", 1, 255)  # APIDOC, RouterNexthop.admin_distance
        if isinstance(self.address, IPv4Address | IPv6Address) and (
            self.address.is_unspecified or self.address.is_multicast or self.address.is_loopback
        ):
            raise RefusedValueError(
                f"next hop address: {str(self.address)!r} is no router, allowed is a router's own address"
            )

    @property
    def ip_version(self) -> int | None:
        """4, 6, or None for a Terraform expression."""
        return None if isinstance(self.address, str) else self.address.version


@dataclass(frozen=True, kw_only=True)
class BfdPeer:
    """Watches one next hop with BFD, so that a dead one leaves the route.

    nsx_id: id of the peer in NSX. The provider overwrites an existing one of that id without a word (measured with 3.11.1).
    peer_address: the next hop, IPv4.
    source_addresses: of the uplinks that BFD is sent from; default: NSX chooses.
    profile_path: policy path of the BFD profile; default: NSX's own.
    enabled: default True.
    display_name: default: the nsx_id. description: default: none. tags: scope -> tag, default: none.
    """

    nsx_id: str
    peer_address: IPv4Address | str
    source_addresses: Sequence[IPv4Address | str] = ()
    profile_path: str = paths.bfd_profile("default")
    enabled: bool = True
    display_name: str | None = None
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object_id(self.nsx_id)
        policy_path(self.profile_path, "profile_path")
        object.__setattr__(self, "peer_address", _bfd_address(self.peer_address, "peer_address"))
        sources = tuple(_bfd_address(source, "source_addresses") for source in self.source_addresses)
        object.__setattr__(self, "source_addresses", sources)


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

        gateway_path: of the Tier-0, `Tier0Gateway.path`.
        nsx_id: id of the route in NSX. Always given: after a lost state the route is then refused as existing, not doubled,
            and its import id is known. A changed id replaces the route, which is an outage.
        next_hops: one or more, in the order that NSX shows.
        ip_version: 4 or 6; default: that of the next hops, 4 if all of them are Terraform expressions.
        bfd_peers: default: none, a dead next hop is then not noticed. IPv4 only (provider: peer_address is IPv4).
        display_name: default: the nsx_id. description: default: none. tags: scope -> tag, default: none.
        protect: default True: Terraform refuses every plan that destroys the route (lifecycle.prevent_destroy).
        provider: default: the stack's only NSX provider.

        Raises RefusedValueError for what NSX or the provider would refuse, and for what would not be a way out.
        """
        super().__init__(scope, id_)
        tier0_path(gateway_path)
        version = _ip_version(next_hops, ip_version)
        _check_hops(next_hops, gateway_path)
        _check_peers(bfd_peers, next_hops, version)
        self.nsx_id = object_id(nsx_id)
        self.resource = PolicyStaticRoute(
            self,
            "Default",
            gateway_path=gateway_path,
            nsx_id=nsx_id,
            display_name=display_name or nsx_id,
            description=description or None,
            network=NETWORKS[version],
            next_hop=[_next_hop(hop) for hop in next_hops],
            tag=[PolicyStaticRouteTag(scope=key, tag=tag) for key, tag in (tags or {}).items()] or None,
            lifecycle=TerraformResourceLifecycle(prevent_destroy=True) if protect else None,
            provider=provider,
        )
        self.bfd_peers = tuple(self._bfd_peer(peer, gateway_path, provider) for peer in bfd_peers)

    @property
    def path(self) -> str:
        """Policy path of the route; a token."""
        return str(self.resource.path)

    def _bfd_peer(
        self, peer: BfdPeer, gateway_path: str, provider: TerraformProvider | None
    ) -> PolicyStaticRouteBfdPeer:
        resource = PolicyStaticRouteBfdPeer(
            self,
            peer.nsx_id,
            gateway_path=gateway_path,
            nsx_id=peer.nsx_id,
            display_name=peer.display_name or peer.nsx_id,
            description=peer.description or None,
            bfd_profile_path=peer.profile_path,
            peer_address=str(peer.peer_address),
            source_addresses=[str(source) for source in peer.source_addresses] or None,
            enabled=peer.enabled,
            tag=[PolicyStaticRouteBfdPeerTag(scope=key, tag=tag) for key, tag in peer.tags.items()] or None,
            depends_on=[self.resource],
            provider=provider,
        )
        name_after_parent(resource)
        return resource


def _next_hop(hop: NextHop) -> PolicyStaticRouteNextHop:
    # A struct class: the bindings drop the content of a dict in a list block without a word (terraform-cdk issue 3631).
    return PolicyStaticRouteNextHop(
        ip_address=str(hop.address), admin_distance=hop.admin_distance, interface=hop.interface_path
    )


def _ip_version(hops: Sequence[NextHop], given: int | None) -> int:
    if given not in (None, 4, 6):
        raise RefusedValueError(f"ip_version: {given!r} is not allowed, allowed is 4 or 6")
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


def _bfd_address(value: object, prop: str) -> IPv4Address | str:
    parsed = address(value, prop)
    if isinstance(parsed, IPv6Address):
        raise RefusedValueError(
            f"{prop}: {str(value)!r} is IPv6, allowed is an IPv4 address: the provider takes no other peers"
        )
    return parsed
