"""The typed model of the default route: its next hops, its IPv6 sister, its BFD peers."""

from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, model_validator

from egress.domain.base import Named, Part, Tags
from egress.domain.fields import Ipv4, Ipv6, PolicyId, wrong

_ROUTE_RELATIONS: dict[str, Any] = {
    "if": {"required": ["external"], "properties": {"external": {"const": True}}},
    "then": {"properties": {"next_hops": {"maxItems": 0}, "ipv6": {"type": "null"}, "bfd": {"type": "null"}}},
    "else": {"required": ["next_hops"], "properties": {"next_hops": {"type": "array", "minItems": 1}}},
}
"""What the validator below says, for the JSON Schema."""


class NextHop(Part):
    """One way out. `interface` is an interface's id; left out: NSX finds it by the address. `shared`: several routers have the address."""

    address: Ipv4 = Field(description="IPv4 address of the router")
    admin_distance: Annotated[int, Field(ge=1, le=255)] = Field(
        1, description="1 to 255; a greater one is used when the smaller is gone"
    )
    interface: PolicyId | None = Field(
        None, description="id of the uplink or service interface to leave by; left out: NSX finds it by the address"
    )
    shared: bool = Field(
        False, description="true: several routers share the address (VRRP, HSRP), so one next hop is enough"
    )


class NextHopV6(Part):
    """As NextHop, for IPv6."""

    address: Ipv6 = Field(description="IPv6 address of the router")
    admin_distance: Annotated[int, Field(ge=1, le=255)] = Field(
        1, description="1 to 255; a greater one is used when the smaller is gone"
    )
    interface: PolicyId | None = Field(
        None, description="id of the uplink to leave by; needed for a link-local address"
    )


class RouteV6(Named):
    """The IPv6 default route (::/0), a static route of its own."""

    next_hops: Annotated[tuple[NextHopV6, ...], Field(min_length=1)] = Field(
        description="next hops of ::/0, at least one"
    )


class Bfd(Part):
    """One BFD peer for each IPv4 next hop. `profile`: id of a BFD profile. `sources`: ids of uplinks, left out: for each peer those of
    its subnet."""

    profile: PolicyId = Field("default", description="id of a BFD profile")
    sources: tuple[PolicyId, ...] = Field(
        (), description="ids of the uplinks that BFD is sent from; left out: for each peer those of its subnet"
    )
    enabled: bool = Field(True, description="false keeps the peers but sends nothing")
    tags: Tags | None = Field(None, description="tag scope: tag; left out: managed-by and stack")


class DefaultRoute(Named):
    """The IPv4 default route (0.0.0.0/0). `external`: somebody else owns it, on a Tier-0 that several domains share."""

    model_config = ConfigDict(json_schema_extra=_ROUTE_RELATIONS)

    external: bool = Field(
        False, description="somebody else owns the default route, on a Tier-0 that several domains share"
    )
    next_hops: tuple[NextHop, ...] = Field((), description="next hops of 0.0.0.0/0; equal distances share the load")
    ipv6: RouteV6 | None = Field(None, description="an IPv6 default route (::/0) as well")
    bfd: Bfd | None = Field(
        None, description="a BFD peer for every IPv4 next hop; opt-in, see docs/rules.md before you do"
    )
    protect: bool = Field(True, description="the default route cannot be destroyed while this is true")

    @model_validator(mode="after")
    def _owned_or_external(self) -> Self:
        if self.external and (self.next_hops or self.ipv6 or self.bfd):
            raise wrong("external: true says that somebody else owns the route, take next_hops, ipv6 and bfd out")
        if not self.external and not self.next_hops:
            raise wrong("next_hops is missing, allowed are one or more {address: ...}, or external: true")
        return self
