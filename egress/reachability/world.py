"""Everything around the Tier-0: segments, hosts, routers, what Tier-1s translate and balance. Format: docs/world.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Interface, IPv4Network, IPv6Interface, IPv6Network
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, ValidationError

from egress.domain import EgressError
from egress.domain.adapters import adapter
from egress.domain.addresses import Address, InterfaceAddress
from egress.policy.tree import Json, flatten
from egress.reachability.flow import Flow

FORMAT = "egress-world"
Port = Annotated[int, Field(ge=1, le=65535)]


class _Strict:
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class WorldRoute(_Strict):
    """A route of a host or router; several `via` are ECMP."""

    to: IPv4Network | IPv6Network
    via: tuple[Address, ...]


@dataclass(frozen=True)
class Host(_Strict):
    """A host. `gateway` is short for default routes, one address for each family at most."""

    name: str
    addresses: tuple[IPv4Interface | IPv6Interface, ...]
    gateway: tuple[Address, ...] = ()
    routes: tuple[WorldRoute, ...] = ()


@dataclass(frozen=True)
class RouterInterface(_Strict):
    """An interface of a router."""

    name: str
    addresses: tuple[IPv4Interface | IPv6Interface, ...]
    urpf: Literal["NONE", "STRICT"] = "NONE"


@dataclass(frozen=True)
class Router(_Strict):
    """A router that is not NSX."""

    name: str
    interfaces: tuple[RouterInterface, ...]
    routes: tuple[WorldRoute, ...] = ()


@dataclass(frozen=True)
class Pod(_Strict):
    """A pod behind a Tier-1, which is its default gateway."""

    name: str
    addresses: tuple[IPv4Interface | IPv6Interface, ...]


@dataclass(frozen=True)
class Snat(_Strict):
    """Source translation on a Tier-1: pods to an egress address."""

    source: IPv4Network
    translated: Address


@dataclass(frozen=True)
class Balancer(_Strict):
    """A load balancer on a Tier-1 with one member."""

    address: Address
    port: Port
    member: Address
    member_port: Port
    protocol: Literal["tcp", "udp"] = "tcp"


@dataclass(frozen=True)
class Tier1World(_Strict):
    """What hangs on a Tier-1. `advertise`: further networks that the Tier-0 learns from it."""

    pods: tuple[Pod, ...] = ()
    snat: tuple[Snat, ...] = ()
    lb: tuple[Balancer, ...] = ()
    advertise: tuple[IPv4Network | IPv6Network, ...] = ()


@dataclass(frozen=True)
class World(_Strict):
    """The surroundings of a set of gateways. `down`: edges. `active`: Tier-0 id to its active edge."""

    segments: Mapping[str, tuple[IPv4Network | IPv6Network, ...]]
    hosts: tuple[Host, ...] = ()
    routers: tuple[Router, ...] = ()
    tier1: Mapping[str, Tier1World] = field(default_factory=dict)
    down: frozenset[str] = frozenset()
    active: Mapping[str, str] = field(default_factory=dict)

    def segment_of(self, address: InterfaceAddress) -> str:
        """The segment that an interface address is on. Errors: EgressError when no segment has it."""
        ip = address.ip
        for name, networks in self.segments.items():
            if any(ip in network for network in networks):
                return name
        raise EgressError(
            f"no segment of the world contains {address}: add it to one, there are {sorted(self.segments)}"
        )


@dataclass(frozen=True)
class WorldFile:
    """A whole world file: Policy objects by path, surroundings, flows."""

    objects: Mapping[str, Json]
    world: World
    flows: tuple[Flow, ...]


def read_world(value: Json) -> WorldFile:
    """Reads a world file. Errors: EgressError for another format or version, and for the first value that is wrong."""
    if value.get("format") != FORMAT or value.get("version") != 1:
        raise EgressError(
            f"not a world file: format {value.get('format')!r}, version {value.get('version')!r}, allowed is {FORMAT!r} version 1"
        )
    try:
        world = adapter(World).validate_python(value.get("world"))
        flows = adapter(tuple[Flow, ...]).validate_python([_renamed(flow) for flow in value.get("flows", ())])
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise EgressError(f"the world file is wrong at {where}: {first['msg'].lower()}: {first['input']!r}") from None
    return WorldFile(flatten(value.get("infra", {})), world, flows)


def world_document(infra: Json, world: World) -> Json:
    """The world file of Policy objects in hierarchical form and their surroundings, as `read_world` reads it."""
    return {"format": FORMAT, "version": 1, "infra": infra, "world": adapter(World).dump_python(world, mode="json")}


def _renamed(flow: Any) -> Any:
    return (
        {("origin" if name == "from" else name): part for name, part in flow.items()}
        if isinstance(flow, dict)
        else flow
    )
