"""The typed model of a workload domain: what a file in `domains/` says, frozen, every address typed.

Key names are the contract of DESIGN's golden domain; docs/domain-files.md lists them. Rules that relate several values to
each other (a next hop outside every uplink subnet, say) are preflight checks, not part of the model: a domain that breaks
one is still a domain that can be shown and explained.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PrivateAttr,
    model_validator,
)
from pydantic.json_schema import SkipJsonSchema

from egress.domain.fields import (
    AnyAddress,
    AppliedTo,
    Description,
    DisplayName,
    EnvPrefix,
    Finding,
    Host,
    Ipv4,
    Ipv4AddressOrNet,
    Ipv4InterfaceAddress,
    Ipv4Net,
    Ipv6,
    Ipv6InterfaceAddress,
    MappingName,
    Name,
    NsxVersion,
    PolicyId,
    RelativePath,
    RouteHolder,
    StackName,
    TagScope,
    TagValue,
    quoted,
    wrong,
    wrong_at,
)
from egress.domain.origins import Origins
from egress.domain.problems import Place
from egress.domain.state import LocalState, State, given

MAX_PRIORITY = 2147481599
"""Largest sequence_number in the USER section (NSX Policy API, PolicyNatRule.sequence_number)."""

E = TypeVar("E", bound=StrEnum)
V = TypeVar("V")


class HaMode(StrEnum):
    """How the edges of a Tier-0 share the work (NSX Policy API, Tier0.ha_mode)."""

    ACTIVE_ACTIVE = "ACTIVE_ACTIVE"
    ACTIVE_STANDBY = "ACTIVE_STANDBY"


class NatAction(StrEnum):
    """The two NAT actions that egress needs (NSX Policy API, PolicyNatRule.action).

    REFLEXIVE is stateless and works in both directions; SNAT is stateful and needs one active edge, or stateful services.
    """

    REFLEXIVE = "REFLEXIVE"
    SNAT = "SNAT"


class FirewallMatch(StrEnum):
    """Which address the gateway firewall sees (NSX Policy API, PolicyNatRule.firewall_match)."""

    MATCH_INTERNAL_ADDRESS = "MATCH_INTERNAL_ADDRESS"
    MATCH_EXTERNAL_ADDRESS = "MATCH_EXTERNAL_ADDRESS"
    BYPASS = "BYPASS"


def _enum(kind: type[E]) -> BeforeValidator:
    def parse(value: Any) -> E:
        try:
            return kind(value)
        except ValueError:
            raise wrong(f"{quoted(value)} is not allowed here, allowed is {' or '.join(kind)}") from None

    return BeforeValidator(parse)


def _number(value: Any) -> Any:
    """Python takes true for 1; a file does not."""
    if isinstance(value, bool):
        raise wrong(f"{value!r} is not a number, allowed is 1".lower())
    return value


def _frozen(value: Mapping[str, V]) -> Mapping[str, V]:
    return MappingProxyType(dict(value))


def _without_nulls(value: Any) -> Any:
    return {name: one for name, one in value.items() if one is not None} if isinstance(value, dict) else value


Frozen = (BeforeValidator(_without_nulls), AfterValidator(_frozen), PlainSerializer(dict))
Tags = Annotated[Mapping[TagScope, TagValue], *Frozen]
HaModeField = Annotated[HaMode, _enum(HaMode)]
FirewallMatchField = Annotated[FirewallMatch, _enum(FirewallMatch)]
Priority = Annotated[int, Field(ge=0, le=MAX_PRIORITY)]


_TIER0_RELATIONS: dict[str, Any] = {
    "oneOf": [{"required": [key], "properties": {key: {"type": "string"}}} for key in ("id", "display_name")],
    "if": {"required": ["stateful_active_active"], "properties": {"stateful_active_active": {"const": True}}},
    "then": {"properties": {"ha_mode": {"const": "ACTIVE_ACTIVE"}}},
}
_ROUTE_RELATIONS: dict[str, Any] = {
    "if": {"required": ["external"], "properties": {"external": {"const": True}}},
    "then": {"properties": {"next_hops": {"maxItems": 0}, "ipv6": {"type": "null"}, "bfd": {"type": "null"}}},
    "else": {"required": ["next_hops"], "properties": {"next_hops": {"type": "array", "minItems": 1}}},
}
"""What the validators below say, for the JSON Schema."""


class Part(BaseModel):
    """Base of everything in a domain file: frozen, strict, unknown keys refused, null as if the key were not there."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _null_is_left_out(cls, value: Any) -> Any:
        return given(cls, value)


