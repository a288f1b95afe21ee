"""Addresses that somebody has, as far as files and managers tell: none of them is ever proposed as a translated address.

What stands on the wire beside the gateway, another host of the uplink's VLAN say, no file and no manager knows: that is for a person to
confirm.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Interface, IPv4Network, ip_interface, ip_network, summarize_address_range
from typing import Any

from egress.domain import WorkloadDomain
from egress.domain.addresses import Coverage, as_network
from egress.inventory.senders import EgressAddress
from egress.policy.owned import owned
from egress.policy.tree import Json, PolicyObjects

__all__ = ["Taken", "taken"]

_HOST_KEYS = ("ip_address", "peer_address", "neighbor_address", "next_hop")
"""Keys of NSX objects whose value is one address: virtual servers and next hops, BFD peers, BGP neighbours (NSX Policy API)."""
_LISTS = ("next_hops", "ha_vip_configs", "vip_subnets", "subnets")
_DNAT = "DNAT"


class Taken:
    """Networks whose addresses somebody has, laid together."""

    def __init__(self, networks: Iterable[IPv4Network]) -> None:
        self._networks = Coverage(networks)

    def meets(self, network: IPv4Network) -> bool:
        """Whether somebody has an address of a network."""
        return self.count(network) > 0

    def count(self, network: IPv4Network) -> int:
        """How many addresses of a network somebody has."""
        return self._networks.count(network)


def taken(domains: Iterable[WorkloadDomain], objects: PolicyObjects, addresses: Iterable[EgressAddress]) -> Taken:
    """What all domain files, objects of managers and egress addresses take."""
    found = [network for domain in domains for network in _by_file(domain)]
    found += [network for body in objects.values() for network in _by_object(body)]
    return Taken([*found, *(one.network for one in addresses)])


def _by_file(domain: WorkloadDomain) -> Iterator[IPv4Network]:
    """Addresses of the gateway, its routers, DNS servers; translated addresses; whole ranges, and the ends of the uplinks' subnets."""
    tier0 = domain.tier0
    for uplink in tier0.uplinks:
        yield as_network(uplink.address.ip)
        yield from _ends(uplink.address.network)
    for service in tier0.service_interfaces:
        yield service.address.network
    for vip in tier0.ha_vips:
        yield as_network(vip.address.ip)
    made = owned(domain)
    for route in made.routes:
        yield from (as_network(hop.address) for hop in route.next_hops if hop.address.version == 4)
    for server in domain.dns_addresses:
        if server.version == 4:
            yield as_network(server)
    for back in domain.return_routes:
        yield from (as_network(via) for via in back.via)
    for rule in made.rules:
        yield as_network(rule.translated)
    yield from domain.egress_ranges
    if domain.ingress:
        yield domain.ingress.range
    for tier1 in domain.tier1s.values():
        yield from tier1.networks


def _ends(subnet: IPv4Network) -> Iterator[IPv4Network]:
    """Network and broadcast address, where a subnet has them (RFC 3021: a /31 has none)."""
    if subnet.prefixlen < 31:
        yield as_network(subnet.network_address)
        yield as_network(subnet.broadcast_address)


def _by_object(body: Json) -> Iterator[IPv4Network]:
    """Addresses of one object of a manager. What cannot be read is no address."""
    for key in _HOST_KEYS:
        yield from _networks(body.get(key))
    yield from _networks(body.get("translated_network"))
    if body.get("action") == _DNAT:
        yield from _networks(body.get("destination_network"))
    yield from _interfaces(body)
    for key in _LISTS:
        below = body.get(key)
        for one in below if isinstance(below, list) else ():
            if isinstance(one, dict):
                yield from _by_object(one)


def _interfaces(subnet: Json) -> Iterator[IPv4Network]:
    """Addresses of an interface or HA VIP, and the ends of its subnet; of a segment the whole network."""
    addresses = subnet.get("ip_addresses")
    for address in addresses if isinstance(addresses, list) else ():
        face = _interface(f"{address}/{subnet.get('prefix_len')}")
        if face:
            yield as_network(face.ip)
            yield from _ends(face.network)
    gateway = _interface(subnet.get("gateway_address"))
    if gateway:
        yield gateway.network


def _interface(value: Any) -> IPv4Interface | None:
    try:
        found = ip_interface(str(value)) if value else None
    except ValueError:
        return None
    return found if isinstance(found, IPv4Interface) else None


def _networks(value: Any) -> Iterator[IPv4Network]:
    """The IPv4 networks of a text such as `10.0.0.1,10.0.1.0/24,10.0.2.1-10.0.2.9`, or of a list of such texts."""
    texts = value if isinstance(value, list) else [value]
    for part in (part.strip() for text in texts if isinstance(text, str) for part in text.split(",")):
        try:
            yield from _part(part)
        except (ValueError, TypeError):
            continue


def _part(text: str) -> Iterator[IPv4Network]:
    first, dash, last = text.partition("-")
    begin, end = ip_interface(first.strip()), ip_interface((last if dash else first).strip())
    if not (isinstance(begin, IPv4Interface) and isinstance(end, IPv4Interface)):
        return
    if dash:
        yield from summarize_address_range(begin.ip, end.ip)
    else:
        network = ip_network(text, strict=False)
        if isinstance(network, IPv4Network):
            yield network
