"""The static routes of a Tier-0 that are there on one of its edges, with the neighbours that they lead to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from egress.domain.addresses import Address, InterfaceAddress, Network
from egress.policy.gateways import StaticRoute, Tier0Interface
from egress.reachability.topology import Route, RouteHop

_DEEPEST = 8
"""So many static routes are followed for one next hop: more is taken for a circle."""


class StaticRoutes:
    """The static routes that are there on an SR. A next hop counts if it lies in a connected network (of the interfaces in its scope), or,
    without a scope, if the most specific other static route leads to it (VCF 9.0, Configure a Static Route). A default route leads to none."""

    def __init__(
        self,
        routes: Iterable[StaticRoute],
        mine: Sequence[Tier0Interface],
        vips: Mapping[str, tuple[InterfaceAddress, ...]],
    ) -> None:
        self._mine = [(one, (*one.addresses, *vips.get(one.path, ()))) for one in mine]
        self._by_network: dict[Network, StaticRoute] = {}
        for route in routes:
            known = self._by_network.setdefault(route.network, route)
            if known is not route:  # several objects for one network are one route with all the next hops
                hops = (*known.next_hops, *route.next_hops)
                self._by_network[route.network] = replace(known, next_hops=hops)

    def routes(self) -> Iterator[Route]:
        for network, route in self._by_network.items():
            hops = self._hops(route, frozenset({network}))
            if hops is not None:
                yield Route(network, hops, route.path)

    def _hops(self, route: StaticRoute, used: frozenset[Network]) -> tuple[RouteHop, ...] | None:
        """Of the next hops that count, those with the lowest distance; () discards, None if there is none."""
        usable: list[tuple[int, tuple[RouteHop, ...]]] = []
        for hop in route.next_hops:
            found = () if hop.address is None else self._ways(hop.address, hop.scope, used)
            if found is not None:
                usable.append((hop.distance, found))
        if not usable:
            return None
        best = min(distance for distance, _ in usable)
        return tuple(dict.fromkeys(one for distance, hops in usable if distance == best for one in hops))

    def _ways(self, address: Address, scope: frozenset[str], used: frozenset[Network]) -> tuple[RouteHop, ...] | None:
        for one, addresses in self._mine:
            if any(address in own.network for own in addresses) and (not scope or one.path in scope):
                return (RouteHop(one.name, address),)
        if scope or len(used) > _DEEPEST:
            return None
        around = [network for network in self._by_network if address in network and network.prefixlen]
        network = max(around, key=lambda network: network.prefixlen, default=None)
        if network is None or network in used:
            return None
        return self._hops(self._by_network[network], used | {network})
