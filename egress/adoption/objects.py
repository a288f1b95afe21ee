"""The two sides of a match: an object that the domain file makes, and one that stands on the manager."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from ipaddress import collapse_addresses
from typing import TypeAlias

from egress.domain import WorkloadDomain
from egress.domain.addresses import Network, as_network
from egress.domain.base import Named
from egress.domain.fields import listed, quoted
from egress.policy import paths
from egress.policy.fields import network_parts, networks_of
from egress.policy.owned import BFD, BfdPeer, NatRule, NoSnatRule, Route, owned
from egress.policy.paths import Collection, Section, is_bfd_peer, is_nat_rule, is_static_route, last
from egress.policy.tree import Json, PolicyObjects, children
from egress.vocabulary import ANYWHERE, TITLES, NatAction

Made: TypeAlias = Route | NatRule | NoSnatRule | BfdPeer
At: TypeAlias = tuple[str, ...]
CHANGE_FIRST = "change it in NSX first"
"""The remedy for what an import would change: it is somebody's decision, and not the stack's."""


@dataclass(frozen=True)
class Own:
    """An object that the file makes. at: where it stands there. path, body: under the id that the file gives it, and as the stack would
    write it. entry: what the file says of its identity, None for a BFD peer."""

    at: At
    title: str
    made: Made
    path: str
    body: Json
    entry: Named | None


@dataclass(frozen=True)
class Theirs:
    """An object on the manager."""

    path: str
    body: Json

    def __str__(self) -> str:
        """As `rule 'sup out' (id 7f3c)`."""
        name = str(self.body.get("display_name") or last(self.path))
        return f"{self.kind} {quoted(name)}" + (f" (id {quoted(last(self.path))})" if name != last(self.path) else "")

    @property
    def kind(self) -> str:
        return "rule" if is_nat_rule(self.path) else "static route" if is_static_route(self.path) else "BFD peer"

    @property
    def section(self) -> str:
        """NAT section of a rule."""
        return last(self.path.rsplit("/", 2)[0])

    @property
    def action(self) -> str:
        return str(self.body.get("action") or "")

    @property
    def enabled(self) -> bool:
        return self.body.get("enabled") is not False

    @property
    def priority(self) -> int:
        given = self.body.get("sequence_number")
        return given if isinstance(given, int) else 0

    @cached_property
    def sources(self) -> tuple[Network, ...] | None:
        """Networks of the source, empty for any; None where they cannot be read."""
        return networks(self.body.get("source_network"))

    @cached_property
    def destinations(self) -> tuple[Network, ...] | None:
        """Networks of the destination, likewise."""
        return networks(self.body.get("destination_network"))

    @cached_property
    def translated(self) -> tuple[Network, ...] | None:
        """Networks that the source becomes, likewise."""
        return networks(self.body.get("translated_network"))

    def names_several(self, field: str) -> bool:
        """Whether a field of a rule is a list or a range."""
        return bool(set(str(self.body.get(field) or "")) & {",", "-"})

    @property
    def hops(self) -> tuple[str, ...]:
        """Addresses of a route's next hops, in their order; an empty text drops."""
        given = self.body.get("next_hops")
        hops = [hop for hop in given if isinstance(hop, dict)] if isinstance(given, list) else []
        return tuple(str(hop.get("ip_address") or "") for hop in hops)

    @property
    def does(self) -> str:
        """What it does, in network words."""
        if is_static_route(self.path):
            return f"{self.body.get('network')} via {listed([hop or 'nothing, dropped' for hop in self.hops]) or 'nothing'}"
        if not is_nat_rule(self.path):
            return f"watches {self.body.get('peer_address')}"
        source = str(self.body.get("source_network") or "any source")
        towards = f" towards {self.body['destination_network']}" if self.body.get("destination_network") else ""
        becomes = f" -> {self.body['translated_network']}" if self.body.get("translated_network") else ""
        service = f", service {last(str(self.body['service']))}" if self.body.get("service") else ""
        disabled = "" if self.enabled else ", disabled"
        return f"{self.action} {source}{becomes}{towards}{service}, priority {self.priority}, section {self.section}{disabled}"


