"""What is missing when a packet ends at an edge of the Tier-0: a default route, a next hop, a scope, a better address."""

from __future__ import annotations

from egress.domain.addresses import Address
from egress.policy import paths
from egress.policy.owned import owned
from egress.policy.paths import Collection, last
from egress.policy.tree import Json, children
from egress.reachability.flow import DropReason, Hop, Path
from egress.reachability.intent import View
from egress.reachability.remedy import Missing, Proposal, Remedy, gateway, with_objects
from egress.reachability.topology import NodeKind


def propose(view: View, path: Path, hop: Hop) -> Proposal | None:
    """A remedy for a path that ended at `hop`, an edge."""
    if hop.drop is DropReason.NO_ROUTE:
        return _default_route(view, hop, hop.after.destination)
    if hop.drop is DropReason.REVERSE_PATH:
        return _reverse_path(view, path, hop)
    if hop.drop in (DropReason.NOT_FORWARDING, DropReason.TAKEN_HERE):
        return _wrong_address(view, hop)
    return None


def _wrong_address(view: View, hop: Hop) -> Proposal:
    """The packet came to an edge that does not translate or forward it."""
    target = hop.before.destination
    if not view.topology.nodes[hop.node].forwards:
        why = f"{target} leads to {hop.node}, which is the standby edge and forwards nothing"
        fix = "use the HA VIP, or a spare address of the uplink network: these follow the active edge"
    else:
        why = f"{hop.node} takes the packet for {target} for itself: nothing on that edge translates it back"
        fix = "translate with REFLEXIVE on ACTIVE_ACTIVE, or to an address that the translating edge answers for"
    return Proposal(Remedy(Missing.TRANSLATED_ADDRESS, hop.node, str(target), why, fix), None)


def _default_route(view: View, hop: Hop, target: Address) -> Proposal | None:
    """A default route of the target's family, or a next hop on this edge where the route is there and of no use to it."""
    everything = "0.0.0.0/0" if target.version == 4 else "::/0"
    routes = children(view.objects, view.gateway, Collection.STATIC_ROUTES)
    present = [path for path, body in routes if body.get("network") == everything]
    if present:
        return _next_hop(view, hop, present[0], target)
    mine = children(owned(view.domain).objects(view.gateway), view.gateway, Collection.STATIC_ROUTES)
    made = [(path, body) for path, body in mine if body["network"] == everything]
    invented = paths.static_route(view.gateway, "default-route")
    path, body = made[0] if made else (invented, _route(everything, _beyond(view, hop, target)))
    via = ", ".join(str(one["ip_address"]) for one in body["next_hops"])
    if not via or path in view.objects:
        return None
    tier0 = last(view.gateway)
    why = f"Tier-0 {tier0} has no route to {target}: the default route {everything} is missing"
    remedy = Remedy(Missing.DEFAULT_ROUTE, tier0, last(path), why, f"apply {last(path)}: {everything} via {via}")
    return Proposal(remedy, with_objects(view, {path: body}))


def _next_hop(view: View, hop: Hop, path: str, target: Address) -> Proposal | None:
    beyond = _beyond(view, hop, target)
    if not beyond:
        return None
    name = last(path)
    why = f"{hop.node} cannot use {name}: none of its next hops lies in a network of that edge's uplinks"
    via = ", ".join(str(one) for one in beyond)
    body = dict(view.objects[path])
    body["next_hops"] = [*body.get("next_hops", ()), *_route("", beyond)["next_hops"]]
    remedy = Remedy(Missing.NEXT_HOP, hop.node, name, why, f"add a next hop for that edge to {name}: {via}")
    return Proposal(remedy, with_objects(view, {path: body}))


def _beyond(view: View, hop: Hop, target: Address) -> list[Address]:
    """The upstream gateway's addresses on the uplinks of this edge."""
    uplinks = [face for face in view.topology.nodes[hop.node].interfaces if face.uplink]
    networks = [one.network for face in uplinks for one in face.addresses if one.version == target.version]
    gateways = [one.ip for router in view.around.world.routers for face in router.interfaces for one in face.addresses]
    return [one for one in gateways if any(one in network for network in networks)]


def _route(network: str, via: list[Address]) -> Json:
    return {"network": network, "next_hops": [{"ip_address": str(one)} for one in via]}


def _reverse_path(view: View, path: Path, hop: Hop) -> Proposal | None:
    source = hop.before.source
    node = view.topology.nodes[hop.node]
    known = [route.to for route in node.routes] + [one.network for face in node.interfaces for one in face.addresses]
    if not any(source in network for network in known):
        return _default_route(view, hop, source)
    for earlier in path.forward if path.back else ():
        if earlier.kind is NodeKind.TIER0_SR and earlier.rules:
            left = view.topology.nodes[earlier.node].interface(earlier.left or "")
            return None if left.uplink else _scope(view, earlier)
    return None


def _scope(view: View, hop: Hop) -> Proposal | None:
    """A rule that is not limited to the uplinks translated what left by a service interface."""
    name = hop.rules[-1]
    sections = children(view.objects, view.gateway, Collection.NAT)
    rules = (path for section, _ in sections for path, _ in children(view.objects, section, Collection.NAT_RULES))
    path = next((path for path in rules if last(path) == name), None)
    if path is None:
        return None
    uplinks = [interface.path for interface in gateway(view).interfaces if interface.external]
    why = (
        f"rule {name} also translates what leaves by {hop.left}: "
        "the answer comes back by an uplink, and strict uRPF drops it there"
    )
    fix = f"limit {name} to the uplinks (egress.applied_to: uplinks)"
    changed = {path: {**view.objects[path], "scope": uplinks}}
    return Proposal(Remedy(Missing.NAT_SCOPE, last(view.gateway), name, why, fix), with_objects(view, changed))
