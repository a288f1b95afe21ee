"""What is missing when a packet ends at an edge of the Tier-0: a default route, a next hop, a scope, a better address."""

from __future__ import annotations

from collections.abc import Iterator

from egress.answers import missing_outside
from egress.answers.remedy import (
    Missing,
    Proposal,
    Remedy,
    left_by,
    objects_changed,
    spare,
    translated_to,
    translating,
)
from egress.domain import HaMode, NatAction, WorkloadDomain
from egress.domain.addresses import Address
from egress.policy import paths
from egress.policy.owned import EVERYTHING, beside_the_way_out, owned
from egress.policy.paths import Collection, last
from egress.policy.tree import Json, children
from egress.reachability.flow import DropReason, Hop, Path
from egress.reachability.topology import NodeKind
from egress.reachability.view import View


def propose(view: View, path: Path, hop: Hop) -> Iterator[Proposal]:
    """Remedies for a path that ended at `hop`, an edge."""
    if hop.drop in (DropReason.NOT_FORWARDING, DropReason.TAKEN_HERE):
        yield from _wrong_address(view, path, hop)
        return
    found = None
    if hop.drop is DropReason.NO_ROUTE:
        found = _default_route(view, hop, hop.after.destination)
    if hop.drop is DropReason.REVERSE_PATH:
        found = _reverse_path(view, path, hop)
    if found is not None:
        yield found


def captured(path: Path, hop: Hop) -> Iterator[Proposal]:
    """What came for a translated address was sent to the egress address by a rule that works inwards, too, and nothing there answers."""
    edge = next((one for one in path.forward if one.kind is NodeKind.TIER0_SR and one.rules), None)
    if edge is None:
        return
    target = edge.before.destination
    why = f"rule {edge.rules[-1]} sends what comes for {target} to {edge.after.destination}, and nothing behind {hop.node} answers there"
    fix = "translate to a free address of the uplink network, so that this one stays the interface's"
    yield Proposal(Remedy(Missing.TRANSLATED_ADDRESS, edge.node, str(target), why, fix))


def _wrong_address(view: View, path: Path, hop: Hop) -> Iterator[Proposal]:
    """The packet came to an edge that does not translate or forward it."""
    target = hop.before.destination
    if not view.topology.nodes[hop.node].forwards:
        why = f"{target} leads to {hop.node}, which is the standby edge and forwards nothing"
        fix = "translate to the HA VIP, or to a spare address of the uplink network: these follow the active edge"
    else:
        why = f"{hop.node} takes the packet for {target} for itself: nothing on that edge translates it back"
        fix = "translate to a spare address of the uplink network, which the translating edges answer for"
    for rule in translating(view, path) if path.back else ():
        reflexive = {rule.path: {**view.objects[rule.path], "action": NatAction.REFLEXIVE.value}}
        name = last(rule.path)
        if rule.action is not NatAction.REFLEXIVE and view.tier0.ha_mode is HaMode.ACTIVE_ACTIVE:
            remedy = Remedy(Missing.TRANSLATED_ADDRESS, hop.node, str(target), why, f"make {name} REFLEXIVE")
            yield Proposal(remedy, objects_changed(view, reflexive))
        if (free := spare(view, target.version, path)) is not None:
            remedy = Remedy(Missing.TRANSLATED_ADDRESS, hop.node, str(target), why, fix)
            yield Proposal(remedy, translated_to(view, rule, free))
    if not path.back:
        holder = next((face.name for face in view.tier0.interfaces for one in face.addresses if one.ip == target), None)
        held = f"that of its interface {holder}" if holder else "one that its NAT rules answer for"
        why = f"{target} is an address of the gateway itself, {held}: {hop.node} takes the packet, and nothing behind it gets it"
        fix = f"ask for another address: whoever is meant by {target} cannot have it beside the gateway"
        yield Proposal(Remedy(Missing.OWN_ADDRESS, hop.node, str(target), why, fix))


def _default_route(view: View, hop: Hop, target: Address) -> Proposal | None:
    """A default route of the target's family, or a next hop on this edge where the route is there and of no use to it. Where a null route
    drops the packet nothing is missing: the route is one too many."""
    discarding = _discarding(view, target)
    if discarding is not None:
        return discarding
    everything = EVERYTHING[target.version]
    routes = children(view.objects, view.gateway, Collection.STATIC_ROUTES)
    present = [path for path, body in routes if body.get("network") == everything]
    if present:
        return _next_hop(view, hop, present[0], target)
    made = _made_by_a_stack(view, everything)
    if made is None:
        path, body = paths.static_route(view.gateway, "default-route"), _route(everything, _beyond(view, hop, target))
    else:
        _, path, body = made
    via = ", ".join(str(one["ip_address"]) for one in body["next_hops"])
    if not via or path in view.objects:
        return None
    tier0, name = last(view.gateway), last(path)
    why = f"Tier-0 {tier0} has no route to {target}: the default route {everything} is missing"
    if made is not None:
        whose = "" if made[0] == view.domain else f" of {made[0].stack}, which owns it"
        fix = f"apply {name}{whose}: {everything} via {via}"
    elif view.domain.default_route.external:
        fix = f"ask its owner for it, as default_route.external says that it is somebody else's: {everything} via {via}"
    else:
        fix = f"add default_route.ipv6 to the domain file: {everything} via {via}"
    return Proposal(Remedy(Missing.DEFAULT_ROUTE, tier0, name, why, fix), objects_changed(view, {path: body}))


