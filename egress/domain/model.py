"""The typed model of a workload domain: what a file in `domains/` says, frozen, every address typed.

Key names are the contract of DESIGN's golden domain; docs/domain-files.md lists them. Rules that relate several values to
each other (a next hop outside every uplink subnet, say) are preflight checks, not part of the model: a domain that breaks
one is still a domain that can be shown and explained.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, PrivateAttr, model_validator
from pydantic.json_schema import SkipJsonSchema

from egress.domain.base import (
    FirewallMatchField,
    Frozen,
    Named,
    Part,
    Priority,
    Tags,
    number_not_truth,
)
from egress.domain.fields import (
    AnyAddress,
    AppliedTo,
    Description,
    Finding,
    Ipv4,
    Ipv4AddressOrNet,
    Ipv4Net,
    Ipv6,
    MappingName,
    Name,
    PolicyId,
    Reason,
    RouteHolder,
    RuleId,
    StackName,
    quoted,
    wrong,
    wrong_at,
)
from egress.domain.origins import Origins
from egress.domain.problems import Place
from egress.domain.state import LocalState, State
from egress.domain.tier0 import Nsx, ServiceInterface, Tier0, Uplink
from egress.vocabulary import MAX_PRIORITY, FirewallMatch, HaMode, NatAction

__all__ = [
    "MAX_PRIORITY",
    "Bfd",
    "DefaultRoute",
    "Egress",
    "EgressMapping",
    "FirewallMatch",
    "FurtherMapping",
    "HaMode",
    "Ingress",
    "Named",
    "NatAction",
    "NextHop",
    "NextHopV6",
    "Nsx",
    "Part",
    "Realization",
    "ReturnRoute",
    "RouteV6",
    "ServiceInterface",
    "Suppression",
    "Tier0",
    "Uplink",
    "WorkloadDomain",
]

_ROUTE_RELATIONS: dict[str, Any] = {
    "if": {"required": ["external"], "properties": {"external": {"const": True}}},
    "then": {"properties": {"next_hops": {"maxItems": 0}, "ipv6": {"type": "null"}, "bfd": {"type": "null"}}},
    "else": {"required": ["next_hops"], "properties": {"next_hops": {"type": "array", "minItems": 1}}},
}
"""What the validator below says, for the JSON Schema."""


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

    host: RouteHolder
    to: Ipv4Net
    via: Annotated[tuple[Ipv4, ...], Field(min_length=1)]


class Realization(Part):
    """How long an apply waits for NSX to realize an object: first look after `delay` s, given up after `timeout` s."""

    delay: Annotated[int, Field(ge=0, le=3600)] = 0
    timeout: Annotated[int, Field(ge=1, le=86400)] = 120


class Suppression(Part):
    """A preflight rule that does not apply here, and why."""

    rule: RuleId
    reason: Reason


class WorkloadDomain(Part):
    """One workload domain, as its file says. `stack` comes from the file's path, everything else from its text."""

    stack: SkipJsonSchema[StackName]
    version: Annotated[Literal[1], BeforeValidator(number_not_truth)]
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