class Standing:
    """What stands on a gateway, by what it is for: asking takes as long for many of them as for few."""

    def __init__(self, theirs: Sequence[Theirs]) -> None:
        self.all = tuple(theirs)
        self.by_path = {one.path: one for one in self.all}
        self.lists: list[Theirs] = []
        self._rules: dict[object, list[Theirs]] = {}
        self._routes: dict[object, list[Theirs]] = {}
        self._peers: dict[str, list[Theirs]] = {}
        for one in self.all:
            if is_static_route(one.path):
                if one.body.get("network"):
                    self._routes.setdefault(networks(one.body["network"]), []).append(one)
            elif is_bfd_peer(one.path):
                self._peers.setdefault(str(one.body.get("peer_address")), []).append(one)
            else:
                self._rules.setdefault((one.sources, one.destinations), []).append(one)
                if one.enabled and (one.names_several("source_network") or one.names_several("destination_network")):
                    self.lists.append(one)

    def rules(self, sources: tuple[Network, ...], destinations: tuple[Network, ...]) -> list[Theirs]:
        """Rules for exactly these packets, whatever they do with them."""
        return self._rules.get((sources, destinations), [])

    def routes(self, network: Network) -> list[Theirs]:
        """Routes to a network."""
        return self._routes.get(() if network == ANYWHERE else (network,), [])

    def peers(self, address: object) -> list[Theirs]:
        """BFD peers that watch an address."""
        return self._peers.get(str(address), [])


def networks(value: object) -> tuple[Network, ...] | None:
    """The networks of a field of a rule, joined where they lie side by side; empty for any. Host bits, ranges and blanks are read as what
    they mean; None where that cannot be said."""
    found: list[Network] = []
    try:
        for part in network_parts(value):
            found += networks_of(part)
    except ValueError:
        return None
    if any(one == ANYWHERE for one in found):
        return ()
    return tuple(sorted(_joined(found), key=str))


def _joined(found: list[Network]) -> Iterator[Network]:
    for version in (4, 6):
        yield from collapse_addresses([one for one in found if one.version == version])  # type: ignore[type-var]


def own_objects(domain: WorkloadDomain, gateway: str) -> tuple[Own, ...]:
    """What the file makes below the Tier-0 whose path is `gateway`: routes, BFD peers, rules."""
    made, found = owned(domain), []
    bodies = made.objects(gateway)
    for route in made.routes:
        path = paths.static_route(gateway, route.identity.nsx_id)
        found.append(Own(route.at, _route_title(route), route, path, bodies[path], _entry(domain, route.at)))
    for peer in made.bfd_peers:
        path = paths.bfd_peer(gateway, peer.identity.nsx_id)
        found.append(Own(BFD, f"BFD peer {peer.peer}", peer, path, bodies[path], None))
    rules: tuple[NatRule | NoSnatRule, ...] = (*made.rules, *made.exceptions)
    for rule in rules:
        path = paths.nat_rule(gateway, rule.identity.nsx_id)
        found.append(Own(rule.at, _rule_title(rule), rule, path, bodies[path], _entry(domain, rule.at)))
    return tuple(found)


def their_objects(objects: PolicyObjects, gateway: str) -> Standing:
    """Routes, BFD peers and NAT rules of every section below a Tier-0. What is marked for deletion is as good as gone."""
    peers = paths.collection(gateway, Collection.STATIC_ROUTES)
    found = [*children(objects, gateway, Collection.STATIC_ROUTES)]
    found += children(objects, peers, Collection.BFD_PEERS)
    for section in Section:
        found += children(objects, paths.nat_section(gateway, section), Collection.NAT_RULES)
    return Standing([Theirs(path, body) for path, body in found if body.get("marked_for_delete") is not True])


def _entry(domain: WorkloadDomain, at: At) -> Named | None:
    match at:
        case ("default_route",):
            return domain.default_route
        case ("default_route", "ipv6"):
            return domain.default_route.ipv6
        case ("routes", key):
            return domain.routes[key]
        case ("egress", "exceptions", key):
            return domain.egress.exceptions[key]
    return domain.egress.mappings[at[-1]]


def _route_title(route: Route) -> str:
    hops = listed([hop.address for hop in route.next_hops])
    name = f"route {route.key}" if route.key else "default route" if route.ip_version == 4 else "IPv6 default route"
    return f"{name}, {route.network} {f'via {hops}' if hops else 'dropped'}"


def _rule_title(rule: NatRule | NoSnatRule) -> str:
    source = "any source" if rule.source == ANYWHERE else str(rule.source)
    towards = f" towards {rule.destination}" if rule.destination is not None else ""
    if isinstance(rule, NoSnatRule):
        return f"exception {rule.key}, {NatAction.NO_SNAT} {source}{towards}"
    return f"{TITLES.get(rule.key, rule.key)}, {rule.action} {source} -> {rule.translated}{towards}"


def single_network(value: object) -> tuple[Network, ...]:
    """The network of one of our own fields as `networks` gives theirs; empty for any."""
    return () if value is None or value == ANYWHERE else (as_network(value),)  # type: ignore[arg-type]
