"""Where a topology comes from: the domain files, a plan or a manager, and the gateways in it as that source has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeAlias

from egress.domain import HaMode, WorkloadDomain
from egress.inventory.vpcs import vpcs
from egress.policy import paths
from egress.policy.gateways import Memory, Tier0, tier0s
from egress.policy.paths import Collection
from egress.policy.planned import Planned
from egress.policy.sighting import NOTHING, Sighting, Unseen, acting, hidden, out_of_sight, tells_of
from egress.policy.tier1s import Tier1, tier1s, whole_tier1s
from egress.policy.tree import Json, PolicyObjects
from egress.policy.virtual_servers import virtual_servers
from egress.policy.watching import bgp, silent_hops, watched_hops, without_silent
from egress.reachability.assemble import Assembly
from egress.reachability.below_found import OnManager
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


_PROXY_ARP = (3, 2)
"""Since this version NSX answers ARP for translated addresses on ACTIVE_ACTIVE, too (vxplanet.com 2021-02-12 and 2022-08-22)."""


def is_old(domain: WorkloadDomain) -> bool:
    """Whether the NSX of the domain file is from before that."""
    return bool(domain.nsx.version) and tuple(map(int, str(domain.nsx.version).split("."))) < _PROXY_ARP


@dataclass(frozen=True)
class Gateways:
    """The gateways in a set of Policy objects. `imagined`: Tier-1s that only the world has; they come last. `old`: their NSX is from before
    proxy ARP on ACTIVE_ACTIVE."""

    upper: tuple[Tier0, ...]
    lower: tuple[Tier1, ...]
    source: Source
    old: bool
    imagined: tuple[Tier1, ...] = ()
    memory: Memory = field(default_factory=Memory, repr=False)

    @cached_property
    def names(self) -> frozenset[str]:
        """Ids of the Tier-1s that are there."""
        return frozenset(one.id for one in self.lower)

    def of(self, objects: PolicyObjects, before: PolicyObjects | None = None) -> Gateways:
        """The same of other objects. `before`: those that these were read from, by the same source."""
        if before is not None and _below(before) == _below(objects):
            return replace(self, upper=self._upper(objects))
        lower = self._lower(objects)
        there = {one.id for one in lower}
        imagined = tuple(one for one in self.imagined if one.id not in there)
        return replace(self, upper=self._upper(objects), lower=lower, imagined=imagined)

    def changed(self, objects: PolicyObjects, changed: Iterable[str]) -> Gateways:
        """The same of objects that differ in these places alone, by their paths."""
        if any(path.startswith(_BELOW) for path in changed):
            return self.of(objects)
        return replace(self, upper=self._upper(objects))

    def _upper(self, objects: PolicyObjects) -> tuple[Tier0, ...]:
        """Of a manager's, what is not realized is left out, and next hops whose BFD peer is silent."""
        if isinstance(self.source, Live):
            there = tier0s(acting(objects, self.source.states), self.memory)
            found = tuple(without_silent(tier0, self.source.silent) for tier0 in there)
        else:
            found = tier0s(objects, self.memory)
        if not self.old:
            return found
        return tuple(replace(one, proxies=one.ha_mode is not HaMode.ACTIVE_ACTIVE) for one in found)

    def _lower(self, objects: PolicyObjects) -> tuple[Tier1, ...]:
        """Whole where a manager has them; otherwise the World says what they translate."""
        if not isinstance(self.source, Live):
            return tier1s(objects)
        unseen = self.source.unseen
        return tuple(_with_hidden(one, unseen) for one in whole_tier1s(acting(objects, self.source.states)))

    def assembly(self, world: World, before: Assembly | None) -> Assembly:
        """The topology of them in a world."""
        return Assembly(self.upper, self.lower, world, before, self.imagined)


_BELOW = tuple(f"{paths.collection(INFRA, kind)}/" for kind in (Collection.TIER1S, Collection.SEGMENTS))
"""How the paths begin of everything that belongs to Tier-1s."""


def _below(objects: PolicyObjects) -> dict[str, Json]:
    return {path: body for path, body in objects.items() if path.startswith(_BELOW)}


def _with_hidden(tier1: Tier1, unseen: Sequence[Unseen]) -> Tier1:
    """A Tier-1 whose edge cluster was not seen is taken to have one: what depends on it is in doubt anyway."""
    locale_services = paths.collection(tier1.path, Collection.LOCALE_SERVICES)
    return replace(tier1, clusters=("not seen",)) if not tier1.clusters and hidden(unseen, locale_services) else tier1


def on_manager(source: Live, neighbours: Sequence[WorkloadDomain]) -> OnManager | None:
    """What hangs below the Tier-0 there; None where the Tier-1s could not be seen: then the file's stand in."""
    if out_of_sight(source.unseen, paths.collection(INFRA, Collection.TIER1S)):
        return None
    whole = whole_tier1s(source.objects)  # with rules that are not realized: their pods are there, and are asked about
    lower = tuple(_with_hidden(one, source.unseen) for one in whole if one.tier0 == source.gateway)
    elsewhere = frozenset(name for other in neighbours for name in other.tier1s)
    below = vpcs(source.objects, source.gateway)
    return OnManager(lower, virtual_servers(source.objects), source.unseen, elsewhere, below)


@dataclass(frozen=True)
class Said:
    """What is to be said of a manager: what it has and does not act, what BFD means there, what could not be seen."""

    differs: tuple[str, ...] = ()
    watched: tuple[str, ...] = ()
    unseen: tuple[Unseen, ...] = ()


def of_manager(source: Source, tier0: Tier0, lower: Sequence[Tier1]) -> Said:
    """The same, of a source that is none nothing."""
    if not isinstance(source, Live):
        return Said()
    watched = tuple(watched_hops(tier0, source.objects, source.silent))
    return Said(tuple(_idle(source)), watched, (*source.unseen, *_unread(tier0, lower), *bgp(source.objects)))


def _unread(tier0: Tier0, lower: Sequence[Tier1]) -> list[Unseen]:
    """Objects that may well do something to packets, and whose meaning is not known."""
    found = [Unseen(f"an object of {tier0.id}", sentence) for sentence in tier0.unread]
    return found + [
        Unseen(f"an object of Tier-1 {one.id}", sentence, one.id) for one in lower for sentence in one.unread
    ]


def _idle(source: Live) -> Iterator[str]:
    """What is on a manager and does nothing."""
    for path, state in source.states.items():
        if tells_of(path) and path in source.objects:
            yield f"{paths.last(path)} is on the manager and not realized ({state}): walked is that it does nothing"
