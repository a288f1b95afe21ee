"""A next hop: the value object, and the one place where it becomes a block of the route."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from tier0_egress.cdk import PolicyStaticRouteNextHop

from .ids import INTERFACE, policy_path
from .ip import AddressValue, address
from .values import RefusedValueError, whole_number


@dataclass(frozen=True, kw_only=True)
class NextHop:
    """One way out."""

    address: AddressValue
    """Of the upstream router: one IPv4 or IPv6 address."""

    admin_distance: int = 1
    """1 to 255. Hops of equal distance share the traffic (ECMP), a higher one takes over when all lower ones are gone
    (floating static route). Default: 1."""

    interface_path: str | None = None
    """Policy path of the interface to leave by, `Tier0Gateway.interface_path`. Default: NSX finds it by the address."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "address", address(self.address, "next hop address"))
        whole_number(self.admin_distance, "admin_distance", 1, 255)  # APIDOC, RouterNexthop.admin_distance
        if self.interface_path is not None:
            policy_path(self.interface_path, "interface_path", INTERFACE)
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


def next_hop_block(hop: NextHop) -> PolicyStaticRouteNextHop:
    """The hop for the provider, as a struct class: the bindings drop the content of a dict in a list block without a word
    (terraform-cdk issue 3631)."""
    return PolicyStaticRouteNextHop(
        ip_address=str(hop.address), admin_distance=hop.admin_distance, interface=hop.interface_path
    )
