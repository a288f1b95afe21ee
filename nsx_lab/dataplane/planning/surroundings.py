"""The world around the gateways: the section `world` of a world file (docs/world.md). Pure; unknown keys are errors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from nsx_lab.dataplane.errors import WorldError
from nsx_lab.dataplane.planning.networks import (
    Address,
    Interface,
    Network,
    inside,
    read_address,
    read_interface,
    read_network,
)
from nsx_lab.shape import Shape, integer, text

Json = Mapping[str, Any]

_TEXTS = {"type": "array", "items": {"type": "string"}}


def _list_of(**keys: Any) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "object", "properties": keys}}


_NAME = text(minLength=1)
_ROUTES = _list_of(to=text(), via=_TEXTS)
_PORT = integer(1, 65535)
FORM = Shape(
    {
        "segments": {"type": "object", "additionalProperties": _TEXTS},
        "hosts": _list_of(name=_NAME, addresses=_TEXTS, gateway=_TEXTS, routes=_ROUTES),
        "routers": _list_of(name=_NAME, interfaces=_list_of(name=_NAME, addresses=_TEXTS), routes=_ROUTES),
        "tier1": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "properties": {
                    "pods": _list_of(name=_NAME, addresses=_TEXTS),
                    "snat": _list_of(source=text(), translated=text()),
                    "lb": _list_of(address=text(), port=_PORT, member=text(), member_port=_PORT),
                    "advertise": _TEXTS,
                },
            },
        },
        "down": _TEXTS,
        "active": {"type": "object", "additionalProperties": text()},
    },
    others=True,
)
"""Types of the values; which keys are known, and which must be there, is said where each is read."""


@dataclass(frozen=True)
class HostRoute:
    to: Network
    via: tuple[Address, ...]


@dataclass(frozen=True)
class Host:
    """A host; a pod is one whose gateway is its Tier-1."""

    name: str
    addresses: tuple[Interface, ...]
    routes: tuple[HostRoute, ...]


@dataclass(frozen=True)
class RouterInterface:
    name: str
    addresses: tuple[Interface, ...]
    strict: bool


@dataclass(frozen=True)
class Router:
    name: str
    interfaces: tuple[RouterInterface, ...]
    routes: tuple[HostRoute, ...]


@dataclass(frozen=True)
class Pod:
    name: str
    addresses: tuple[Interface, ...]


@dataclass(frozen=True)
class Snat:
    source: Network
    translated: Network


@dataclass(frozen=True)
class Balancer:
    address: Address
    protocol: str
    port: int
    member: Address
    member_port: int


@dataclass(frozen=True)
class Tier1:
    """What hangs behind a Tier-1, and its own stateful NAT."""

    pods: tuple[Pod, ...]
    snat: tuple[Snat, ...]
    lb: tuple[Balancer, ...]
    advertise: tuple[Network, ...]


@dataclass(frozen=True)
class Surroundings:
    segments: Mapping[str, tuple[Network, ...]]
    hosts: tuple[Host, ...]
    routers: tuple[Router, ...]
    tier1: Mapping[str, Tier1]
    down: frozenset[str]
    active: Mapping[str, str]

    def segment_of(self, address: Address) -> str | None:
        """The broadcast domain that an interface with this address joins."""
        for name, prefixes in self.segments.items():
            if inside(address, prefixes):
                return name
        return None


def read(world: Json) -> Surroundings:
    """Errors: WorldError with the place and what is allowed."""
    try:
        FORM.check(world)
    except ValueError as error:
        raise WorldError(f"world: {error}") from error
    _keys(world, "world", {"segments", "hosts", "routers", "tier1", "down", "active"}, {"segments"})
    segments = {
        str(name): tuple(read_network(prefix, f"world.segments.{name}") for prefix in prefixes)
        for name, prefixes in world["segments"].items()
    }
    surroundings = Surroundings(
        segments=segments,
        hosts=tuple(_host(body, f"world.hosts[{index}]") for index, body in enumerate(world.get("hosts", ()))),
        routers=tuple(_router(body, f"world.routers[{index}]") for index, body in enumerate(world.get("routers", ()))),
        tier1={str(name): _tier1(body, f"world.tier1.{name}") for name, body in world.get("tier1", {}).items()},
        down=frozenset(map(str, world.get("down", ()))),
        active={str(gateway): str(edge) for gateway, edge in world.get("active", {}).items()},
    )
    _unique(surroundings)
    return surroundings


def _keys(body: Json, where: str, allowed: set[str], required: set[str]) -> None:
    unknown = sorted(set(body) - allowed)
    if unknown:
        raise WorldError(f"{where}: unknown key {unknown[0]!r}, allowed are {', '.join(sorted(allowed))}")
    missing = sorted(required - set(body))
    if missing:
        raise WorldError(f"{where}: {missing[0]!r} is missing")


def _unique(surroundings: Surroundings) -> None:
    names = [host.name for host in surroundings.hosts] + [router.name for router in surroundings.routers]
    names += [pod.name for tier1 in surroundings.tier1.values() for pod in tier1.pods]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise WorldError(f"world: two nodes are called {twice[0]!r}; names of hosts, routers and pods are unique")


def _host(body: Json, where: str) -> Host:
    _keys(body, where, {"name", "addresses", "gateway", "routes"}, {"name", "addresses"})
    gateways = [read_address(gateway, f"{where}.gateway") for gateway in body.get("gateway", ())]
    defaults = [HostRoute(read_network("0.0.0.0/0" if one.version == 4 else "::/0", where), (one,)) for one in gateways]
    return Host(
        str(body["name"]), _addresses(body["addresses"], where), (*defaults, *_routes(body.get("routes", ()), where))
    )


def _router(body: Json, where: str) -> Router:
    _keys(body, where, {"name", "interfaces", "routes"}, {"name", "interfaces"})
    interfaces = []
    for index, one in enumerate(body["interfaces"]):
        place = f"{where}.interfaces[{index}]"
        _keys(one, place, {"name", "addresses", "urpf"}, {"addresses"})
        urpf = one.get("urpf", "NONE")
        if urpf not in ("NONE", "STRICT"):
            raise WorldError(f"{place}: urpf {urpf!r}, allowed are NONE, STRICT")
        interfaces.append(
            RouterInterface(str(one.get("name", f"eth{index}")), _addresses(one["addresses"], place), urpf == "STRICT")
        )
    return Router(str(body["name"]), tuple(interfaces), _routes(body.get("routes", ()), where))


def _addresses(texts: Iterable[object], where: str) -> tuple[Interface, ...]:
    return tuple(read_interface(text, f"{where}.addresses") for text in texts)


def _routes(bodies: Iterable[Json], where: str) -> tuple[HostRoute, ...]:
    found = []
    for index, body in enumerate(bodies):
        place = f"{where}.routes[{index}]"
        _keys(body, place, {"to", "via"}, {"to", "via"})
        found.append(HostRoute(read_network(body["to"], place), tuple(read_address(via, place) for via in body["via"])))
    return tuple(found)


def _tier1(body: Json, where: str) -> Tier1:
    _keys(body, where, {"pods", "snat", "lb", "advertise"}, set())
    pods = []
    for index, pod in enumerate(body.get("pods", ())):
        place = f"{where}.pods[{index}]"
        _keys(pod, place, {"name", "addresses"}, {"name", "addresses"})
        pods.append(Pod(str(pod["name"]), _addresses(pod["addresses"], place)))
    snat = []
    for index, rule in enumerate(body.get("snat", ())):
        place = f"{where}.snat[{index}]"
        _keys(rule, place, {"source", "translated"}, {"source", "translated"})
        snat.append(Snat(read_network(rule["source"], place), read_network(rule["translated"], place)))
    balancers = [_balancer(one, f"{where}.lb[{index}]") for index, one in enumerate(body.get("lb", ()))]
    advertise = [read_network(prefix, f"{where}.advertise") for prefix in body.get("advertise", ())]
    return Tier1(tuple(pods), tuple(snat), tuple(balancers), tuple(advertise))


def _balancer(body: Json, where: str) -> Balancer:
    keys = {"address", "protocol", "port", "member", "member_port"}
    _keys(body, where, keys, keys)
    if body["protocol"] not in ("tcp", "udp"):
        raise WorldError(f"{where}: protocol {body['protocol']!r}, allowed are tcp, udp")
    return Balancer(
        read_address(body["address"], where),
        str(body["protocol"]),
        body["port"],
        read_address(body["member"], where),
        body["member_port"],
    )
