"""Rules for static routes, BFD peers and HA VIPs. Each check yields what is wrong; none of them writes."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network

from nsx_lab.manager.nsx.rules.addresses import Network, address
from nsx_lab.manager.nsx.rules.finding import Finding, When
from nsx_lab.manager.nsx.rules.gateway import Gateway
from nsx_lab.manager.store import errors
from nsx_lab.manager.store.ledger import Evidence, claim, not_modelled
from nsx_lab.manager.store.store import Object

claim(
    "the network of a static route is a CIDR block without host bits",
    Evidence.DOC,
    "StaticRoutes.network in vcf-nsx model_client.py ('in CIDR format'); host bits: terraform-provider-nsxt refuses them. The code is the lab's",
    "test_route_rules.py::test_network_is_a_block",
)
claim(
    "next hop of another address family than the network, and a next hop that is the gateway's own address: refused",
    Evidence.ASSUMPTION,
    "no source",
    "test_route_rules.py::test_next_hop_fits_the_network",
)
claim(
    "a next hop without an address is taken (a NULL route)",
    Evidence.ISSUE,
    "terraform-provider-nsxt #604",
    "test_route_rules.py::test_null_route_is_taken",
)
claim(
    "the scope of a next hop is an interface of the same gateway",
    Evidence.DOC,
    "RouterNexthop.scope in vcf-nsx model_client.py. That another gateway's is refused, and the code, are assumptions",
    "test_route_rules.py::test_scope_of_a_next_hop",
)
claim(
    "BFD peers and their sources are IPv4 addresses; IPv6 is refused on every profile",
    Evidence.ASSUMPTION,
    "terraform-provider-nsxt 3.11.1 takes IPv4 only; the 9.1 specification takes both (StaticRouteBfdPeer.peer_address), from which version on is not known",
    "test_route_rules.py::test_bfd_peer_is_ipv4",
)
claim(
    "a second BFD peer of one address on a Tier-0: refused",
    Evidence.SPEC,
    "NSX 9.1 API specification, StaticRouteBfdPeer.peer_address: 'Only a single BFD config per peer address is allowed'. The code is the lab's",
    "test_route_rules.py::test_second_bfd_peer_of_one_address_is_refused",
)
claim(
    "a SERVICE interface on an ACTIVE_ACTIVE Tier-0 is taken, with an edge_path or without",
    Evidence.SPEC,
    "NSX 9.1 API specification, Tier0Interface.edge_path: 'Edge path is required for service interface when tier0 is in ACTIVE_ACTIVE ha_mode'. So the API knows such "
    "interfaces, though the 9.0 guide lists them for active-standby only; that edge_path is required is not enforced here",
    "test_route_rules.py::test_service_interface_on_active_active_is_taken",
)
claim(
    "an HA VIP on an ACTIVE_ACTIVE Tier-0: refused",
    Evidence.DOC,
    "NSX admin guide: HA VIP needs active-standby. The code is the lab's",
    "test_route_rules.py::test_ha_vip_needs_active_standby",
)
not_modelled(
    "static routes: whether a next hop can be reached",
    "never checked at intent, as far as known; the routing table shows what resolves",
)
not_modelled("static routes: two routes for one network", "accepted; both are in the routing table")


def check_route(route: Object, gateway: Gateway) -> Iterator[Finding]:
    """Everything wrong with a static route."""
    try:
        network = _block(route["network"])
    except ValueError as error:
        yield Finding(errors.CODE_NEXT_HOP, f"network: {error}.", When.REFUSE)
        return
    own = {str(ip): interface["path"] for ip, _, interface in gateway.addresses}
    for hop in route["next_hops"]:
        yield from _hop(hop, network.version, own, route["network"])
        yield from _hop_scope(hop, gateway)


def _block(text: str) -> Network:
    if "/" not in text:
        raise ValueError(f"{text!r} is no block: a length is missing")
    return ip_network(text)


def _hop(hop: Object, version: int, own: dict[str, str], network: str) -> Iterator[Finding]:
    text = hop.get("ip_address")
    if not text:
        return
    try:
        ip = address(text)
    except ValueError as error:
        yield Finding(errors.CODE_NEXT_HOP, f"next hop: {error}.", When.REFUSE)
        return
    if ip.version != version:
        yield Finding(errors.CODE_FAMILY, f"next hop {ip} is not of the address family of {network}.")
    if str(ip) in own:
        yield Finding(errors.CODE_NEXT_HOP, f"next hop {ip} is the gateway's own address on {own[str(ip)]}.")


def _hop_scope(hop: Object, gateway: Gateway) -> Iterator[Finding]:
    for path in hop.get("scope") or []:
        if "/interfaces/" in path and not path.startswith(gateway.path + "/"):
            yield Finding(errors.CODE_SCOPE, f"scope {path} is not an interface of {gateway.path}.")


def check_bfd_peer(peer: Object, gateway: Gateway) -> Iterator[Finding]:
    """Everything wrong with a BFD peer."""
    for text in (peer["peer_address"], *(peer.get("source_addresses") or [])):
        try:
            version = address(text).version
        except ValueError as error:
            yield Finding(errors.CODE_FAMILY, f"BFD peer: {error}.", When.REFUSE)
            continue
        if version != 4:
            yield Finding(errors.CODE_FAMILY, f"BFD peer: {text} is not an IPv4 address.", When.REFUSE)
    same = gateway.bfd_peers.get(peer["peer_address"], [])
    twin = [one["path"] for one in same if one["path"] != peer["path"]]
    if twin:
        yield Finding(errors.CODE_NEXT_HOP, f"BFD peer: {peer['peer_address']} is the peer of {twin[0]} already.")


def check_locale_services(services: Object, gateway: Gateway) -> Iterator[Finding]:
    """HA VIPs of a Tier-0."""
    if services.get("ha_vip_configs") and gateway.is_tier0 and gateway.ha_mode == "ACTIVE_ACTIVE":
        yield Finding(errors.CODE_ROUTER_MODE, f"HA VIP needs active-standby mode; {gateway.path} is ACTIVE_ACTIVE.")
