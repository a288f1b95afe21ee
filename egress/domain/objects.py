"""The NSX objects that a domain owns, derived from its file: ids, names, priorities, scopes, tags. Pure functions.

nsx_ids and priorities are public (docs/architecture.md): a changed id replaces a resource.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from egress.domain.model import EgressMapping, Named, NextHop, NextHopV6, WorkloadDomain
from egress.vocabulary import DEFAULT_PRIORITIES, SUPERVISOR, TKG, FirewallMatch, NatAction


@dataclass(frozen=True)
class Identity:
    """What every object has: its id in NSX, the name people see, and tags as scope -> tag."""

    nsx_id: str
    display_name: str
    description: str
    tags: Mapping[str, str]


@dataclass(frozen=True)
class Route:
    """A default route: one static route of one address family."""

    identity: Identity
    next_hops: tuple[NextHop, ...] | tuple[NextHopV6, ...]
    ip_version: int


@dataclass(frozen=True)
class BfdPeer:
    """A BFD peer for one IPv4 next hop. `sources`: uplink addresses that BFD is sent from."""

    identity: Identity
    peer: IPv4Address
    profile: str
    sources: tuple[IPv4Address, ...]
    enabled: bool


@dataclass(frozen=True)
class NatRule:
    """A NAT rule for one egress address. `key`: supervisor, tkg, or the key below `more`. `scope`: interface ids."""

    key: str
    identity: Identity
    action: NatAction
    source: IPv4Address | IPv4Network
    translated: IPv4Address | IPv4Network
    tier1: str | None
    priority: int
    firewall_match: FirewallMatch
    scope: tuple[str, ...]


def default_tags(domain: WorkloadDomain) -> dict[str, str]:
    """Tags of objects whose file entry gives none: they say who owns the object."""
    return {"managed-by": "tier0-egress", "stack": domain.stack}


def _identity(domain: WorkloadDomain, named: Named, suffix: str) -> Identity:
    nsx_id = named.nsx_id or f"{domain.stack}-{suffix}"
    tags = default_tags(domain) if named.tags is None else named.tags
    return Identity(nsx_id, named.display_name or nsx_id, named.description, tags)


def default_route(domain: WorkloadDomain) -> Route | None:
    """The IPv4 default route, or None where somebody else owns it."""
    route = domain.default_route
    if route.external:
        return None
    return Route(_identity(domain, route, "default-route"), route.next_hops, 4)


def default_route_v6(domain: WorkloadDomain) -> Route | None:
    """The IPv6 default route, or None where the domain has none."""
    route = domain.default_route.ipv6
    return Route(_identity(domain, route, "default-route-v6"), route.next_hops, 6) if route else None


def bfd_peers(domain: WorkloadDomain) -> tuple[BfdPeer, ...]:
    """One peer for each distinct IPv4 next hop, in their order; none without `default_route.bfd`."""
    bfd = domain.default_route.bfd
    if bfd is None:
        return ()
    uplinks = {uplink.id: uplink.address.ip for uplink in domain.tier0.uplinks}
    sources = tuple(uplinks[name] for name in bfd.sources) or tuple(uplinks.values())
    tags = default_tags(domain) if bfd.tags is None else bfd.tags
    peers = dict.fromkeys(hop.address for hop in domain.default_route.next_hops)
    return tuple(
        BfdPeer(Identity(name, name, "", tags), peer, bfd.profile, sources, bfd.enabled)
        for peer in peers
        for name in [f"{domain.stack}-bfd-{str(peer).replace('.', '-')}"]
    )


def nat_rules(domain: WorkloadDomain) -> tuple[NatRule, ...]:
    """Supervisor, TKG, then the further mappings in the file's order."""
    egress = domain.egress
    rules = []
    if egress.supervisor:
        rules.append(_rule(domain, SUPERVISOR, egress.supervisor))
    if egress.tkg:
        rules.append(_rule(domain, TKG, egress.tkg))
    rules += [_rule(domain, key, mapping) for key, mapping in egress.more.items()]
    return tuple(rules)


def _rule(domain: WorkloadDomain, key: str, mapping: EgressMapping) -> NatRule:
    return NatRule(
        key=key,
        identity=_identity(domain, mapping, f"egress-{key}"),
        action=domain.tier0.nat_action,
        source=mapping.source,
        translated=mapping.translated,
        tier1=mapping.tier1,
        priority=DEFAULT_PRIORITIES[key] if mapping.priority is None else mapping.priority,
        firewall_match=mapping.firewall_match,
        scope=nat_scope(domain),
    )


def nat_scope(domain: WorkloadDomain) -> tuple[str, ...]:
    """Ids of the interfaces that the NAT rules are applied to; empty means every interface of the Tier-0."""
    applied_to = domain.egress.applied_to
    if applied_to == "everywhere":
        return ()
    if applied_to == "uplinks":
        return tuple(uplink.id for uplink in domain.tier0.uplinks)
    return applied_to


def interface_path(domain: WorkloadDomain, gateway_path: str, interface: str) -> str:
    """Policy path of an interface of the domain's Tier-0 whose own path is `gateway_path`."""
    return f"{gateway_path}/locale-services/{domain.tier0.locale_service}/interfaces/{interface}"
