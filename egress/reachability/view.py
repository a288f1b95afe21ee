"""A View: the topology of one domain, and what it was made of. Made here and nowhere else, from files, a plan or a manager.

Whatever the source is, the domains that share the Tier-0 are in the view, and what the source does not tell is assumed once,
in the same words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from egress.domain import WorkloadDomain
from egress.domain.addresses import Address
from egress.policy import paths
from egress.policy.gateways import Tier0
from egress.policy.identity import GatewayKey
from egress.policy.owned import EVERYTHING, owned
from egress.policy.paths import Collection
from egress.policy.seed import seeded
from egress.policy.sighting import Doubt, Unseen
from egress.policy.tier1s import Tier1
from egress.policy.tree import Json, PolicyObjects, Tree, children
from egress.reachability.as_found import as_found
from egress.reachability.assemble import Assembly
from egress.reachability.neighbourhood import Neighbourhood
from egress.reachability.sources import FILES as FILES
from egress.reachability.sources import AfterPlan as AfterPlan
from egress.reachability.sources import Files as Files
from egress.reachability.sources import Gateways, is_old, of_manager, on_manager
from egress.reachability.sources import Live as Live
from egress.reachability.sources import Source as Source
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
from egress.reachability.walk import Walker
from egress.reachability.world import World


@dataclass(frozen=True)
class Base:
    """What a source says. `path`: of the domain's Tier-0. `own`: what the domain's file makes, there or not. `routed`: there is an IPv4 default
    route. `filled`: the same with what was assumed last, as the domains of one Tier-0 mostly have the same assumed."""

    path: str
    objects: Tree
    own: PolicyObjects
    gateways: Gateways
    routed: bool
    filled: dict[str, tuple[PolicyObjects, Tree, Gateways]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, path: str, objects: PolicyObjects, own: PolicyObjects, source: Source, old: bool) -> Base:
        """The same with its gateways read. `source`, `old`: as of the gateways."""
        objects = Tree.of(objects)
        return cls(path, objects, own, Gateways((), (), source, old).of(objects), _routed(objects, path))

    def after(self, plan: AfterPlan, own: PolicyObjects, left: Mapping[str, Json | None]) -> Base:
        """What the files say, of a domain whose file makes `own`, with its plan in place of that. left: what there is without the domain at the
        paths of these."""
        changes = {**left, **plan.planned.objects}
        objects = self.objects.changed(changes)
        gateways = replace(self.gateways, source=plan).changed(objects, changes)
        return Base(self.path, objects, own, gateways, _routed(objects, self.path))

    def with_assumed(self, assumed: PolicyObjects) -> tuple[Tree, Gateways]:
        """Objects and gateways with what the source cannot tell."""
        if not assumed:
            return self.objects, self.gateways
        known, objects, gateways = self.filled.get("last", ({}, self.objects, self.gateways))
        if known != assumed:
            objects = self.objects.changed(assumed)
            gateways = self.gateways.changed(objects, assumed)
            self.filled["last"] = (assumed, objects, gateways)
        return objects, gateways


@dataclass(frozen=True)
class View:
    """A topology with what it was made of, so that it can be made again with a change.

    `among`: the domains on the Tier-0; `neighbours`: those beside this one. `base`: what the source says; `objects`: that with what is assumed and changed; `tier0`: the
    domain's own in it. `notes`: what was assumed. `lost`: what was taken away as failed, by name. `before`: the walker of a view that this
    one has nodes in common with. `differs`: what a manager has otherwise than the file, and which of the two is walked. `watched`: what BFD
    means for its routes. `unseen`: what verdicts may depend on and could not be seen.
    """

    domain: WorkloadDomain
    among: Neighbourhood
    neighbours: Sequence[WorkloadDomain]
    source: Source
    base: Base
    objects: Tree
    tier0: Tier0
    around: Surroundings
    gateways: Gateways
    assembly: Assembly
    notes: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    before: Walker | None = field(default=None, repr=False)
    differs: tuple[str, ...] = ()
    watched: tuple[str, ...] = ()
    unseen: tuple[Unseen, ...] = ()

    @property
    def doubtful(self) -> bool:
        """Whether something was not seen that any verdict may depend on."""
        return any(one.doubt is Doubt.ANY for one in self.unseen)

    @property
    def gateway(self) -> str:
        """Policy path of the domain's Tier-0."""
        return self.base.path

    @property
    def own(self) -> PolicyObjects:
        """What the domain's file makes, by path."""
        return self.base.own

    @property
    def topology(self) -> Topology:
        """The nodes and what is between them."""
        return self.assembly.topology

    @cached_property
    def walker(self) -> Walker:
        """Asks flows of the topology."""
        return Walker(self.topology, self.before, self.assembly.differs)

    def changed(self, objects: PolicyObjects) -> View:
        """The same view over other Policy objects. What is not concerned by the difference is not made again."""
        if objects is self.objects:
            return self
        return self._over(Tree.of(objects), self.gateways.of(objects, self.objects))

    def put_in(self, objects: Mapping[str, Json | None]) -> View:
        """The same view with other objects in place of those of the same paths; None takes one away. Nothing else is looked at."""
        changed = self.objects.changed(objects)
        return self._over(changed, self.gateways.changed(changed, objects))

    def beyond(self, other: View) -> frozenset[str]:
        """Paths of the objects that another has not."""
        return frozenset() if other is self else self.objects.beyond(other.objects)

    def from_source(self, source: Source) -> View:
        """The same objects, read as of another source."""
        gateways = replace(self.gateways, source=source).of(self.objects)
        return replace(self, source=source)._over(self.objects, gateways)

    def _over(self, objects: Tree, gateways: Gateways) -> View:
        assembly = gateways.assembly(self.around.world, self.assembly)
        tier0 = _of_path(gateways.upper, self.gateway)
        return replace(self, objects=objects, gateways=gateways, tier0=tier0, assembly=assembly, before=self.walker)

    def in_world(self, world: World) -> View:
        """The same view in another world."""
        if world is self.around.world:
            return self
        assembly = self.gateways.assembly(world, self.assembly)
        return replace(self, around=replace(self.around, world=world), assembly=assembly, before=self.walker)


