"""What a domain's stack makes below its Tier-0: default routes, their BFD peers, NAT rules. Typed, and as Policy JSON by path.

nsx_ids and priorities are public (docs/architecture.md): a changed id replaces a resource.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network, ip_network
from typing import NamedTuple, TypeAlias

from egress.domain.addresses import Network, as_network
from egress.domain.model import FirewallMatch, Named, NatAction, NextHop, NextHopV6, RouteHop, WorkloadDomain, once
from egress.policy import paths
from egress.policy.paths import Section
from egress.policy.tree import Json
from egress.vocabulary import ANYWHERE, DEFAULT_PRIORITIES, TITLES, Match

EVERYTHING = {4: "0.0.0.0/0", 6: "::/0"}
"""The network of a default route, by address family."""
BFD = ("default_route", "bfd")
"""Where the file says of its BFD peers what they are."""
_ALL: Mapping[int, Network] = {version: ip_network(text) for version, text in EVERYTHING.items()}


class Identity(NamedTuple):
    """What every object has: its id in NSX, the name people see, and tags as scope -> tag."""

    nsx_id: str
    display_name: str
    description: str
    tags: Mapping[str, str]

    def json(self, resource_type: str) -> Json:
        """The identity as every Policy object carries it."""
        tags = [{"scope": scope, "tag": tag} for scope, tag in self.tags.items()]
        body = {"resource_type": resource_type, "id": self.nsx_id, "display_name": self.display_name, "tags": tags}
        return {**body, "description": self.description} if self.description else body


AnyHop: TypeAlias = NextHop | NextHopV6 | RouteHop


class Route(NamedTuple):
    """A static route of one address family: a default route, or a further one. `key`: the name of a further one in the file, `at`: where
    it stands there. Without next hops it discards."""

    key: str | None
    at: tuple[str, ...]
    identity: Identity
    network: Network
    next_hops: tuple[AnyHop, ...]

    @property
    def ip_version(self) -> int:
        """4 or 6."""
        return self.network.version


class BfdPeer(NamedTuple):
    """A BFD peer for one IPv4 next hop. `sources`: uplink addresses that BFD is sent from."""

    identity: Identity
    peer: IPv4Address
    profile: str
    sources: tuple[IPv4Address, ...]
    enabled: bool

    @property
    def profile_path(self) -> str:
        """Policy path of the BFD profile."""
        return paths.bfd_profile(self.profile)


@dataclass(frozen=True)
class OwnedRule:
    """What every NAT rule has. `key`: its name in the file, `at`: where it stands there. `destination` None: any. `scope`: interface ids,
    empty means every interface of the Tier-0."""

    key: str
    at: tuple[str, ...]
    identity: Identity
    source: IPv4Address | IPv4Network
    destination: IPv4Address | IPv4Network | None
    priority: int
    scope: tuple[str, ...]

    @cached_property
    def match(self) -> Match:
        """Which packets it is for."""
        return Match(as_network(self.source), as_network(self.destination or ANYWHERE), self.priority)

    def json(self, gateway: str, locale_service: str) -> Json:
        """What its Policy object says of that."""
        body = {
            **self.identity.json("PolicyNatRule"),
            "sequence_number": self.priority,
            "enabled": True,
            "scope": [paths.interface(gateway, locale_service, name) for name in self.scope],
        }
        if self.source != ANYWHERE:
            body["source_network"] = str(self.source)
        if self.destination is not None:
            body["destination_network"] = str(self.destination)
        return body


@dataclass(frozen=True)
class NatRule(OwnedRule):
    """A rule that translates egress addresses: a mapping. `key`: supervisor, tkg, or the key below `more`."""

    action: NatAction
    translated: IPv4Address | IPv4Network
    firewall_match: FirewallMatch


class NoSnatRule(OwnedRule):
    """A rule that leaves packets as they are: an exception. `key`: its name below `exceptions`."""


@dataclass(frozen=True)
class Owned:
    """Everything that a domain's stack makes. `route` is None where somebody else owns the default route. `further`: the routes beside it,
    in the file's order.

    `rules`: Supervisor, TKG, then the further mappings in the file's order. `exceptions`: in the file's order. `locale_service`: of the
    interfaces they name.
    """

    route: Route | None
    route_v6: Route | None
    further: tuple[Route, ...]
    bfd_peers: tuple[BfdPeer, ...]
    rules: tuple[NatRule, ...]
    exceptions: tuple[NoSnatRule, ...]
    locale_service: str

    @property
    def default_routes(self) -> tuple[Route, ...]:
        """The default routes that there are, IPv4 first."""
        return tuple(route for route in (self.route, self.route_v6) if route)

    @property
    def routes(self) -> tuple[Route, ...]:
        """Every static route, default routes first."""
        return (*self.default_routes, *self.further)

    @property
    def ids(self) -> frozenset[str]:
        """The nsx_ids of all of them."""
        identities = [route.identity for route in self.routes]
        identities += [peer.identity for peer in self.bfd_peers]
        identities += [rule.identity for rule in (*self.rules, *self.exceptions)]
        return frozenset(identity.nsx_id for identity in identities)

    def objects(self, gateway: str) -> dict[str, Json]:
        """The Policy objects by path, below the Tier-0 whose path is `gateway`."""
        found: dict[str, Json] = {}
        for route in self.routes:
            hops = [self._next_hop(gateway, hop) for hop in route.next_hops] or [{"admin_distance": 1}]
            body = {**route.identity.json("StaticRoutes"), "network": str(route.network), "next_hops": hops}
            found[paths.static_route(gateway, route.identity.nsx_id)] = body
        for peer in self.bfd_peers:
            found[paths.bfd_peer(gateway, peer.identity.nsx_id)] = {
                **peer.identity.json("StaticRouteBfdPeer"),
                "peer_address": str(peer.peer),
                "bfd_profile_path": peer.profile_path,
                "source_addresses": [str(source) for source in peer.sources],
                "enabled": peer.enabled,
            }
        if self.rules or self.exceptions:
            found[paths.nat_section(gateway)] = nat_section()
        for rule in self.rules:
            found[paths.nat_rule(gateway, rule.identity.nsx_id)] = {
                **rule.json(gateway, self.locale_service),
                "action": rule.action.value,
                "translated_network": str(rule.translated),
                "firewall_match": rule.firewall_match.value,
            }
        for one in self.exceptions:
            found[paths.nat_rule(gateway, one.identity.nsx_id)] = {
                **one.json(gateway, self.locale_service),
                "action": NatAction.NO_SNAT.value,
                "firewall_match": FirewallMatch.BYPASS.value,
            }
        return found

    def _next_hop(self, gateway: str, hop: AnyHop) -> Json:
        body: Json = {"ip_address": str(hop.address), "admin_distance": hop.admin_distance}
        if hop.interface:
            body["scope"] = [paths.interface(gateway, self.locale_service, hop.interface)]
        return body


@once
def owned(domain: WorkloadDomain) -> Owned:
    """What the domain's stack makes."""
    return Owned(
        route=_route(domain),
        route_v6=_route_v6(domain),
        further=_further(domain),
        bfd_peers=_bfd_peers(domain),
        rules=_rules(domain),
        exceptions=_exceptions(domain),
        locale_service=domain.tier0.locale_service,
    )


