"""Routing and forwarding tables of a Tier-0, from what is realized."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from nsx_lab.manager.nsx.rules.addresses import Network, readable
from nsx_lab.manager.nsx.rules.gateway import Gateway
from nsx_lab.manager.store.ledger import Evidence, claim, not_modelled
from nsx_lab.manager.store.store import Object, Transaction

claim(
    "routing-table and forwarding-table answer one table per edge node, from the realized configuration; route types t0c, t0s, t1c, t1n",
    Evidence.SPEC,
    "vcf-nsx RoutingTable, RoutingEntry; type words: NSX edge CLI, 'get route' (doc)",
    "test_routing.py::test_default_route_is_in_the_table_of_each_edge",
)
claim(
    "a static route is in the table of an edge only if its next hop lies in a network of one of that edge's interfaces",
    Evidence.ASSUMPTION,
    "as routers do; recursive next hops are not followed",
    "test_routing.py::test_unreachable_next_hop_is_not_in_the_table",
)
claim(
    "the forwarding table holds the routes of least distance per network, several of them as ECMP",
    Evidence.DOC,
    "NSX admin guide, Tier-0 static routes: equal admin distances are ECMP, different ones are floating",
    "test_routing.py::test_floating_route_is_not_forwarded",
)
claim(
    "a Tier-1 that advertises TIER1_LB_VIP has a route t1l for each virtual server of the load balancers connected to it",
    Evidence.SPEC,
    "vcf-nsx Tier1.route_advertisement_types (TIER1_LB_VIP: advertise all load balancer VIPs), LBService.connectivity_path; the word t1l: NSX edge CLI (doc)",
    "test_live_reader.py::test_virtual_servers_are_read_and_routed",
)
claim(
    "advertised networks of Tier-1 gateways have distance 3",
    Evidence.DOC,
    "NSX edge CLI samples ('t1n> * 30.0.0.5/32 [3/0]'); not checked on a manager",
    "test_routing.py::test_advertised_nat_of_a_tier1",
)
not_modelled(
    "routing: BGP, OSPF, redistribution, inter-SR routes, route maps",
    "the table holds connected, static and Tier-1 routes only",
)
claim(
    "a static route loses the next hop whose BFD peer is down; an edge that is down has no table",
    Evidence.DOC,
    "NSX administration guide, BFD for static routes: the route is withdrawn while the session is down. That a table is missing, not empty, is an assumption",
    "test_routing.py::test_next_hop_whose_bfd_peer_is_down_is_not_in_the_table",
)
claim(
    "number-of-routes counts the networks of the fullest table by address family",
    Evidence.SPEC,
    "NSX 9.1 API specification, Tier0NumberOfRoutesResult; of which edge it speaks is an assumption",
    "test_routing.py::test_number_of_routes",
)
not_modelled(
    "routing: BFD sessions by themselves",
    "a peer is down if somebody says so (POST /_lab/runtime), never because nobody answers",
)

SOURCES = {"CONNECTED": ("t0c", "t1c"), "STATIC": ("t0s",)}
_TIER1_DISTANCE = 3


@dataclass(frozen=True, slots=True)
class Route:
    """One way to a network. `next_hop` "" is a connected or, with `black_hole`, a discarded network."""

    network: Network
    kind: str
    distance: int
    next_hop: str = ""
    interface: str = ""
    black_hole: bool = False

    def entry(self) -> dict[str, Any]:
        """A RoutingEntry."""
        found = {
            "route_type": self.kind,
            "network": str(self.network),
            "admin_distance": self.distance,
            "next_hop": self.next_hop,
            "interface": self.interface,
            "black_hole": self.black_hole,
            "lr_component_type": "SERVICE_ROUTER_TIER0",
        }
        return {key: value for key, value in found.items() if value not in ("", False)}


def tables(
    realized: Transaction, gateway_path: str, *, forwarding: bool, down: Iterable[str] = ()
) -> list[dict[str, Any]]:
    """RoutingTable objects of a Tier-0, one per edge node that is up. `down`: paths of edge nodes and BFD peers that are not."""
    gateway, gone = Gateway(realized, gateway_path), set(down)
    silent = _silent(gateway, gone)
    up = [edge for edge in edges(gateway) if edge not in gone]
    return [_table(edge, routes(gateway, edge, silent), forwarding) for edge in up]


def _silent(gateway: Gateway, gone: set[str]) -> set[str]:
    """Addresses of the BFD peers that are down. A disabled peer watches nothing."""
    peers = gateway.tx.children(gateway.path, "StaticRouteBfdPeer")
    return {str(peer.get("peer_address")) for peer in peers if peer["path"] in gone and peer.get("enabled", True)}


def _table(edge: str, found: Iterable[Route], forwarding: bool) -> dict[str, Any]:
    chosen = best(found) if forwarding else list(found)
    ordered = sorted(chosen, key=lambda route: (route.network.version, route.network, route.distance, route.next_hop))
    return {
        "edge_node": edge,
        "count": len(ordered),
        "status": "SUCCESS",
        "route_entries": [route.entry() for route in ordered],
    }


def edges(gateway: Gateway) -> list[str]:
    """Paths of the edge nodes that carry interfaces of the gateway."""
    return sorted({interface["edge_path"] for interface in gateway.interfaces if interface.get("edge_path")})


def routes(gateway: Gateway, edge: str, silent: Collection[str] = ()) -> list[Route]:
    """All routes of the gateway on one edge node, without next hops that are `silent` (their BFD peer is down)."""
    connected = list(_connected(gateway, edge))
    return [*connected, *_static(gateway, connected, silent), *_tier1(gateway)]


def best(found: Iterable[Route]) -> list[Route]:
    """The routes of least distance per network."""
    least: dict[Network, int] = {}
    everything = list(found)
    for route in everything:
        least[route.network] = min(route.distance, least.get(route.network, 256))
    return [route for route in everything if route.distance == least[route.network]]


def _connected(gateway: Gateway, edge: str) -> Iterator[Route]:
    for _, network, interface in gateway.addresses:
        if interface.get("edge_path") in (None, "", edge):
            yield Route(network, "t0c", 0, interface=interface["path"])
    for network, segment in gateway.segments:
        if segment.get("connectivity_path") == gateway.path:
            yield Route(network, "t0c", 0, interface=segment["path"])


def _static(gateway: Gateway, connected: list[Route], silent: Collection[str]) -> Iterator[Route]:
    for static in gateway.static_routes():
        for network in readable(static.get("network") or ""):
            for hop in static.get("next_hops") or []:
                yield from _hop(network, hop, connected, silent)


def _hop(network: Network, hop: Object, connected: list[Route], silent: Collection[str]) -> Iterator[Route]:
    distance, via = int(hop.get("admin_distance", 1)), hop.get("ip_address")
    if not via:
        yield Route(network, "t0s", distance, black_hole=True)
    elif via not in silent:
        way = _way_to(via, connected, hop.get("scope") or [])
        if way is not None:
            yield replace(way, network=network, kind="t0s", distance=distance, next_hop=via)


def _way_to(via: str, connected: list[Route], scope: list[str]) -> Route | None:
    usable = [route for route in connected if not scope or route.interface in scope]
    return next((route for ip in readable(via)[:1] for route in usable if _holds(route.network, ip)), None)


def _holds(network: Network, other: Network) -> bool:
    return network.version == other.version and other[0] in network


def _tier1(gateway: Gateway) -> Iterator[Route]:
    for tier1 in gateway.tier1s:
        advertised = set(tier1.get("route_advertisement_types") or [])
        below = Gateway(gateway.tx, tier1["path"])
        if "TIER1_CONNECTED" in advertised:
            for network, _ in below.segments:
                yield Route(network, "t1c", _TIER1_DISTANCE, interface=tier1["path"])
        if "TIER1_LB_VIP" in advertised:
            for server in below.virtual_servers():
                for network in readable(server.get("ip_address") or ""):
                    yield Route(network, "t1l", _TIER1_DISTANCE, interface=tier1["path"])
        if "TIER1_NAT" in advertised:
            for rule in below.nat_rules():
                if (
                    rule.get("enabled", True)
                    and rule.get("translated_network")
                    and rule["action"] in ("SNAT", "REFLEXIVE")
                ):
                    for network in readable(rule["translated_network"]):
                        yield Route(network, "t1n", _TIER1_DISTANCE, interface=tier1["path"])
