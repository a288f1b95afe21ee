"""A static route of a Tier-0 gateway."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from constructs import Construct

from tier0_egress.cdk import Provider

from .bfd_peer import BfdPeer
from .ip import NetworkValue, any_network
from .next_hop import NextHop
from .static_route import MadeRoute, family, static_route
from .values import flag, instances


class Tier0StaticRoute(MadeRoute):
    """A static route to a network or a host on a Tier-0 gateway, or one that drops what is sent there. For the default route there is
    Tier0DefaultRoute."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        gateway_path: str,
        nsx_id: str,
        network: NetworkValue,
        next_hops: Sequence[NextHop] = (),
        discard: bool = False,
        bfd_peers: Sequence[BfdPeer] = (),
        display_name: str | None = None,
        description: str = "",
        tags: Mapping[str, str] | None = None,
        protect: bool = False,
        provider: Provider | None = None,
    ) -> None:
        """Makes the route.

        gateway_path: policy path of the Tier-0, `Tier0Gateway.path`.
        nsx_id: id of the route in NSX. Always given, as that of a default route.
        network: IPv4 or IPv6 network, or an address for the route to a host.
        next_hops: of the family of the network, in the order that NSX shows. Default: none, for a route that discards.
        discard: packets to the network are dropped (a null route, vmware/nsxt issue 604). Default: False.
        bfd_peers: IPv4 only. Default: none.
        display_name: 1 to 255 characters. Default: the nsx_id.
        description: at most 1,024 characters. Default: none.
        tags: tag scope -> tag. Default: none.
        protect: Terraform refuses every plan that destroys the route (lifecycle.prevent_destroy). Default: False: a further route comes
            and goes with what it is for.
        provider: an NsxtProvider. Default: the stack's only one.

        Raises RefusedValueError for what NSX or the provider would refuse.
        """
        to = any_network(network, "network")
        family(instances(next_hops, NextHop, "next_hops"), None if isinstance(to, str) else to.version)
        said = static_route(
            gateway_path=gateway_path,
            nsx_id=nsx_id,
            network=to,
            next_hops=next_hops,
            discard=flag(discard, "discard"),
            bfd_peers=bfd_peers,
            display_name=display_name,
            description=description,
            tags=tags,
            protect=protect,
            provider=provider,
        )
        super().__init__(scope, id_, said)
