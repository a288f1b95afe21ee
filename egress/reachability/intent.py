"""The topology that a domain file describes: as if its stack were applied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from egress.domain import WorkloadDomain
from egress.domain.addresses import first_host
from egress.policy import paths
from egress.policy.gateways import tier0s
from egress.policy.identity import GatewayKey, same_gateway
from egress.policy.owned import owned
from egress.policy.paths import Collection
from egress.policy.seed import seeded
from egress.policy.tree import Json, PolicyObjects, children
from egress.reachability.assemble import assemble
from egress.reachability.surroundings import NO_WISHES, Surroundings, Wishes, surroundings
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
    return view(domain, GatewayKey.of(domain).path, found, INTENDED, wishes, down, notes)


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
    return {paths.tier1(name): {"id": name, "tier0_path": gateway} for name in around.world.tier1}


def intended_objects(
    domain: WorkloadDomain, everyone: Sequence[WorkloadDomain] = ()
) -> tuple[dict[str, Json], tuple[str, ...]]:
    """The domain's Policy objects by path, with those of every domain on the same Tier-0, and what had to be assumed."""
    gateway = GatewayKey.of(domain).path
    others = [other for other in everyone if same_gateway(other, domain) and other != domain]
    found = seeded([domain, *others], gateway)
    for member in (*others, domain):
        found.update(owned(member).objects(gateway))
    if domain.default_route.external and not any(children(found, gateway, Collection.STATIC_ROUTES)):
        via = first_host(domain.tier0.uplinks[0].address.network)
        route = {"network": "0.0.0.0/0", "next_hops": [{"ip_address": str(via)}]}
        found[paths.static_route(gateway, "external")] = route
        return found, (f"the default route is somebody else's: taken as 0.0.0.0/0 via {via}",)
    return found, ()
