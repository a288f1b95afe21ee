"""The typed model of a further static route of the Tier-0, beside its default route."""

from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, model_validator

from egress.domain.addresses import Network, single
from egress.domain.base import Named, Part
from egress.domain.fields import AnyAddress, AnyAddressOrNet, PolicyId, listed, wrong

_RELATIONS: dict[str, Any] = {
    "if": {"required": ["discard"], "properties": {"discard": {"const": True}}},
    "then": {"properties": {"next_hops": {"anyOf": [{"type": "null"}, {"type": "array", "maxItems": 0}]}}},
    "else": {"required": ["next_hops"], "properties": {"next_hops": {"type": "array", "minItems": 1}}},
}
"""What the validator below says, for the JSON Schema; but for address families and default routes."""


class RouteHop(Part):
    """One way of a route. `interface`: left out, NSX finds it by the address."""

    address: AnyAddress = Field(description="address of the router, of the family of the network")
    admin_distance: Annotated[int, Field(ge=1, le=255)] = Field(
        1, description="1 to 255; a greater one is used when the smaller is gone"
    )
    interface: PolicyId | None = Field(
        None, description="id of the uplink or service interface to leave by; left out: NSX finds it by the address"
    )


class FurtherRoute(Named):
    """A static route to a network or a host. `discard`: a null route, which NSX writes as a next hop without an address."""

    model_config = ConfigDict(json_schema_extra=_RELATIONS)

    network: AnyAddressOrNet = Field(
        description="network or host that it leads to; the default route has keys of its own"
    )
    next_hops: tuple[RouteHop, ...] = Field((), description="next hops, at least one; equal distances share the load")
    discard: bool = Field(
        False, description="true: packets to the network are dropped (a null route), without next_hops"
    )

    @property
    def to(self) -> Network:
        """The network that it leads to; of a host the network that holds only it."""
        return self.network if isinstance(self.network, IPv4Network | IPv6Network) else single(self.network)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.to.prefixlen == 0:
            raise wrong(f"{self.network} is the default route, which has keys of its own: default_route, and its ipv6")
        if self.discard and self.next_hops:
            raise wrong("discard: true says that packets are dropped, take next_hops out")
        if not self.discard and not self.next_hops:
            raise wrong("next_hops is missing, allowed are one or more {address: ...}, or discard: true")
        strange = [hop.address for hop in self.next_hops if hop.address.version != self.to.version]
        if strange:
            raise wrong(
                f"next hop {listed(strange)} is of another family than {self.network}, allowed is IPv{self.to.version}"
            )
        return self
