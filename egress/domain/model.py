"""The typed model of a workload domain: what a file in `domains/` says, frozen, every address typed.

Key names are public, docs/domain-files.md lists them. Rules that relate several values to
each other (a next hop outside every uplink subnet, say) are preflight checks, not part of the model: a domain that breaks
one is still a domain that can be shown and explained.
"""

import functools
from collections.abc import Callable, Iterator, Mapping
from ipaddress import IPv4Network
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar

from pydantic import BeforeValidator, Field, PrivateAttr, model_validator
from pydantic.json_schema import SkipJsonSchema

from egress.domain.addresses import Address
from egress.domain.base import (
    Frozen,
    Named,
    Part,
    number_not_truth,
)
from egress.domain.default_route import Bfd, DefaultRoute, NextHop, NextHopV6, RouteV6
from egress.domain.derived import Derived
from egress.domain.dns import Dns, DnsServer
from egress.domain.fields import (
    Description,
    Finding,
    Ipv4,
    Ipv4Net,
    Name,
    PolicyId,
    Reason,
    RouteHolder,
    RuleId,
    StackName,
    listed,
    quoted,
    wrong_at,
)
from egress.domain.moved import Moved, MovedKeys, flow
from egress.domain.problems import Place
from egress.domain.ranges import Egress, EgressException, EgressMapping, FurtherMapping, Ingress, Tier1
from egress.domain.routes import FurtherRoute, RouteHop
from egress.domain.state import LocalState, State
from egress.domain.tier0 import HaVip, Nsx, ServiceInterface, Tier0, Uplink
from egress.domain.tree import Origins
from egress.vocabulary import MAX_PRIORITY, FirewallMatch, HaMode, NatAction

T = TypeVar("T")

__all__ = [
    "MAX_PRIORITY",
    "Bfd",
    "DefaultRoute",
    "DnsServer",
    "Egress",
    "EgressException",
    "EgressMapping",
    "FirewallMatch",
    "FurtherMapping",
    "FurtherRoute",
    "HaMode",
    "HaVip",
    "Ingress",
    "Named",
    "NatAction",
    "NextHop",
    "NextHopV6",
    "Nsx",
    "Part",
    "Realization",
    "ReturnRoute",
    "RouteHop",
    "RouteV6",
    "ServiceInterface",
    "Suppression",
    "Tier0",
    "Tier1",
    "Uplink",
    "WorkloadDomain",
    "once",
]


class ReturnRoute(Part):
    """A route that exists already outside NSX: on a DNS server or its router (their addresses) or on the upstream router. NSX is not
    asked.

    Only the packet walk reads it: with it, `egress explain` knows that answers find back.
    """

    host: RouteHolder = Field(
        description="where the route is: the address of a DNS server of this file or of its router, or upstream"
    )
    to: Ipv4Net = Field(description="the network that it leads to, as a rule the egress range")
    via: Annotated[tuple[Ipv4, ...], Field(min_length=1)] = Field(
        description="addresses of the Tier-0 that it leads to; several share the load"
    )


class Realization(Part):
    """How long an apply waits for NSX to realize an object: first look after `delay` s, given up after `timeout` s."""

    delay: Annotated[int, Field(ge=0, le=3600)] = Field(0, description="seconds before the first look, 0 to 3,600")
    timeout: Annotated[int, Field(ge=1, le=86400)] = Field(120, description="seconds until it is given up, 1 to 86,400")


class Suppression(Part):
    """A preflight rule that does not apply here, and why."""

    rule: RuleId = Field(description="id of the rule, see docs/rules.md")
    reason: Reason = Field(description="why it does not apply, at least 10 characters; it is shown in every report")


def _tier1s(value: Any, beside: Mapping[str, Any]) -> str:
    """`pods` as `tier1s`, with the egress addresses of the mappings that name a Tier-1."""
    egress = beside.get("egress") or {}
    mappings = [egress.get("supervisor"), egress.get("tkg"), *(egress.get("more") or {}).values()]
    sources = {one["tier1"]: one["source"] for one in mappings if one and "tier1" in one and "source" in one}
    names = dict.fromkeys([*value, *sources])
    return "tier1s: " + flow(
        {
            name: ({"networks": [value[name]]} if name in value else {})
            | ({"egress": sources[name]} if name in sources else {})
            for name in names
        }
    )