def _discarding(view: View, target: Address) -> Proposal | None:
    """The most specific static route for a target, if it drops what it is for."""
    around = [route for route in view.tier0.routes if target in route.network]
    best = max(around, key=lambda route: route.network.prefixlen, default=None)
    if best is None or not best.next_hops or any(hop.address is not None for hop in best.next_hops):
        return None
    name = last(best.path)
    key = next((one.key for one in owned(view.domain).further if one.identity.nsx_id == name), None)
    why = f"static route {name} {best.network} discards what is sent to {target}"
    fix = (
        f"take routes.{key} out of the domain file, or narrow it"
        if key
        else f"take {name} away, or narrow it; ask its owner"
    )
    return Proposal(
        Remedy(Missing.NULL_ROUTE, last(view.gateway), name, why, fix),
        lambda: view.put_in({best.path: None}),
    )


def _made_by_a_stack(view: View, network: str) -> tuple[WorkloadDomain, str, Json] | None:
    """The default route that this domain's stack makes, or that of a neighbour: whose, its path and itself."""
    for domain in (view.domain, *view.neighbours):
        if any(str(route.network) == network for route in owned(domain).routes):
            objects = owned(domain).objects(view.gateway)
            for path, body in children(objects, view.gateway, Collection.STATIC_ROUTES):
                if body["network"] == network:
                    return domain, path, body
    return None


def _next_hop(view: View, hop: Hop, path: str, target: Address) -> Proposal | None:
    beyond = _beyond(view, hop, target)
    if not beyond:
        return None
    name = last(path)
    why = f"{hop.node} cannot use {name}: none of its next hops lies in a network of that edge's uplinks"
    via = ", ".join(str(one) for one in beyond)
    body = dict(view.objects[path])
    hops = body.get("next_hops")
    body["next_hops"] = [*(hops if isinstance(hops, list) else ()), *_route("", beyond)["next_hops"]]
    remedy = Remedy(Missing.NEXT_HOP, hop.node, name, why, f"add a next hop for that edge to {name}: {via}")
    return Proposal(remedy, objects_changed(view, {path: body}))


def _beyond(view: View, hop: Hop, target: Address) -> list[Address]:
    """The upstream gateway's addresses on the uplinks of this edge."""
    uplinks = [face for face in view.topology.nodes[hop.node].interfaces if face.name in _way_out(view)]
    networks = [one.network for face in uplinks for one in face.addresses if one.version == target.version]
    gateways = [one.ip for router in view.around.world.routers for face in router.interfaces for one in face.addresses]
    return [one for one in gateways if any(one in network for network in networks)]


def _route(network: str, via: list[Address]) -> Json:
    return {"network": network, "next_hops": [{"ip_address": str(one)} for one in via]}


def _reverse_path(view: View, path: Path, hop: Hop) -> Proposal | None:
    source = hop.before.source
    discarding = _discarding(view, source)
    if discarding is not None:
        return discarding
    node = view.topology.nodes[hop.node]
    known = [route.to for route in node.routes] + [one.network for face in node.interfaces for one in face.addresses]
    if not any(source in network for network in known):
        return _default_route(view, hop, source)
    for earlier in path.forward if path.back else ():
        if earlier.kind is NodeKind.TIER0_SR and earlier.rules:
            return _scope(view, earlier) if earlier.left not in _way_out(view) else _loose(view, hop)
    left = left_by(path) if path.back else None
    if left is not None and left.left not in _way_out(view):
        return missing_outside.beside(view, path, left, hop.before.destination)
    return _loose(view, hop)


def _loose(view: View, hop: Hop) -> Proposal | None:
    """The edge knows a way to the source, and another than the packet came by: only without strict uRPF it passes."""
    path = next((one.path for one in view.tier0.interfaces if one.name == hop.arrived), None)
    if path is None or path not in view.objects:
        return None
    why = f"{hop.node} drops what arrives by {hop.arrived}: its best route to {hop.before.source} leaves by another interface, and uRPF is strict"
    fix = f"give the next hops of both networks one distance, or set urpf_mode NONE on {hop.arrived} in NSX"
    changed = objects_changed(view, {path: {**view.objects[path], "urpf_mode": "NONE"}})
    return Proposal(Remedy(Missing.REVERSE_PATH, hop.node, hop.arrived or "", why, fix), changed)


def _way_out(view: View) -> dict[str, str]:
    """Paths of the uplinks of the way out, by name."""
    beside = beside_the_way_out(view.domain)
    return {one.name: one.path for one in view.tier0.interfaces if one.external and one.name not in beside}


def _scope(view: View, hop: Hop) -> Proposal | None:
    """A rule that is not limited to the uplinks of the way out translated what left by another interface."""
    name = hop.rules[-1]
    sections = children(view.objects, view.gateway, Collection.NAT)
    rules = (path for section, _ in sections for path, _ in children(view.objects, section, Collection.NAT_RULES))
    path = next((path for path in rules if last(path) == name), None)
    if path is None:
        return None
    uplinks = list(_way_out(view).values())
    why = (
        f"rule {name} also translates what leaves by {hop.left}: "
        "the answer comes back by an uplink, and strict uRPF drops it there"
    )
    fix = f"limit {name} to the uplinks (egress.applied_to: uplinks)"
    changed = {path: {**view.objects[path], "scope": uplinks}}
    return Proposal(Remedy(Missing.NAT_SCOPE, last(view.gateway), name, why, fix), objects_changed(view, changed))
