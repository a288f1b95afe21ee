"""The typed model of the manager and the Tier-0 gateway."""

from __future__ import annotations

from typing import Annotated, Any, Self

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

    host: Host
    version: NsxVersion | None = None
    ca_file: RelativePath | None = None
    credentials: EnvPrefix = "NSXT"


class Uplink(Part):
    """An external interface of the Tier-0 on one edge. `id` is its id in NSX."""

    id: PolicyId
    edge: PolicyId
    address: Ipv4InterfaceAddress
    ipv6: Ipv6InterfaceAddress | None = None


class ServiceInterface(Part):
    """A service interface of the Tier-0: a segment that it touches directly, without an uplink in between."""

    id: PolicyId
    address: Ipv4InterfaceAddress


class Tier0(Part):
    """The Tier-0 gateway, which is read and never managed. Exactly one of `id` and `display_name` says which."""

    model_config = ConfigDict(json_schema_extra=_TIER0_RELATIONS)

    id: PolicyId | None = None
    display_name: DisplayName | None = None
    locale_service: PolicyId = "default"
    ha_mode: HaModeField
    stateful_active_active: bool = False
    vrf_of: PolicyId | None = None
    ha_vip: Ipv4InterfaceAddress | None = None
    uplinks: Annotated[tuple[Uplink, ...], Field(min_length=1)]
    service_interfaces: tuple[ServiceInterface, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.id is None) == (self.display_name is None):
            raise wrong("give exactly one of id and display_name")
        if self.stateful_active_active and self.ha_mode is not HaMode.ACTIVE_ACTIVE:
            raise wrong(f"stateful_active_active goes with ha_mode ACTIVE_ACTIVE only, not with {self.ha_mode}")
        ids = self.interface_ids
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise wrong(f"interface id {quoted(twice[0])} is used twice, every interface needs an id of its own")
        return self

    @property
    def interface_ids(self) -> list[str]:
        """Ids of uplinks and service interfaces, in the file's order."""
        return [uplink.id for uplink in self.uplinks] + [interface.id for interface in self.service_interfaces]

    @property
    def nat_action(self) -> NatAction:
        """REFLEXIVE or SNAT, by HA mode and stateful services (egress.vocabulary.nat_action)."""
        return nat_action(self.ha_mode, stateful_active_active=self.stateful_active_active)
