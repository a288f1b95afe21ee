"""Objects of some types, wherever they stand: few collections are read where they stand, many are left to the manager's search.

The search answers from an index that lags behind the objects (NSX API guide, search; terraform-provider-nsxt waits for it): what is to be
changed is read again where it stands. It may well leave out in silence what a user has no right to (assumption), so a few of the
collections are asked first. Where it is refused, not offered, or of no use, all collections are read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from egress.manager.client import Manager
from egress.manager.parts import Found, Part, collect, on_tier0s, rules_of_tier1, services_of_tier1
from egress.manager.refusals import MissingError, ObjectError, PartError, or_why
from egress.policy import paths
from egress.policy.paths import Collection, Section
from egress.policy.sighting import Doubt, Unseen
from egress.policy.tree import Json, PolicyObjects, children
from egress.vocabulary import INFRA

Fallback = Callable[[PolicyObjects], Iterator[Part]]


FEW = 150
"""So many collections of one sort are read one by one: 50 Tier-1s with three NAT sections each, less than two seconds at NSX's limit."""


_TRIED = len(Section)
"""So many collections are asked before the search is trusted: of NAT rules, every section of one Tier-1."""


@dataclass(frozen=True)
class Sort:
    """Objects of some types. `types`: as a search names them. `collections`: where they stand, once what is above them was read.

    `later`: what is above them is a sort of the same reading. `rare`: hardly any of the collections holds something, so they are searched first.
    """

    types: tuple[str, ...]
    collections: Fallback
    later: bool = False
    rare: bool = False


def read_by_type(manager: Manager, found: Found, pool: ThreadPoolExecutor, sorts: tuple[Sort, ...]) -> None:
    """Reads objects of every sort. What stands below a Tier-0 is left out: that is read where it stands."""
    for later in (False, True):
        round_ = [(sort, list(sort.collections(found.objects))) for sort in sorts if sort.later is later]
        many = [(sort, parts) for sort, parts in round_ if sort.rare or len(parts) > FEW]
        answers = list(pool.map(lambda one: _found(manager, *one), many))
        few = [part for sort, parts in round_ if not (sort.rare or len(parts) > FEW) for part in parts]
        collect(manager, found, pool, few)
        for (_, parts), answer in zip(many, answers, strict=True):
            if answer is None:
                collect(manager, found, pool, parts)
            else:
                found.objects.update(answer)


def _found(manager: Manager, sort: Sort, parts: Sequence[Part]) -> dict[str, Json] | None:
    """What the search finds; None where it is of no use, or the user has no right to one of the collections."""
    if not all(_readable(manager, part) for part in parts[:_TRIED]):
        return None
    answer = or_why(lambda: dict(_searched(manager, sort.types)))
    if isinstance(answer, str):
        return None
    return {path: body for path, body in answer.items() if not path.startswith(_TIER0S)}


def _readable(manager: Manager, part: Part) -> bool:
    try:
        next(manager.children(part.parent, part.kind), None)
    except MissingError:
        return True  # its parent has gone meanwhile
    except ObjectError:
        return False
    except PartError:
        return True
    return True


def _searched(manager: Manager, types: tuple[str, ...]) -> Iterator[tuple[str, Json]]:
    wanted = types[0] if len(types) == 1 else f"({' OR '.join(types)})"
    for body in manager.all(paths.SEARCH, query=f"resource_type:{wanted} AND marked_for_delete:false"):
        path = body.get("path")
        if not isinstance(path, str) or not paths.is_path(path):
            raise PartError(f"{manager.host} answered a search for {wanted} with an object without a path")
        if not body.get("marked_for_delete"):
            yield path, body


_TIER0S = f"{paths.collection(INFRA, Collection.TIER0S)}/"


def _top(kind: Collection) -> Fallback:
    """One of the collections of what may hang on Tier-0s."""
    return lambda _: (part for part in on_tier0s("below the Tier-0s") if part.kind is kind)


def _pools(_: PolicyObjects) -> Iterator[Part]:
    yield Part(INFRA, Collection.IP_POOLS, Unseen("IP pools", "", doubt=Doubt.NONE))


def _blocks(objects: PolicyObjects) -> Iterator[Part]:
    """Of the manager, and of the projects that were read."""
    for path in (
        INFRA,
        *(f"{project}{INFRA}" for project, _ in list(children(objects, paths.ORG, Collection.PROJECTS))),
    ):
        yield Part(path, Collection.IP_BLOCKS, Unseen("IP blocks", "", doubt=Doubt.NONE))


def _below(parents: Collection, kind: Collection, what: str) -> Fallback:
    """Below each of the pools that were read."""
    return lambda objects: (
        Part(path, kind, Unseen(f"{what} {paths.last(path)}", "", doubt=Doubt.NONE))
        for path, _ in list(children(objects, INFRA, parents))
    )


def _services(objects: PolicyObjects) -> Iterator[Part]:
    return (services_of_tier1(path) for path, _ in list(children(objects, INFRA, Collection.TIER1S)))


def _rules(objects: PolicyObjects) -> Iterator[Part]:
    for path, _ in list(children(objects, INFRA, Collection.TIER1S)):
        yield from rules_of_tier1(path, tuple(Section))


def _own_segments(objects: PolicyObjects) -> Iterator[Part]:
    """Segments below Tier-1s; others stand beside them."""
    for path, _ in list(children(objects, INFRA, Collection.TIER1S)):
        yield Part(path, Collection.SEGMENTS, Unseen("segments below Tier-1s", "", doubt=Doubt.NONE))


def _clusters(_: PolicyObjects) -> Iterator[Part]:
    yield Part(paths.ENFORCEMENT_POINT, Collection.EDGE_CLUSTERS, Unseen("edge clusters", "", doubt=Doubt.NONE))


def _nodes(objects: PolicyObjects) -> Iterator[Part]:
    for path, _ in list(children(objects, paths.ENFORCEMENT_POINT, Collection.EDGE_CLUSTERS)):
        what = Unseen(f"edge nodes of {paths.last(path)}", "", doubt=Doubt.NONE)
        yield Part(path, Collection.EDGE_NODES, what)


BLOCKS = Sort(("IpAddressBlock",), _blocks)
STORES = (
    BLOCKS,
    Sort(("IpAddressPool",), _pools),
    Sort(
        ("IpAddressPoolBlockSubnet", "IpAddressPoolStaticSubnet"),
        _below(Collection.IP_POOLS, Collection.IP_SUBNETS, "subnets of IP pool"),
        later=True,
    ),
    Sort(
        ("IpAddressAllocation",),
        _below(Collection.IP_POOLS, Collection.IP_ALLOCATIONS, "addresses handed out by IP pool"),
        later=True,
    ),
)
"""IP blocks and pools, with what they hand out."""
SORTS = (
    Sort(("Tier1",), _top(Collection.TIER1S)),
    Sort(("LocaleServices",), _services, later=True),
    Sort(("PolicyNatRule",), _rules, later=True),
    Sort(("Segment",), _top(Collection.SEGMENTS)),
    Sort(("Segment",), _own_segments, later=True, rare=True),
    Sort(("LBService",), _top(Collection.LB_SERVICES)),
    Sort(("LBVirtualServer",), _top(Collection.LB_VIRTUAL_SERVERS)),
    Sort(("PolicyEdgeCluster",), _clusters),
    Sort(("PolicyEdgeNode",), _nodes, later=True),
    *STORES,
)
"""What a survey reads by type."""
