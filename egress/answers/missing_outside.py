"""What is missing when a packet ends outside NSX: a NAT rule, a return route, a route on the upstream router, a neighbour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from ipaddress import IPv4Network, ip_network
from operator import itemgetter

from egress.answers.remedy import (
    Missing,
    Proposal,
    Remedy,
    left_by,
    near,
    objects_changed,
    spare,
    translated_to,
    translating,
    ways_in,
    wide,
    with_route,
    without_next_hop,
    without_way,
)
from egress.domain import WorkloadDomain
from egress.domain.addresses import Address, Coverage, Network, as_network
from egress.domain.fields import listed
from egress.policy import paths
from egress.policy.leaving import leaving
from egress.policy.owned import NatRule, nat_section, outside_nat, owned
from egress.policy.paths import Collection, last
from egress.policy.tree import Json, children
from egress.reachability.flow import Hop, Path
from egress.reachability.surroundings import UPSTREAM
from egress.reachability.tables import PrefixTable, key, prefix
from egress.reachability.view import View
from egress.reachability.world import WorldRoute
from egress.vocabulary import ANYWHERE

_LET_THEM_MOVE = "translate to the HA VIP or a spare address of the uplink network, which another edge takes over"
_LET_IT_NOTICE = (
    "let the upstream router notice that the edge is down (BFD, or a route that follows the link), or use an HA VIP"
)


def no_way(view: View, path: Path, hop: Hop) -> Proposal | None:
    """A router or host has no route. On the way there it lacks a route; on the way back it depends on what it was asked by."""
    target = hop.after.destination
    left = left_by(path)
    if not path.back or left is None or left.left is None:
        return _upstream_route(view, hop.node, target)
    face = view.topology.nodes[left.node].interface(left.left)
    if not face.uplink or left.left in outside_nat(view.domain):
        return beside(view, path, left, target)
    routed = any(target in network for network in view.domain.once(_routed))
    if routed or _decided(view, left):
        return _upstream_route(view, hop.node, target)
    return _nat_rule(view, path, left.left, target)


def _routed(domain: WorkloadDomain) -> tuple[Network, ...]:
    """The networks of the Tier-1s that translate nothing."""
    return tuple(network for one in leaving(domain) if one.own for network in one.networks)


def _decided(view: View, left: Hop) -> bool:
    """Whether a rule translated what left, or the file says that it is left as it is. Another's rule that does so decides nothing."""
    excepted = {one.identity.nsx_id for one in owned(view.domain).exceptions}
    return left.after.source != left.before.source or bool(excepted.intersection(left.rules))


def beside(view: View, path: Path, left: Hop, target: Address) -> Proposal:
    """A return route on the host, or on its router, that a packet came to by an interface which NAT leaves out."""
    name = left.left or ""
    neighbour = path.forward[path.forward.index(left) + 1].node
    if neighbour == UPSTREAM:
        return _way_out_beside(view, left, name, target)
    face = view.topology.nodes[left.node].interface(name)
    via = _beside(view, name, target) if face.uplink else (face.addresses[0].ip,)
    return _return_route(view, neighbour, name, via, target)


def _way_out_beside(view: View, left: Hop, interface: str, target: Address) -> Proposal:
    """The route to the outside leaves by an interface that NAT leaves out."""
    route = last(left.route or "")
    why = f"{target} leaves un-translated: {route} leads out by {interface}, which no rule is applied to"
    fix = (
        f"name a router on the uplinks' network as next hop, or apply the rules to {interface}, too (egress.applied_to)"
    )
    return Proposal(Remedy(Missing.NAT_SCOPE, last(view.gateway), route, why, fix), None)


def nobody_there(view: View, path: Path, hop: Hop) -> Iterator[Proposal]:
    """Nobody answers ARP for the next hop, or for the destination on a connected network."""
    target = hop.via or hop.after.destination
    for face in view.tier0.interfaces:
        if face.edge in view.around.world.down and any(target == one.ip for one in face.addresses):
            why = f"{target} is an interface address of {face.edge}, which is down: nobody answers for it"
            yield from _edge_down(view, path, hop, face.edge or "", why)
            return
    translated = any(rule.translated and target in rule.translated for rule in view.tier0.rules)
    if path.back and translated and not view.tier0.proxies:
        why = f"NSX {view.domain.nsx.version} does not answer ARP for {target} on ACTIVE_ACTIVE, which 3.2 does"
        fix = "translate to an uplink's own address, or have the address routed to the Tier-0 (egress.routed)"
        yield Proposal(Remedy(Missing.TRANSLATED_ADDRESS, last(view.gateway), str(target), why, fix))
        return
    why = f"nobody on the segment of {hop.left} answers for {target}"
    if hop.via is not None and _taken_away(view, target):
        why = f"{why}, which was taken away, and it is still a next hop"
        fix = f"let BFD watch {target} (default_route.bfd): then it is none while it is gone"
        hops = [one.next_hops for one in view.tier0.routes if target in [other.address for other in one.next_hops]]
        if all(len(one) > 1 for one in hops):
            yield Proposal(Remedy(Missing.NEXT_HOP, hop.node, str(target), why, fix), without_next_hop(view, target))
        fix = "a second next hop, on another VLAN and watched by BFD, takes over"
        yield Proposal(Remedy(Missing.NEXT_HOP, hop.node, str(target), why, fix))
        return
    yield Proposal(Remedy(Missing.NEXT_HOP, hop.node, str(target), why, "correct the address, or see to its owner"))