def view(
    domain: WorkloadDomain,
    everyone: Sequence[WorkloadDomain] = (),
    source: Source = FILES,
    wishes: Wishes = NO_WISHES,
    down: frozenset[str] = frozenset(),
    like: View | None = None,
) -> View:
    """The view of a domain. `everyone`: domains that may share its Tier-0. `down`: edges taken away. `like`: the view of another of them:
    what the two have in common is not made again. Errors: EgressError."""
    among = like.among if like and like.among.is_of(domain, everyone) else Neighbourhood(domain, everyone)
    neighbours = among.besides(domain)
    base = _base(domain, neighbours, source, like)
    real, there = domain, None
    differs: tuple[str, ...] = ()
    if isinstance(source, Live):
        real, differs = as_found(domain, _of_path(base.gateways.upper, base.path))
        there = on_manager(source, neighbours)
    upstream = dict.fromkeys([*_upstream(domain, among, base), *wishes.next_hops])
    around = surroundings(real, wishes, list(upstream), there)
    assumed, notes = _assumed(domain, neighbours, source, base, around)
    objects, gateways = base.with_assumed(assumed)
    unknown = sorted(name for name in around.world.tier1 if name not in gateways.names)
    imagined = tuple(Tier1(name, paths.tier1(name), base.path) for name in unknown)
    gateways = replace(gateways, imagined=imagined)
    world, strange = _with_strange_interfaces(replace(around.world, down=down), gateways.upper, neighbours)
    assembly = gateways.assembly(world, like.assembly if like else None)
    tier0 = _of_path(gateways.upper, base.path)
    said = of_manager(source, tier0, gateways.lower)
    return View(
        domain=domain,
        among=among,
        neighbours=neighbours,
        source=source,
        base=base,
        objects=objects,
        tier0=tier0,
        around=replace(around, world=world),
        gateways=gateways,
        assembly=assembly,
        notes=(*notes, *around.notes, *strange, *assembly.topology.notes),
        before=like.walker if like else None,
        differs=(*differs, *around.differs, *said.differs),
        watched=said.watched,
        unseen=(*said.unseen, *around.unseen),
    )