def nat_section(section: str = Section.USER) -> Json:
    """The section that NAT rules stand in. NSX has it; a seed or a view may not."""
    return {"resource_type": "PolicyNat", "id": str(section), "nat_type": str(section)}


def default_tags(domain: WorkloadDomain) -> dict[str, str]:
    """Tags of objects whose file entry gives none: they say who owns the object."""
    return {"managed-by": "tier0-egress", "stack": domain.made_as}


def tier1s(domain: WorkloadDomain) -> tuple[str, ...]:
    """Ids of the Tier-1s that the file names. The stack makes none of them."""
    return tuple(domain.tier1s)


def nat_scope(domain: WorkloadDomain) -> tuple[str, ...]:
    """Ids of the interfaces that the NAT rules are applied to; empty means every interface of the Tier-0."""
    applied_to = domain.egress.applied_to
    if applied_to == "everywhere":
        return ()
    if applied_to == "uplinks":
        return tuple(uplink.id for uplink in domain.tier0.uplinks if uplink.nat)
    return applied_to


def outside_nat(domain: WorkloadDomain) -> frozenset[str]:
    """Ids of the interfaces that the NAT rules leave out: what leaves by them keeps its address."""
    scope = nat_scope(domain)
    return frozenset(domain.tier0.interface_ids) - frozenset(scope) if scope else frozenset()