class WorkloadDomain(Part):
    """One workload domain, as its file says. `stack` comes from the file's path, everything else from its text."""

    moved: ClassVar[MovedKeys] = {"pods": Moved("tier1s", "tier1s: {TIER1-ID: {networks: [NETWORK]}}", _tier1s)}

    stack: SkipJsonSchema[StackName]
    version: Annotated[Literal[1], BeforeValidator(number_not_truth)] = Field(
        description="version of this format, always 1"
    )
    name: Name = Field(description="the workload domain's name: lower-case letters, digits and dashes")
    formerly: StackName | None = Field(
        None,
        description="stack name under which the objects were made, and whose ids and tags they keep; egress rename writes it",
    )
    description: Description = Field("", description="free text, at most 1,024 characters")
    nsx: Nsx = Field(description="the NSX Manager of this domain")
    tier0: Tier0 = Field(description="the Tier-0 gateway, which is read and never managed")
    default_route: DefaultRoute = Field(description="the way out: a static route on the Tier-0")
    routes: Annotated[Mapping[Name, FurtherRoute], *Frozen] = Field(
        default_factory=dict,
        validate_default=True,
        description="name: a further static route of the Tier-0; the name ends its NSX id",
    )
    egress: Egress = Field(description="the egress ranges and how their addresses are translated at the Tier-0")
    ingress: Ingress | None = Field(None, description="the range that load balancers answer on")
    tier1s: Annotated[Mapping[PolicyId, Tier1], *Frozen] = Field(
        default_factory=dict, validate_default=True, description="id: a Tier-1 that hangs below the Tier-0"
    )
    dns_servers: tuple[Dns, ...] = Field(
        (), description="DNS servers that pods and nodes ask: addresses, or entries that say where each stands"
    )
    return_routes: tuple[ReturnRoute, ...] = Field(
        (), description="routes that exist already outside NSX; egress explain counts on them, nothing writes them"
    )
    state: State = Field(
        default_factory=lambda: LocalState(backend="local"), description="where the stack's Terraform state lives"
    )
    realization: Realization = Field(
        default_factory=Realization, description="how long an apply waits for NSX to realize an object"
    )
    suppress: tuple[Suppression, ...] = Field(
        (), description="preflight rules that do not apply here, each with a reason"
    )
    _origins: Origins = PrivateAttr(default_factory=Origins)
    _derived: Derived = PrivateAttr(default_factory=Derived)

    @property
    def made_as(self) -> str:
        """The name under which the stack's objects were made: their ids and tags are derived from it. It outlives a rename."""
        return self.formerly or self.stack

    @property
    def egress_ranges(self) -> tuple[IPv4Network, ...]:
        """Every egress network, each once: those of the Supervisor, then those of namespaces that have one of their own."""
        own = [tier1.egress_range for tier1 in self.tier1s.values() if tier1.egress_range]
        return tuple(dict.fromkeys([*self.egress.ranges, *own]))

    @property
    def dns_addresses(self) -> tuple[Address, ...]:
        """The addresses of the DNS servers."""
        return tuple(server.address for server in self.dns_servers)

    def place(self, *path: str | int) -> Place | None:
        """Where the value at `path` stands, as in place("tier0", "uplinks", 0); the nearest one above it if the file does
        not give it. None for a domain that was not read from a file."""
        return self._origins.place(path)

    def once(self, make: Callable[[Self], T]) -> T:
        """What `make` derives from this domain. It is made once: a domain does not change, and many rules ask."""
        private = self.__pydantic_private__  # where pydantic keeps self._derived, which it looks up in Python each time
        assert private is not None
        known = private["_derived"].values
        if make not in known:
            known[make] = make(self)
        value: T = known[make]
        return value

    def forget(self) -> None:
        """Lets go of what was derived from this domain; who asks again gets it made again. For programs that hold many and are done with one."""
        self._derived = Derived()

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """As pydantic has it; nothing that was derived from this domain is taken over."""
        copied = super().model_copy(update=update, deep=deep)
        copied._derived = Derived()
        return copied

    @model_validator(mode="after")
    def _references(self) -> Self:
        uplinks = [uplink.id for uplink in self.tier0.uplinks]
        findings = [
            _unknown(at, name, known)
            for at, name, known in _interface_names(self, uplinks, self.tier0.interface_ids)
            if name not in known
        ]
        known = list(self.tier1s)
        for index, server in enumerate(self.dns_servers):
            if server.inside is not None and server.inside not in self.tier1s:
                what = f"no Tier-1 {quoted(server.inside)} in tier1s, allowed is {listed(known, ' or ') or 'one that is there'}"
                findings.append((("dns_servers", index, "inside"), what))
        if findings:
            raise wrong_at(findings)
        return self


def once(make: Callable[[WorkloadDomain], T]) -> Callable[[WorkloadDomain], T]:
    """A function that derives something from a domain, and does so once for each. What it gives is not to be changed by anybody."""

    @functools.wraps(make)
    def made(domain: WorkloadDomain) -> T:
        return domain.once(make)

    return made


def _interface_names(
    domain: WorkloadDomain, uplinks: list[str], interfaces: list[str]
) -> Iterator[tuple[tuple[str | int, ...], str, list[str]]]:
    """Every place where a domain names one of its own interfaces, and which ids are allowed there."""
    route = domain.default_route
    for index, hop in enumerate(route.next_hops):
        if hop.interface is not None:
            yield ("default_route", "next_hops", index, "interface"), hop.interface, interfaces
    for index, hop_v6 in enumerate(route.ipv6.next_hops if route.ipv6 else ()):
        if hop_v6.interface is not None:
            yield ("default_route", "ipv6", "next_hops", index, "interface"), hop_v6.interface, uplinks
    for key, further in domain.routes.items():
        for index, one in enumerate(further.next_hops):
            if one.interface is not None:
                yield ("routes", key, "next_hops", index, "interface"), one.interface, interfaces
    for index, name in enumerate(route.bfd.sources if route.bfd else ()):
        yield ("default_route", "bfd", "sources", index), name, uplinks
    for number, vip in enumerate(domain.tier0.ha_vips):
        for index, name in enumerate(vip.uplinks):
            yield ("tier0", "ha_vips", number, "uplinks", index), name, uplinks
    if isinstance(domain.egress.applied_to, tuple):
        for index, name in enumerate(domain.egress.applied_to):
            yield ("egress", "applied_to", index), name, interfaces


def _unknown(at: tuple[str | int, ...], name: str, known: list[str]) -> Finding:
    return at, f"no interface {quoted(name)} in tier0, allowed is {listed(known, ' or ')}"