def _taken_away(view: View, target: Address) -> bool:
    """Whether an address is that of a router that failed, by itself or with its VLAN."""
    networks = [network for text in view.lost if (network := _network(text)) is not None]
    return any(target in network for network in networks)


def _edge_down(view: View, path: Path, hop: Hop, edge: str, why: str) -> Iterator[Proposal]:
    """The address of an edge that is down: another one for the rule that translates to it, no way by it for the router that sends there."""
    target = str(hop.via or hop.after.destination)
    if path.back:
        for rule in translating(view, path):
            if (free := spare(view, hop.after.destination.version, path)) is not None:
                remedy = Remedy(Missing.EDGE, edge, target, why, _LET_THEM_MOVE)
                yield Proposal(remedy, translated_to(view, rule, free))
    elif hop.via is not None:
        yield Proposal(Remedy(Missing.EDGE, edge, target, why, _LET_IT_NOTICE), without_way(view, hop.node, hop.via))
    world = view.around.world
    back = replace(world, down=world.down - {edge})
    yield Proposal(Remedy(Missing.EDGE, edge, target, why, f"bring {edge} back"), lambda: view.in_world(back))


def _beside(view: View, interface: str, target: Address) -> tuple[Address, ...]:
    """The gateway's addresses on the segment of an uplink that NAT leaves out, as neighbours there reach it."""
    networks = [one.network for face in view.tier0.interfaces if face.name == interface for one in face.addresses]
    there = [
        face.name
        for face in view.tier0.interfaces
        if any(one.ip in network for one in face.addresses for network in networks)
    ]
    return ways_in(view, target.version, there)


def _return_route(view: View, host: str, interface: str, via: tuple[Address, ...], target: Address) -> Proposal:
    """A route on a host beside an interface that NAT leaves out, back through that interface."""
    network = wide(view, target)
    route = WorldRoute(network, via)
    text = f"{network} via {', '.join(map(str, via))}"
    why = f"{host} sees {target} un-translated and has no route to {network}: its answers go to its default gateway and are lost"
    fix = f"add on {host}: {text}{f' ({interface})' if len(via) == 1 else ''}"
    remedy = Remedy(Missing.RETURN_ROUTE, host, text, why, fix, route)
    return Proposal(remedy, with_route(view, host, route))


def _upstream_route(view: View, node: str, target: Address) -> Proposal | None:
    """A route on the node that had none, by every way into the Tier-0 that it can reach."""
    ways = near(view, node, ways_in(view, target.version))
    if not ways:
        return None
    route = WorldRoute(wide(view, target), ways)
    text = f"{route.to} via {', '.join(str(one) for one in ways)}"
    remedy = Remedy(
        Missing.UPSTREAM_ROUTE, node, text, f"{node} has no route to {target}", f"add on {node}: {text}", route
    )
    return Proposal(remedy, with_route(view, node, route))


def _nat_rule(view: View, path: Path, interface: str, egress: Address) -> Proposal | None:
    """A rule for an egress address that left by an uplink as it was: the domain's own, or one that nobody has written yet."""
    tier0 = last(view.gateway)
    lost = f"{egress} leaves un-translated, and nobody outside knows a way back"
    why = _ineffective(view, interface, egress)
    section = paths.nat_section(view.gateway)
    objects = view.own
    for _, rule in view.domain.once(_by_source).matches(key(egress)):
        at = paths.nat_rule(view.gateway, rule.identity.nsx_id)
        if not _there(view, at, objects[at]):
            why = why or f"Tier-0 {tier0} has no NAT for {egress}: {lost}"
            source = "any" if rule.source == ANYWHERE else rule.source
            fix = f"apply {last(at)}: {rule.action} {source} -> {rule.translated}"
            remedy = Remedy(Missing.NAT_RULE, tier0, last(at), why, fix)
            return Proposal(remedy, objects_changed(view, {section: nat_section(), at: objects[at]}))
    return _new_rule(view, path, egress, why or f"this domain has no NAT for {egress}: {lost}")