def beside_the_way_out(domain: WorkloadDomain) -> frozenset[str]:
    """Ids of the interfaces that traffic to the outside does not leave by, whatever the rules are applied to: service interfaces, uplinks
    with nat: false, and what NAT rules leave out."""
    own = [interface.id for interface in domain.tier0.service_interfaces]
    own += [uplink.id for uplink in domain.tier0.uplinks if not uplink.nat]
    return outside_nat(domain) | frozenset(own)


def _identity(domain: WorkloadDomain, named: Named, suffix: str) -> Identity:
    nsx_id = named.nsx_id or f"{domain.made_as}-{suffix}"
    tags = default_tags(domain) if named.tags is None else named.tags
    return Identity(nsx_id, named.display_name or nsx_id, named.description, tags)


def _route(domain: WorkloadDomain) -> Route | None:
    route = domain.default_route
    if route.external:
        return None
    return Route(None, ("default_route",), _identity(domain, route, "default-route"), _ALL[4], route.next_hops)


def _route_v6(domain: WorkloadDomain) -> Route | None:
    route = domain.default_route.ipv6
    if route is None:
        return None
    at = ("default_route", "ipv6")
    return Route(None, at, _identity(domain, route, "default-route-v6"), _ALL[6], route.next_hops)


def _further(domain: WorkloadDomain) -> tuple[Route, ...]:
    return tuple(
        Route(key, ("routes", key), _identity(domain, route, f"route-{key}"), route.to, route.next_hops)
        for key, route in domain.routes.items()
    )


def _bfd_peers(domain: WorkloadDomain) -> tuple[BfdPeer, ...]:
    """One peer for each distinct IPv4 next hop, in their order; none without `default_route.bfd`.

    Sources that the file does not name are the uplinks of the peer's subnet: a session of one hop runs between neighbours (RFC 5881).
    """
    bfd = domain.default_route.bfd
    if bfd is None:
        return ()
    uplinks = {uplink.id: uplink.address for uplink in domain.tier0.uplinks}
    beside: dict[IPv4Network, list[IPv4Address]] = {}
    for address in uplinks.values():
        beside.setdefault(address.network, []).append(address.ip)
    lengths = sorted({network.prefixlen for network in beside})
    named = tuple(uplinks[name].ip for name in bfd.sources)
    tags = default_tags(domain) if bfd.tags is None else bfd.tags
    peers = dict.fromkeys(hop.address for hop in domain.default_route.next_hops)
    return tuple(
        BfdPeer(
            Identity(name, name, "", tags), peer, bfd.profile, named or _neighbours(beside, lengths, peer), bfd.enabled
        )
        for peer in peers
        for name in [f"{domain.made_as}-bfd-{str(peer).replace('.', '-')}"]
    )


def _neighbours(
    beside: Mapping[IPv4Network, Sequence[IPv4Address]], lengths: Iterable[int], peer: IPv4Address
) -> tuple[IPv4Address, ...]:
    """The uplinks in whose subnet a peer lies. lengths: that the subnets have. None: NSX chooses."""
    around = (IPv4Network((int(peer), length), strict=False) for length in lengths)
    return tuple(address for network in around for address in beside.get(network, ()))


def _rules(domain: WorkloadDomain) -> tuple[NatRule, ...]:
    scope = nat_scope(domain)
    return tuple(
        NatRule(
            key=key,
            at=("egress", key) if key in TITLES else ("egress", "more", key),
            identity=_identity(domain, mapping, f"egress-{key}"),
            action=domain.tier0.nat_action,
            source=mapping.source,
            destination=None if mapping.destination == ANYWHERE else mapping.destination,
            translated=mapping.translated,
            priority=DEFAULT_PRIORITIES[key] if mapping.priority is None else mapping.priority,
            firewall_match=mapping.firewall_match,
            scope=scope,
        )
        for key, mapping in domain.egress.mappings.items()
    )


def _exceptions(domain: WorkloadDomain) -> tuple[NoSnatRule, ...]:
    """The NO_SNAT rules. Their ids have a prefix of their own, so that a mapping of the same name has another."""
    scope = nat_scope(domain)
    return tuple(
        NoSnatRule(
            key=key,
            at=("egress", "exceptions", key),
            identity=_identity(domain, exception, f"no-snat-{key}"),
            source=exception.source,
            destination=None if exception.destination == ANYWHERE else exception.destination,
            priority=exception.priority,
            scope=scope,
        )
        for key, exception in domain.egress.exceptions.items()
    )