def _of_path(upper: Sequence[Tier0], path: str) -> Tier0:
    return next(tier0 for tier0 in upper if tier0.path == path)


def _routed(objects: Tree, path: str) -> bool:
    """Whether a Tier-0 has an IPv4 default route."""
    return any(body.get("network") == EVERYTHING[4] for _, body in children(objects, path, Collection.STATIC_ROUTES))


def _base(domain: WorkloadDomain, neighbours: Sequence[WorkloadDomain], source: Source, like: View | None) -> Base:
    """The Policy objects of a source. Those of a neighbour's view do as well where a manager was read once for both, and where files tell
    and it is as this domain's file says; a plan is then put into them."""
    if isinstance(source, Live):
        own = owned(domain).objects(source.gateway)
        if like is not None and _same_sight(source, like.source) and like.base.gateways.old == is_old(domain):
            return replace(like.base, own=own)
        return Base.of(source.gateway, source.objects, own, source, is_old(domain))
    gateway = source.planned.gateway if isinstance(source, AfterPlan) else GatewayKey.of(domain).path
    own = owned(domain).objects(gateway)
    if like is not None and _as_said(domain, own, like):
        if not isinstance(source, AfterPlan):
            return replace(like.base, own=own)
        if gateway == like.gateway:
            return like.base.after(source, own, like.among.without(domain, own, gateway))
    found = seeded([domain, *neighbours], gateway)
    for neighbour in neighbours:
        found.update(owned(neighbour).objects(gateway))
    found.update(source.planned.objects if isinstance(source, AfterPlan) else own)
    return Base.of(gateway, found, own, source, is_old(domain))


def _same_sight(source: Live, other: Source) -> bool:
    """Whether two are of one look at a manager, and nothing that was asked besides differs."""
    return isinstance(other, Live) and source.objects is other.objects and source == other


def _as_said(domain: WorkloadDomain, own: PolicyObjects, like: View) -> bool:
    """Whether everything that a domain's file says is so in the view of a neighbour."""
    if like.source != FILES or domain not in like.among or domain == like.domain:
        return False
    there = like.base.objects
    said = {**seeded([domain], like.gateway), **own}
    alike = domain.tier0 == like.domain.tier0 and domain.nsx.version == like.domain.nsx.version
    return alike and all(there.get(path) == body for path, body in said.items() if path != like.gateway)


def _upstream(domain: WorkloadDomain, among: Neighbourhood, base: Base) -> list[Address]:
    """Addresses of the upstream gateway: the next hops that the files of this Tier-0 name. A next hop that only the manager has
    is nobody's, unless the route is somebody else's and no file tells."""
    hops = [*file_next_hops(domain), *among.next_hops]
    further = [*further_next_hops(domain), *among.further_next_hops]
    if hops:
        return [*hops, *further]
    tier0 = _of_path(base.gateways.upper, base.path)
    there = [
        hop.address for route in tier0.routes if route.network in DEFAULTS for hop in route.next_hops if hop.address
    ]
    return [*there, *further]


def _assumed(
    domain: WorkloadDomain, neighbours: Sequence[WorkloadDomain], source: Source, base: Base, around: Surroundings
) -> tuple[dict[str, Json], list[str]]:
    """What the source cannot tell, and sentences about it. What a manager has is not assumed: it is there, or not."""
    if isinstance(source, Live):
        return {}, []
    assumed: dict[str, Json] = {}
    notes = []
    if isinstance(source, AfterPlan) and neighbours:
        names = ", ".join(neighbour.stack for neighbour in neighbours)
        notes.append(f"the plan says nothing of {names} on the same Tier-0: taken as their files say, as if applied")
    if domain.default_route.external and not base.routed:
        via = next(router.interfaces[0].addresses[0].ip for router in around.world.routers if router.name == UPSTREAM)
        route = {"network": EVERYTHING[4], "next_hops": [{"ip_address": str(via)}]}
        assumed[paths.static_route(base.path, "external")] = route
        notes.append(f"the default route is somebody else's: taken as {EVERYTHING[4]} via {via}")
    return assumed, notes


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