class Named(Part):
    """Keys that every NSX object of a domain may carry. Left out: the id and name are derived, tags are the domain's own."""

    nsx_id: PolicyId | None = None
    display_name: DisplayName | None = None
    description: Description = ""
    tags: Tags | None = None


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
        """REFLEXIVE on ACTIVE_ACTIVE ("SNAT and DNAT are only supported in active-standby mode", PolicyNatRule.action),
        SNAT on ACTIVE_STANDBY and where stateful services run on ACTIVE_ACTIVE (NSX 4.0 and later)."""
        stateless = self.ha_mode is HaMode.ACTIVE_ACTIVE and not self.stateful_active_active
        return NatAction.REFLEXIVE if stateless else NatAction.SNAT


class NextHop(Part):
    """One way out. `interface` is an uplink's id; left out: NSX finds the interface by the address."""

    address: Ipv4
    admin_distance: Annotated[int, Field(ge=1, le=255)] = 1
    interface: PolicyId | None = None


class NextHopV6(Part):
    """As NextHop, for IPv6."""

    address: Ipv6
    admin_distance: Annotated[int, Field(ge=1, le=255)] = 1
    interface: PolicyId | None = None


class RouteV6(Named):
    """The IPv6 default route (::/0), a static route of its own."""

    next_hops: Annotated[tuple[NextHopV6, ...], Field(min_length=1)]


class Bfd(Part):
    """One BFD peer for each IPv4 next hop. `profile`: id of a BFD profile. `sources`: ids of uplinks, left out: all."""

    profile: PolicyId = "default"
    sources: tuple[PolicyId, ...] = ()
    enabled: bool = True
    tags: Tags | None = None


class DefaultRoute(Named):
    """The IPv4 default route (0.0.0.0/0). `external`: somebody else owns it, on a Tier-0 that several domains share."""

    model_config = ConfigDict(json_schema_extra=_ROUTE_RELATIONS)

    external: bool = False
    next_hops: tuple[NextHop, ...] = ()
    ipv6: RouteV6 | None = None
    bfd: Bfd | None = None
    protect: bool = True

    @model_validator(mode="after")
    def _owned_or_external(self) -> Self:
        if self.external and (self.next_hops or self.ipv6 or self.bfd):
            raise wrong("external: true says that somebody else owns the route, take next_hops, ipv6 and bfd out")
        if not self.external and not self.next_hops:
            raise wrong("next_hops is missing, allowed are one or more {address: ...}, or external: true")
        return self


class EgressMapping(Named):
    """An egress address and the address it is translated to. `tier1`: id of the Tier-1 whose traffic it is."""

    source: Ipv4AddressOrNet
    translated: Ipv4AddressOrNet
    tier1: PolicyId | None = None
    priority: Priority | None = None
    firewall_match: FirewallMatchField = FirewallMatch.MATCH_INTERNAL_ADDRESS


class FurtherMapping(EgressMapping):
    """A mapping below `more`: its priority is required, so that adding one never moves another."""

    priority: Priority


class Egress(Part):
    """Egress range and its translations. `applied_to`: scope of the rules: uplinks, interface ids, or everywhere.

    `routed`: networks outside the uplink subnets that the physical network routes to this Tier-0, for translated addresses.
    """

    range: Ipv4Net
    routed: tuple[Ipv4Net, ...] = ()
    applied_to: AppliedTo = "uplinks"
    supervisor: EgressMapping | None = None
    tkg: EgressMapping | None = None
    more: Annotated[Mapping[MappingName, FurtherMapping], *Frozen] = Field(default_factory=dict, validate_default=True)


