"""The default route of a Tier-0 gateway."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_network

from constructs import Construct

from tier0_egress.cdk import Provider

from .bfd_peer import BfdPeer
from .next_hop import NextHop
from .static_route import MadeRoute, family, static_route
from .values import RefusedValueError, instances, shown

NETWORKS = {4: ip_network("0.0.0.0/0"), 6: ip_network("::/0")}


class Tier0DefaultRoute(MadeRoute):
    """A static route 0.0.0.0/0 or ::/0 on a Tier-0 gateway, with its BFD peers: one route for each address family.

    It is the Tier0StaticRoute without which nothing behind the Tier-0 is reachable, so it is protected unless told otherwise.
    """

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
        provider: Provider | None = None,
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
        if ip_version is not None and (type(ip_version) is not int or ip_version not in NETWORKS):
            raise RefusedValueError(f"ip_version: {shown(ip_version)} is not allowed, allowed is 4 or 6")
        said = static_route(
            gateway_path=gateway_path,
            nsx_id=nsx_id,
            network=NETWORKS[family(instances(next_hops, NextHop, "next_hops"), ip_version)],
            next_hops=next_hops,
            discard=False,
            bfd_peers=bfd_peers,
            display_name=display_name,
            description=description,
            tags=tags,
            protect=protect,
            provider=provider,
        )
        super().__init__(scope, id_, said)
