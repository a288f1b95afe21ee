"""The topology that a domain file describes: as if its stack were applied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from egress.domain import WorkloadDomain, objects
from egress.domain.seed import seed, tier0_id
from egress.reachability.assemble import assemble
from egress.reachability.gateways import tier0s
from egress.reachability.policy import Json, PolicyObjects, flatten
from egress.reachability.surroundings import NO_WISHES, Surroundings, Wishes, first_host, surroundings
from egress.reachability.topology import Topology
from egress.reachability.world import World

INTENDED = "the domain file, as if applied"


@dataclass(frozen=True)
class View:
    """A topology with what it was made of, so that it can be made again with a change.

    `gateway`: Policy path of the domain's Tier-0. `source`: where the objects come from, in words.
    """

    domain: WorkloadDomain
    gateway: str
    objects: PolicyObjects
    around: Surroundings
    topology: Topology
    source: str
    notes: tuple[str, ...] = ()

    def changed(self, objects: PolicyObjects | None = None, around: Surroundings | None = None) -> View:
        """The same view with other objects or other surroundings."""
        these = self.objects if objects is None else objects
        those = self.around if around is None else around
        return replace(self, objects=these, around=those, topology=assemble(these, those.world))


def intent(
    domain: WorkloadDomain,
    everyone: Sequence[WorkloadDomain] = (),
    wishes: Wishes = NO_WISHES,
    down: frozenset[str] = frozenset(),
) -> View:
    """The view of a domain as its file says. `everyone`: domains that may share its Tier-0. `down`: edges taken away."""
    found, notes = intended_objects(domain, everyone)
    return view(domain, tier0_path(domain), found, INTENDED, wishes, down, notes)


def view(
    domain: WorkloadDomain,
    gateway: str,
    found: PolicyObjects,
    source: str,
    wishes: Wishes = NO_WISHES,
    down: frozenset[str] = frozenset(),
    notes: Sequence[str] = (),
) -> View:
    """The view of a domain over Policy objects from anywhere. Errors: EgressError."""
    around = surroundings(domain, wishes)
    complete = {**tier1_objects(gateway, around), **found}
    world, strange = _with_strange_interfaces(replace(around.world, down=down), complete)
    around = replace(around, world=world)
    topology = assemble(complete, world)
    return View(domain, gateway, complete, around, topology, source, (*notes, *around.notes, *strange, *topology.notes))


def _with_strange_interfaces(world: World, found: PolicyObjects) -> tuple[World, list[str]]:
    """A segment of its own for each interface on the manager that the domain file does not have, and a note."""
    segments = dict(world.segments)
    notes = []
    for tier0 in tier0s(found):
        for interface in tier0.interfaces:
            first = interface.addresses[0]
            if not any(first.ip in network for networks in segments.values() for network in networks):
                segments[f"beside {interface.name}"] = tuple(one.network for one in interface.addresses)
                notes.append(
                    f"interface {interface.name} ({first}) of {tier0.id} is not in the domain file: nobody is behind it"
                )
    return replace(world, segments=segments), notes


def tier1_objects(gateway: str, around: Surroundings) -> dict[str, Json]:
    """The Tier-1s that the surroundings speak of, for sources that do not hold them."""
    return {f"/infra/tier-1s/{name}": {"id": name, "tier0_path": gateway} for name in around.world.tier1}


def tier0_path(domain: WorkloadDomain) -> str:
    """Policy path of the domain's Tier-0 as its file names it."""
    return f"/infra/tier-0s/{tier0_id(domain.tier0)}"


def intended_objects(
    domain: WorkloadDomain, everyone: Sequence[WorkloadDomain] = ()
) -> tuple[dict[str, Json], tuple[str, ...]]:
    """The domain's Policy objects by path, with those of every domain on the same Tier-0, and what had to be assumed."""
    sharing = [other for other in everyone if _same_tier0(other, domain)] or [domain]
    found = flatten(seed([domain, *sharing])["infra"])
    for member in sharing:
        found.update(owned_objects(member, tier0_path(member)))
    routes = [path for path in found if path.startswith(f"{tier0_path(domain)}/static-routes/")]
    if domain.default_route.external and not routes:
        gateway = first_host(domain.tier0.uplinks[0].address.network)
        found[f"{tier0_path(domain)}/static-routes/external"] = _static_route(
            "0.0.0.0/0", [{"ip_address": str(gateway)}]
        )
        return found, (f"the default route is somebody else's: taken as 0.0.0.0/0 via {gateway}",)
    return found, ()


def _same_tier0(one: WorkloadDomain, other: WorkloadDomain) -> bool:
    return one.nsx.host == other.nsx.host and tier0_id(one.tier0) == tier0_id(other.tier0)


def owned_objects(domain: WorkloadDomain, parent: str) -> dict[str, Json]:
    """What the domain's stack makes below the Tier-0 with path `parent`, by path: static routes and NAT rules."""
    found: dict[str, Json] = {}
    for route in (objects.default_route(domain), objects.default_route_v6(domain)):
        if route:
            network = "0.0.0.0/0" if route.ip_version == 4 else "::/0"
            hops = [
                _next_hop(domain, parent, hop.address, hop.admin_distance, hop.interface) for hop in route.next_hops
            ]
            found[f"{parent}/static-routes/{route.identity.nsx_id}"] = _static_route(network, hops)
    rules = objects.nat_rules(domain)
    if rules:
        found[f"{parent}/nat/USER"] = {"id": "USER", "nat_type": "USER"}
    for rule in rules:
        found[f"{parent}/nat/USER/nat-rules/{rule.identity.nsx_id}"] = {
            "action": rule.action.value,
            "source_network": str(rule.source),
            "translated_network": str(rule.translated),
            "sequence_number": rule.priority,
            "enabled": True,
            "scope": [objects.interface_path(domain, parent, name) for name in rule.scope],
        }
    return found


def _static_route(network: str, hops: list[Json]) -> Json:
    return {"network": network, "next_hops": hops}


def _next_hop(domain: WorkloadDomain, parent: str, address: object, distance: int, interface: str | None) -> Json:
    hop: Json = {"ip_address": str(address), "admin_distance": distance}
    return {**hop, "scope": [objects.interface_path(domain, parent, interface)]} if interface else hop
