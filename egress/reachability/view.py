"""A View: the topology of one domain, and what it was made of. Made here and nowhere else, from files, a plan or a manager.

Whatever the source is, the domains that share the Tier-0 are in the view, and what the source does not tell is assumed once,
in the same words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from egress.domain import WorkloadDomain
from egress.domain.addresses import Address
from egress.policy import paths
from egress.policy.gateways import Tier0, tier0s
from egress.policy.identity import GatewayKey, same_gateway
from egress.policy.owned import EVERYTHING, owned
from egress.policy.paths import Collection
from egress.policy.planned import Planned
from egress.policy.seed import seeded
from egress.policy.sighting import NOTHING, Doubt, Sighting, Unseen, acting, acts, hidden
from egress.policy.tier1s import Tier1, tier1s, whole_tier1s
from egress.policy.tree import Json, PolicyObjects, children
from egress.policy.virtual_servers import virtual_servers
from egress.policy.watching import bgp, silent_hops, watched_hops, without_silent
from egress.reachability.as_found import as_found
from egress.reachability.assemble import assembled
from egress.reachability.below_found import OnManager
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
from egress.reachability.world import World
from egress.vocabulary import INFRA


@dataclass(frozen=True)
class Files:
    """The domain files, as if every stack were applied."""

    def __str__(self) -> str:
        return "the domain file, as if applied"


@dataclass(frozen=True)
class AfterPlan:
    """What the domain's own stack makes is what the plan says; the rest is as the files say."""

    planned: Planned

    def __str__(self) -> str:
        return "after the plan"


@dataclass(frozen=True)
class Live:
    """What a manager has now around the Tier-0 whose path is `gateway`, and nothing else. `manager`: in words.

    `states`, `unseen`: as of a Sighting. `silent`: next hops whose BFD peer does not answer.
    """

    manager: str
    gateway: str
    objects: PolicyObjects
    states: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    silent: frozenset[str] = frozenset()
    unseen: tuple[Unseen, ...] = ()

    @classmethod
    def of(cls, manager: str, seen: Sighting) -> Live:
        """What was seen on a manager."""
        return cls(manager, seen.gateway, seen.objects, seen.states, silent_hops(seen), seen.unseen)

    def __str__(self) -> str:
        return self.manager


Source: TypeAlias = Files | AfterPlan | Live
FILES = Files()


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
        upper, lower = _typed(self.source, objects)
        topology = assembled(upper, lower, self.around.world)
        return replace(self, objects=objects, tier0=_of_path(upper, self.gateway), topology=topology)

    def in_world(self, world: World) -> View:
        """The same view in another world."""
        topology = assembled(*_typed(self.source, self.objects), world)
        return replace(self, around=replace(self.around, world=world), topology=topology)

    def from_source(self, source: Source) -> View:
        """The same objects, read as of another source."""
        return replace(self, source=source).changed(self.objects)


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
        real, differs = as_found(domain, _of_path(_typed(source, found)[0], gateway))
        there = _on_manager(source, neighbours)
    around = surroundings(real, wishes, _upstream(domain, neighbours, gateway, found), there)
    notes = _assumed(domain, neighbours, source, gateway, found, around)
    for name in around.world.tier1:
        found.setdefault(paths.tier1(name), {"id": name, "tier0_path": gateway})
    upper, lower = _typed(source, found)
    world, strange = _with_strange_interfaces(replace(around.world, down=down), upper, neighbours)
    topology = assembled(upper, lower, world)
    tier0 = _of_path(upper, gateway)
    unseen = (
        (*source.unseen, *around.unseen, *_unread(tier0, lower), *bgp(source.objects))
        if isinstance(source, Live)
        else ()
    )
    watched = watched_hops(tier0, source.objects, source.silent) if isinstance(source, Live) else ()
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
        differs=(*differs, *around.differs, *_idle(source)),
        watched=tuple(watched),
        unseen=unseen,
    )


def _typed(source: Source, objects: PolicyObjects) -> tuple[tuple[Tier0, ...], tuple[Tier1, ...]]:
    """The gateways in the objects. Of a manager's, what is not realized is left out, and next hops whose BFD peer is silent; Tier-1s are
    whole there, while otherwise the World says what they translate."""
    if not isinstance(source, Live):
        return tier0s(objects), tier1s(objects)
    there = acting(objects, source.states)
    lower = tuple(_with_hidden(one, source.unseen) for one in whole_tier1s(there))
    return tuple(without_silent(tier0, source.silent) for tier0 in tier0s(there)), lower


def _with_hidden(tier1: Tier1, unseen: Sequence[Unseen]) -> Tier1:
    """A Tier-1 whose edge cluster was not seen is taken to have one: what depends on it is in doubt anyway."""
    locale_services = paths.collection(tier1.path, Collection.LOCALE_SERVICES)
    return replace(tier1, clusters=("not seen",)) if not tier1.clusters and hidden(unseen, locale_services) else tier1


def _on_manager(source: Live, neighbours: Sequence[WorkloadDomain]) -> OnManager | None:
    """What hangs below the Tier-0 there; None where the Tier-1s could not be seen: then the file's stand in."""
    if hidden(source.unseen, paths.collection(INFRA, Collection.TIER1S)):
        return None
    whole = whole_tier1s(source.objects)  # with rules that are not realized: their pods are there, and are asked about
    lower = tuple(_with_hidden(one, source.unseen) for one in whole if one.tier0 == source.gateway)
    elsewhere = frozenset(name for other in neighbours for name in other.tier1s)
    return OnManager(lower, virtual_servers(source.objects), source.unseen, elsewhere)


def _unread(tier0: Tier0, lower: Sequence[Tier1]) -> list[Unseen]:
    """Objects that may well do something to packets, and whose meaning is not known."""
    found = [Unseen(f"an object of {tier0.id}", sentence) for sentence in tier0.unread]
    return found + [
        Unseen(f"an object of Tier-1 {one.id}", sentence, one.id) for one in lower for sentence in one.unread
    ]


def _idle(source: Source) -> Iterator[str]:
    """What is on a manager and does nothing."""
    if isinstance(source, Live):
        for path, state in source.states.items():
            if acts(path) and path in source.objects:
                yield f"{paths.last(path)} is on the manager and not realized ({state}): walked is that it does nothing"


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
