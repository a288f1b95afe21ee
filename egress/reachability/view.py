"""A View: the topology of one domain, and what it was made of. Made here and nowhere else, from files, a plan or a manager.

Whatever the source is, the domains that share the Tier-0 are in the view, and what the source does not tell is assumed once,
in the same words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from egress.domain import WorkloadDomain
from egress.domain.addresses import Address
from egress.policy import paths
from egress.policy.gateways import Tier0, tier0s
from egress.policy.identity import GatewayKey, same_gateway
from egress.policy.owned import EVERYTHING, owned
from egress.policy.paths import Collection
from egress.policy.seed import seeded
from egress.policy.sighting import Doubt, Unseen
from egress.policy.tree import Json, PolicyObjects, children
from egress.reachability.as_found import as_found
from egress.reachability.assemble import assembled
from egress.reachability.flow import Flow, Verdict
from egress.reachability.sources import FILES as FILES
from egress.reachability.sources import AfterPlan as AfterPlan
from egress.reachability.sources import Files as Files
from egress.reachability.sources import Live as Live
from egress.reachability.sources import Source as Source
from egress.reachability.sources import of_manager, on_manager, typed
from egress.reachability.surroundings import (
    NO_WISHES,
    UPSTREAM,
    Surroundings,
    Wishes,
    file_next_hops,
    further_next_hops,
    surroundings,
)
from egress.reachability.tier1_nodes import DEFAULTS
from egress.reachability.topology import Topology
from egress.reachability.world import Tier1World, World


@dataclass(frozen=True)
class View:
    """A topology with what it was made of, so that it can be made again with a change.

    `gateway`: Policy path of the domain's Tier-0, `tier0` the same typed. `neighbours`: the other domains on it. `notes`: what was assumed.
    `differs`: what a manager has otherwise than the file, and which of the two is walked. `watched`: what BFD means for its routes.
    `unseen`: what verdicts may depend on and could not be seen.
    """

    domain: WorkloadDomain
    neighbours: tuple[WorkloadDomain, ...]
    source: Source
    gateway: str
    objects: PolicyObjects
    tier0: Tier0
    around: Surroundings
    topology: Topology
    notes: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    watched: tuple[str, ...] = ()
    unseen: tuple[Unseen, ...] = ()

    @property
    def doubtful(self) -> bool:
        """Whether something was not seen that any verdict may depend on."""
        return any(one.doubt is Doubt.ANY for one in self.unseen)

    def changed(self, objects: PolicyObjects) -> View:
        """The same view over other Policy objects."""
        upper, lower = typed(self.domain, self.source, objects)
        topology = assembled(upper, lower, self.around.world)
        return replace(self, objects=objects, tier0=_of_path(upper, self.gateway), topology=topology)

    def about(self, verdict: Verdict) -> View:
        """The same view without the Tier-1s that a flow has nothing to do with: it is made again and again, while remedies are tried."""
        world, flow = self.around.world, verdict.flow
        passed = {hop.node for path in verdict.failing[:_LOOKED_AT] for hop in (*path.forward, *path.back)}
        near = {name: one for name, one in world.tier1.items() if name in passed or _meets(one, flow)}
        others = {paths.tier1(name) for name in world.tier1 if name not in near}
        objects = {path: body for path, body in self.objects.items() if "/".join(path.split("/")[:4]) not in others}
        return replace(self, objects=objects).in_world(replace(world, tier1=near))

    def in_world(self, world: World) -> View:
        """The same view in another world."""
        topology = assembled(*typed(self.domain, self.source, self.objects), world)
        return replace(self, around=replace(self.around, world=world), topology=topology)

    def from_source(self, source: Source) -> View:
        """The same objects, read as of another source."""
        return replace(self, source=source).changed(self.objects)


_LOOKED_AT = 64
"""So many failing paths are looked at for the Tier-1s that a flow passes."""


def _meets(tier1: Tier1World, flow: Flow) -> bool:
    """Whether a flow begins or ends behind a Tier-1, or is for an address that it knows."""
    ends = any(pod.name == flow.origin or any(flow.to in one.network for one in pod.addresses) for pod in tier1.pods)
    known = any(flow.to == one.address for one in tier1.lb) or any(flow.to == one.translated for one in tier1.snat)
    return ends or known or any(flow.to in network for network in tier1.advertise)


def view(
    domain: WorkloadDomain,
    everyone: Sequence[WorkloadDomain] = (),
    source: Source = FILES,
    wishes: Wishes = NO_WISHES,
    down: frozenset[str] = frozenset(),
) -> View:
    """The view of a domain. `everyone`: domains that may share its Tier-0. `down`: edges taken away. Errors: EgressError."""
    neighbours = tuple(other for other in everyone if same_gateway(other, domain) and other != domain)
    gateway, found = _objects(domain, neighbours, source)
    real, there = domain, None
    differs: tuple[str, ...] = ()
    if isinstance(source, Live):
        real, differs = as_found(domain, _of_path(typed(domain, source, found)[0], gateway))
        there = on_manager(source, neighbours)
    around = surroundings(real, wishes, _upstream(domain, neighbours, gateway, found), there)
    notes = _assumed(domain, neighbours, source, gateway, found, around)
    for name in around.world.tier1:
        found.setdefault(paths.tier1(name), {"id": name, "tier0_path": gateway})
    upper, lower = typed(domain, source, found)
    world, strange = _with_strange_interfaces(replace(around.world, down=down), upper, neighbours)
    topology = assembled(upper, lower, world)
    tier0 = _of_path(upper, gateway)
    said = of_manager(source, tier0, lower)
    return View(
        domain=domain,
        neighbours=neighbours,
        source=source,
        gateway=gateway,
        objects=found,
        tier0=tier0,
        around=replace(around, world=world),
        topology=topology,
        notes=(*notes, *around.notes, *strange, *topology.notes),
        differs=(*differs, *around.differs, *said.differs),
        watched=said.watched,
        unseen=(*around.unseen, *said.unseen),
    )


def _of_path(upper: Sequence[Tier0], path: str) -> Tier0:
    return next(tier0 for tier0 in upper if tier0.path == path)


def _objects(
    domain: WorkloadDomain, neighbours: Sequence[WorkloadDomain], source: Source
) -> tuple[str, dict[str, Json]]:
    """Path of the Tier-0, and the Policy objects by path. The domain's own come last: they are what it is about."""
    if isinstance(source, Live):
        return source.gateway, dict(source.objects)
    gateway = source.planned.gateway if isinstance(source, AfterPlan) else GatewayKey.of(domain).path
    found = seeded([domain, *neighbours], gateway)
    for neighbour in neighbours:
        found.update(owned(neighbour).objects(gateway))
    found.update(source.planned.objects if isinstance(source, AfterPlan) else owned(domain).objects(gateway))
    return gateway, found


