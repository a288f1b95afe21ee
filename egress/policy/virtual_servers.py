"""The virtual servers of load balancers in a set of Policy objects: the addresses that really answer. Typed once, here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any

from egress.policy.paths import Collection, child, last
from egress.policy.tree import Json, PolicyObjects, children
from egress.vocabulary import INFRA

API_PORTS = (6443, 443)
"""Where the Kubernetes API of a Supervisor or cluster answers; it is asked first."""


@dataclass(frozen=True)
class VirtualServer:
    """A service on a load balancer of the Tier-1 whose id is `tier1`. `port`: the first one, where there are several."""

    name: str
    tier1: str
    address: IPv4Address
    port: int


def virtual_servers(objects: PolicyObjects) -> tuple[VirtualServer, ...]:
    """The enabled ones with an IPv4 address, the API's port first, each address and port once. One that cannot be read is left out."""
    found = {(one.address, one.port): one for one in _read(objects)}
    return tuple(sorted(found.values(), key=_first))


def _read(objects: PolicyObjects) -> Iterator[VirtualServer]:
    for path, body in children(objects, INFRA, Collection.LB_VIRTUAL_SERVERS):
        service = objects.get(str(body.get("lb_service_path")), {})
        gateway = str(service.get("connectivity_path") or "")
        if body.get("enabled", True) and gateway.startswith(child(INFRA, Collection.TIER1S, "")):
            try:
                address = IPv4Address(str(body["ip_address"]))
                yield VirtualServer(_name(path, body), last(gateway), address, _port(body["ports"]))
            except (ValueError, TypeError, KeyError, IndexError):
                continue


def _name(path: str, body: Json) -> str:
    return str(body.get("display_name") or last(path))


def _port(ports: Any) -> int:
    return int(str(ports[0]).split("-")[0])


def _first(server: VirtualServer) -> tuple[int, IPv4Address, int]:
    order = API_PORTS.index(server.port) if server.port in API_PORTS else len(API_PORTS)
    return order, server.address, server.port
