"""Objects found by their type over a manager's search, and over its collections where the search is refused or not offered.

The search answers from an index that lags behind the objects (NSX API guide, search; terraform-provider-nsxt waits for it): what is to be
changed is read again where it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from egress.manager.client import Manager
from egress.manager.parts import Found, Part, collect, on_tier0s, rules_of_tier1, services_of_tier1
from egress.manager.refusals import PartError, or_why
from egress.policy import paths
from egress.policy.paths import Collection, Section
from egress.policy.sighting import Doubt, Unseen
from egress.policy.tree import Json, PolicyObjects, children
from egress.vocabulary import INFRA

Fallback = Callable[[PolicyObjects], Iterator[Part]]


@dataclass(frozen=True)
class Sort:
    """Objects of some types. `types`: as a search names them. `collections`: where they stand, once what is above them was read."""

    types: tuple[str, ...]
    collections: Fallback


def search_by_type(manager: Manager, found: Found, pool: ThreadPoolExecutor, sorts: tuple[Sort, ...]) -> None:
    """Reads objects of every sort, side by side; a sort whose search fails is read from its collections, in the order of the sorts.

    What stands below a Tier-0 is left out: that is read where it stands.
    """
    answers = pool.map(lambda sort: or_why(lambda: dict(_searched(manager, sort.types))), sorts)
    for sort, answer in zip(sorts, list(answers), strict=True):
        if isinstance(answer, str):
            collect(manager, found, pool, sort.collections(found.objects))
        else:
            found.objects.update((path, body) for path, body in answer.items() if not path.startswith(_TIER0S))


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
    ),
    Sort(
        ("IpAddressAllocation",),
        _below(Collection.IP_POOLS, Collection.IP_ALLOCATIONS, "addresses handed out by IP pool"),
    ),
)
"""IP blocks and pools, with what they hand out."""
SORTS = (
    Sort(("Tier1",), _top(Collection.TIER1S)),
    Sort(("LocaleServices",), _services),
    Sort(("PolicyNatRule",), _rules),
    Sort(("Segment",), _top(Collection.SEGMENTS)),
    Sort(("LBService",), _top(Collection.LB_SERVICES)),
    Sort(("LBVirtualServer",), _top(Collection.LB_VIRTUAL_SERVERS)),
    Sort(("PolicyEdgeCluster",), _clusters),
    Sort(("PolicyEdgeNode",), _nodes),
    *STORES,
)
"""What a survey finds by type, parents first."""