def _upstream(
    domain: WorkloadDomain, neighbours: Sequence[WorkloadDomain], gateway: str, found: PolicyObjects
) -> list[Address]:
    """Addresses of the upstream gateway: the next hops that the files of this Tier-0 name. A next hop that only the manager has
    is nobody's, unless the route is somebody else's and no file tells."""
    hops = [hop for one in (domain, *neighbours) for hop in file_next_hops(one)]
    further = [hop for one in (domain, *neighbours) for hop in further_next_hops(one)]
    if hops:
        return [*hops, *further]
    (tier0,) = [one for one in tier0s(found) if one.path == gateway]
    there = [
        hop.address for route in tier0.routes if route.network in DEFAULTS for hop in route.next_hops if hop.address
    ]
    return [*there, *further]


def _assumed(
    domain: WorkloadDomain,
    neighbours: Sequence[WorkloadDomain],
    source: Source,
    gateway: str,
    found: dict[str, Json],
    around: Surroundings,
) -> list[str]:
    """Puts what the source cannot tell into `found`, and says so. What a manager has is not assumed: it is there, or not."""
    if isinstance(source, Live):
        return []
    notes = []
    if isinstance(source, AfterPlan) and neighbours:
        names = ", ".join(neighbour.stack for neighbour in neighbours)
        notes.append(f"the plan says nothing of {names} on the same Tier-0: taken as their files say, as if applied")
    routes = [body.get("network") for _, body in children(found, gateway, Collection.STATIC_ROUTES)]
    if domain.default_route.external and EVERYTHING[4] not in routes:
        via = next(router.interfaces[0].addresses[0].ip for router in around.world.routers if router.name == UPSTREAM)
        route = {"network": EVERYTHING[4], "next_hops": [{"ip_address": str(via)}]}
        found[paths.static_route(gateway, "external")] = route
        notes.append(f"the default route is somebody else's: taken as {EVERYTHING[4]} via {via}")
    return notes


def _with_strange_interfaces(
    world: World, upper: Sequence[Tier0], neighbours: Sequence[WorkloadDomain]
) -> tuple[World, list[str]]:
    """A segment of its own for each interface of the gateway that the domain's file does not have, and a note."""
    segments = dict(world.segments)
    notes = []
    for tier0 in upper:
        for interface in tier0.interfaces:
            first = interface.addresses[0]
            if not any(first.ip in network for networks in segments.values() for network in networks):
                segments[f"beside {interface.name}"] = tuple(one.network for one in interface.addresses)
                whose = [other.stack for other in neighbours if interface.name in other.tier0.interface_ids]
                there = f", it is in that of {whose[0]}" if whose else ""
                notes.append(
                    f"interface {interface.name} ({first}) of {tier0.id} is not in the domain file{there}: nobody is behind it"
                )
    return replace(world, segments=segments), notes