def _by_source(domain: WorkloadDomain) -> PrefixTable[tuple[int, NatRule]]:
    """The rules of a file for any destination by their source, each with its place in the file, by which several for an address are sorted."""
    rules = [rule for rule in owned(domain).rules if rule.destination is None]
    entries = ((prefix(as_network(rule.source)), (place, rule)) for place, rule in enumerate(rules))
    return PrefixTable(entries, order=itemgetter(0))


def _there(view: View, path: str, body: Json) -> bool:
    """Whether a rule of the domain's own is there as it is meant to be: then to apply it changes nothing."""
    there = view.objects.get(path)
    said = ("action", "source_network", "destination_network", "translated_network", "enabled", "scope")
    return there is not None and all((there.get(name) or None) == (body.get(name) or None) for name in said)


def _new_rule(view: View, path: Path, egress: Address, why: str) -> Proposal | None:
    free = spare(view, egress.version, path)
    if free is None:
        return None
    tier0 = last(view.gateway)
    name = f"{view.domain.stack}-egress-for-{str(egress).replace('.', '-')}"
    fix = f"add a mapping to the domain file: source {egress}, translated a free address of the uplink network"
    unknown = next((one.tier1 for one in view.around.senders if not one.known and one.egress == egress), None)
    if unknown is not None:
        networks = next(one.networks for one in leaving(view.domain) if one.tier1 == unknown)
        ruled = view.domain.once(_ruled)
        if any(ruled.count(network) for network in networks):
            return _unknown_address(unknown, networks)
        name = f"{view.domain.stack}-egress-for-{unknown}"
        why = f"no rule translates what Tier-1 {unknown} sends with, an address of {listed(networks)}, and nobody outside knows a way back"
        fix = f"add a mapping for that address, or for {listed(networks)} as a whole, to the domain file"
    left_out = outside_nat(view.domain)
    body: Json = {
        "action": view.domain.tier0.nat_action.value,
        "source_network": str(egress),
        "translated_network": str(free),
        "scope": [one.path for one in view.tier0.interfaces if one.external and one.name not in left_out],
    }
    rule = {paths.nat_section(view.gateway): nat_section(), paths.nat_rule(view.gateway, name): body}
    return Proposal(Remedy(Missing.NAT_RULE, tier0, name, why, fix), objects_changed(view, rule))


def _ruled(domain: WorkloadDomain) -> Coverage:
    """The addresses that the rules of a file are for."""
    return Coverage(as_network(rule.source) for rule in owned(domain).rules)


def _unknown_address(tier1: str, networks: Sequence[IPv4Network]) -> Proposal:
    """Nothing can be said of a Tier-1 whose egress address is not known where some addresses have a rule and others have none."""
    why = f"which address of {listed(networks)} Tier-1 {tier1} sends with is not in the file, and not all of them have a rule"
    fix = f"look at the NAT rules of {tier1} in NSX, write the address as tier1s.{tier1}.egress, and ask again"
    return Proposal(Remedy(Missing.EGRESS_ADDRESS, tier1, "egress", why, fix))


def _ineffective(view: View, interface: str, egress: Address) -> str:
    """Why a rule that is there for the address did nothing, or nothing."""
    idle = view.objects.once(("idle NAT rules", view.gateway, interface), lambda: tuple(_idle(view, interface)))
    for source, name, what in idle:
        if not source or any(_holds(part, egress) for part in source.split(",")):
            return f"NAT rule {name} for {egress} is {what}"
    return ""


def _idle(view: View, interface: str) -> Iterator[tuple[str, str, str]]:
    """The NAT rules that do nothing to what leaves by an interface: source, id, why."""
    for nat, _ in children(view.objects, view.gateway, Collection.NAT):
        for path, body in children(view.objects, nat, Collection.NAT_RULES):
            source, scope = str(body.get("source_network") or ""), body.get("scope")
            if not body.get("enabled", True):
                yield source, last(path), "disabled"
            elif isinstance(scope, list) and scope and interface not in [last(str(one)) for one in scope]:
                yield source, last(path), f"not applied to {interface}"


def _holds(text: str, address: Address) -> bool:
    network = _network(text)
    return network is not None and address in network


@lru_cache(maxsize=16384)
def _network(text: str) -> Network | None:
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError:
        return None
