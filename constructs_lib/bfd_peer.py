"""A BFD peer: the value object, and the one place where it becomes a resource."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address

from constructs import Construct

from egress.policy import paths
from tier0_egress.cdk import PolicyStaticRoute, PolicyStaticRouteBfdPeer, PolicyStaticRouteBfdPeerTag, TerraformProvider

from .ids import own_id, policy_path
from .ip import ipv4_address
from .values import RefusedValueError, element_of_unknown_list, flag, items, labels

ROUTE = "Default"
"""Construct id of the route, which the peers stand beside; cdktf leaves it out of the address."""


@dataclass(frozen=True, kw_only=True)
class BfdPeer:
    """Watches one next hop with BFD, so that a dead one leaves the route."""

    nsx_id: str
    """Id of the peer in NSX. The provider overwrites an existing one of that id without a word (measured with 3.11.1)."""

    peer_address: IPv4Address | str
    """The next hop, IPv4."""

    source_addresses: Sequence[IPv4Address | str] = ()
    """Of the uplinks that BFD is sent from. Default: NSX chooses."""

    profile_path: str = paths.bfd_profile("default")
    """Policy path of the BFD profile. Default: NSX's own."""

    enabled: bool = True
    """Whether it watches. Default: True."""

    display_name: str | None = None
    """1 to 255 characters. Default: the nsx_id."""

    description: str = ""
    """At most 1,024 characters. Default: none."""

    tags: Mapping[str, str] | None = None
    """Tag scope -> tag. Default: none."""

    def __post_init__(self) -> None:
        own_id(self.nsx_id)
        if self.nsx_id == ROUTE:
            raise RefusedValueError(
                f"nsx_id: {ROUTE!r} is the name of the route inside of its construct, allowed is any other id"
            )
        policy_path(self.profile_path, "profile_path", paths.bfd_profile("default"))
        flag(self.enabled, "enabled", expression=True)
        object.__setattr__(self, "tags", labels(self.display_name, self.description, self.tags))
        object.__setattr__(self, "peer_address", ipv4_address(self.peer_address, "peer_address"))
        object.__setattr__(self, "source_addresses", _sources(self.source_addresses))


def _sources(value: object) -> tuple[IPv4Address | str, ...]:
    """IPv4 addresses; or one list that only Terraform knows, which goes to the provider as it is."""
    given = items(value, "source_addresses", "IPv4 addresses")
    if len(given) == 1 and element_of_unknown_list(given[0]):
        return given
    return tuple(ipv4_address(source, "source_addresses") for source in given)


def bfd_peer(
    scope: Construct, peer: BfdPeer, *, gateway_path: str, route: PolicyStaticRoute, provider: TerraformProvider | None
) -> PolicyStaticRouteBfdPeer:
    """Makes the peer below `scope`; it comes after the route."""
    return PolicyStaticRouteBfdPeer(
        scope,
        peer.nsx_id,
        gateway_path=gateway_path,
        nsx_id=peer.nsx_id,
        display_name=peer.display_name or peer.nsx_id,
        description=peer.description or None,
        bfd_profile_path=peer.profile_path,
        peer_address=str(peer.peer_address),
        source_addresses=[str(source) for source in peer.source_addresses] or None,
        enabled=peer.enabled,
        tag=[PolicyStaticRouteBfdPeerTag(scope=key, tag=tag) for key, tag in (peer.tags or {}).items()] or None,
        depends_on=[route],
        provider=provider,
    )
