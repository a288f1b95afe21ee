"""The typed model of the manager and the Tier-0 gateway."""

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import ConfigDict, Field, model_validator

from egress.domain.base import HaModeField, Part
from egress.domain.fields import (
    DisplayName,
    EnvPrefix,
    Host,
    Ipv4InterfaceAddress,
    Ipv6InterfaceAddress,
    NsxVersion,
    PolicyId,
    RelativePath,
    quoted,
    wrong,
)
from egress.domain.moved import Moved, MovedKeys, flow
from egress.vocabulary import HaMode, NatAction, nat_action

_TIER0_RELATIONS: dict[str, Any] = {
    "oneOf": [{"required": [key], "properties": {key: {"type": "string"}}} for key in ("id", "display_name")],
    "if": {"required": ["stateful_active_active"], "properties": {"stateful_active_active": {"const": True}}},
    "then": {"properties": {"ha_mode": {"const": "ACTIVE_ACTIVE"}}},
}
"""What the validators below say, for the JSON Schema."""


class Nsx(Part):
    """The manager. `ca_file` left out: the system's certificate authorities. `credentials`: environment prefix.

    `version` is only for checks that depend on it; left out, they say that they cannot know.
    """

    host: Host = Field(description="host name or address of the manager, with an optional port; never a credential")
    version: NsxVersion | None = Field(
        None, description="NSX version in quotes, as in '4.2.1'; only checks that depend on it read it"
    )
    ca_file: RelativePath | None = Field(
        None,
        description="PEM file with the certificate authority, relative to the project folder; left out: the system's authorities",
    )
    credentials: EnvPrefix = Field("NSXT", description="environment prefix: NSXT means NSXT_USERNAME and NSXT_PASSWORD")


class Uplink(Part):
    """An external interface of the Tier-0 on one edge. `id` is its id in NSX. `nat`: false for a second external VLAN, of DNS or
    backup, say, which traffic leaves by with the addresses that it has."""

    id: PolicyId = Field(description="id of the interface in NSX")
    edge: PolicyId = Field(description="the edge node that carries it")
    address: Ipv4InterfaceAddress = Field(description="IPv4 address with prefix length, as in 10.27.51.145/24")
    ipv6: Ipv6InterfaceAddress | None = Field(None, description="IPv6 address with prefix length")
    nat: bool = Field(
        True,
        description="false: NAT rules leave it out (applied_to: uplinks), as on a second external VLAN for DNS or backup",
    )


class ServiceInterface(Part):
    """A service interface of the Tier-0: a segment that it touches directly, without an uplink in between."""

    id: PolicyId = Field(description="id of the interface in NSX")
    address: Ipv4InterfaceAddress = Field(description="IPv4 address with prefix length")


class HaVip(Part):
    """An address that moves to the active edge, between two uplinks (NSX Policy API, Tier0HaVipConfig: one for each pair of
    interfaces). `uplinks` left out: those whose subnet holds the address."""

    address: Ipv4InterfaceAddress = Field(description="IPv4 address with prefix length, as in 10.28.60.4/24")
    uplinks: tuple[PolicyId, ...] = Field(
        (), description="ids of the uplinks that it moves between; left out: those whose subnet holds the address"
    )


def _ha_vips(value: Any, _: Mapping[str, Any]) -> str:
    if not isinstance(value, str):
        raise TypeError
    return f"ha_vips: {flow([{'address': value}])}"


class Tier0(Part):
    """The Tier-0 gateway, which is read and never managed. Exactly one of `id` and `display_name` says which."""

    model_config = ConfigDict(json_schema_extra=_TIER0_RELATIONS)
    moved: ClassVar[MovedKeys] = {"ha_vip": Moved("ha_vips", "ha_vips: [{address: ADDRESS/LENGTH}]", _ha_vips)}

    id: PolicyId | None = Field(None, description="its id in NSX; give exactly one of id and display_name")
    display_name: DisplayName | None = Field(None, description="its name in NSX, matched exactly")
    locale_service: PolicyId = Field("default", description="id of the locale service that holds the interfaces")
    ha_mode: HaModeField = Field(
        description="ACTIVE_ACTIVE (egress becomes REFLEXIVE rules) or ACTIVE_STANDBY (egress becomes SNAT rules)"
    )
    stateful_active_active: bool = Field(
        False, description="stateful services run on this ACTIVE_ACTIVE gateway (NSX 4.0), so SNAT is possible"
    )
    vrf_of: PolicyId | None = Field(None, description="id of the parent Tier-0, if this one is a VRF gateway")
    ha_vips: tuple[HaVip, ...] = Field(
        (), description="addresses that move between the edges (ACTIVE_STANDBY), one for each pair of uplinks"
    )
    uplinks: Annotated[tuple[Uplink, ...], Field(min_length=1)] = Field(description="external interfaces, at least one")
    service_interfaces: tuple[ServiceInterface, ...] = Field(
        (), description="segments that the gateway touches directly, without an uplink in between"
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.id is None) == (self.display_name is None):
            raise wrong("give exactly one of id and display_name")
        if self.stateful_active_active and self.ha_mode is not HaMode.ACTIVE_ACTIVE:
            raise wrong(f"stateful_active_active goes with ha_mode ACTIVE_ACTIVE only, not with {self.ha_mode}")
        if not any(uplink.nat for uplink in self.uplinks):
            raise wrong("every uplink has nat: false, and none is the way out: take nat out where traffic leaves")
        ids = self.interface_ids
        twice = sorted(name for name, count in Counter(ids).items() if count > 1)
        if twice:
            raise wrong(f"interface id {quoted(twice[0])} is used twice, every interface needs an id of its own")
        return self

    @property
    def interface_ids(self) -> list[str]:
        """Ids of uplinks and service interfaces, in the file's order."""
        return [uplink.id for uplink in self.uplinks] + [interface.id for interface in self.service_interfaces]

    def uplinks_of(self, vip: HaVip) -> tuple[Uplink, ...]:
        """The uplinks that an HA VIP moves between."""
        if vip.uplinks:
            return tuple(uplink for uplink in self.uplinks if uplink.id in vip.uplinks)
        return tuple(uplink for uplink in self.uplinks if vip.address.ip in uplink.address.network)

    @property
    def nat_action(self) -> NatAction:
        """REFLEXIVE or SNAT, by HA mode and stateful services (egress.vocabulary.nat_action)."""
        return nat_action(self.ha_mode, stateful_active_active=self.stateful_active_active)