class Ingress(Part):
    """The range that load balancers answer on. Not translated: the default route alone makes it reachable."""

    range: Ipv4Net


class ReturnRoute(Part):
    """A route that exists already outside NSX: on a DNS server (its address) or on the upstream router. NSX is not asked.

    Only the packet walk reads it: with it, `egress explain` knows that answers find back.
    """

    on: RouteHolder
    to: Ipv4Net
    via: Annotated[tuple[Ipv4, ...], Field(min_length=1)]


class Realization(Part):
    """How long an apply waits for NSX to realize an object: first look after `delay` s, given up after `timeout` s."""

    delay: Annotated[int, Field(ge=0, le=3600)] = 0
    timeout: Annotated[int, Field(ge=1, le=86400)] = 120


class Suppression(Part):
    """A preflight rule that does not apply here, and why."""

    rule: Annotated[str, Field(min_length=1)]
    reason: Annotated[str, Field(min_length=10)]


class WorkloadDomain(Part):
    """One workload domain, as its file says. `stack` comes from the file's path, everything else from its text."""

    stack: SkipJsonSchema[StackName]
    version: Annotated[Literal[1], BeforeValidator(_number)]
    name: Name
    description: Description = ""
    nsx: Nsx
    tier0: Tier0
    default_route: DefaultRoute
    egress: Egress
    ingress: Ingress | None = None
    pods: Annotated[Mapping[PolicyId, Ipv4Net], *Frozen] = Field(default_factory=dict, validate_default=True)
    dns_servers: tuple[AnyAddress, ...] = ()
    return_routes: tuple[ReturnRoute, ...] = ()
    state: State = Field(default_factory=lambda: LocalState(backend="local"))
    realization: Realization = Field(default_factory=Realization)
    suppress: tuple[Suppression, ...] = ()
    _origins: Origins = PrivateAttr(default_factory=Origins)

    def place(self, *path: str | int) -> Place | None:
        """Where the value at `path` stands, as in place("tier0", "uplinks", 0); the nearest one above it if the file does
        not give it. None for a domain that was not read from a file."""
        return self._origins.place(path)

    @model_validator(mode="after")
    def _references(self) -> Self:
        uplinks = [uplink.id for uplink in self.tier0.uplinks]
        findings = [
            _unknown(at, name, known)
            for at, name, known in _interface_names(self, uplinks, self.tier0.interface_ids)
            if name not in known
        ]
        if findings:
            raise wrong_at(findings)
        return self


def _interface_names(
    domain: WorkloadDomain, uplinks: list[str], interfaces: list[str]
) -> Iterator[tuple[tuple[str | int, ...], str, list[str]]]:
    """Every place where a domain names one of its own interfaces, and which ids are allowed there."""
    route = domain.default_route
    for index, hop in enumerate(route.next_hops):
        if hop.interface is not None:
            yield ("default_route", "next_hops", index, "interface"), hop.interface, uplinks
    for index, hop_v6 in enumerate(route.ipv6.next_hops if route.ipv6 else ()):
        if hop_v6.interface is not None:
            yield ("default_route", "ipv6", "next_hops", index, "interface"), hop_v6.interface, uplinks
    for index, name in enumerate(route.bfd.sources if route.bfd else ()):
        yield ("default_route", "bfd", "sources", index), name, uplinks
    if isinstance(domain.egress.applied_to, tuple):
        for index, name in enumerate(domain.egress.applied_to):
            yield ("egress", "applied_to", index), name, interfaces


def _unknown(at: tuple[str | int, ...], name: str, known: list[str]) -> Finding:
    return at, f"no interface {quoted(name)} in tier0, allowed is {' or '.join(known)}"
