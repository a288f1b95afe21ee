"""Everything that a manager holds around several of its Tier-0s, or all, as far as this user may see it.

    with Manager(access, deadline=Deadline(300)) as manager:
        found = survey(manager)

What stands below a Tier-0 is read where it stands; the rest is read by type (by_type). Only the list of Tier-0s, or each that is named, must
be readable. Any other part that is refused, missing or cut is remembered as not seen, and ends nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

from egress.domain import EgressError
from egress.domain.fields import listed, quoted
from egress.inventory.blocks import usages
from egress.inventory.survey import Survey
from egress.inventory.vpcs import not_shown
from egress.manager.by_type import SORTS, read_by_type
from egress.manager.client import Manager
from egress.manager.parts import AT_ONCE, Found, below_services, below_tier0, collect
from egress.manager.redaction import without_secrets
from egress.manager.refusals import ObjectError, PartError, or_why
from egress.manager.vpcs import look_for_vpcs
from egress.policy import paths
from egress.policy.paths import Collection, last
from egress.policy.sighting import Doubt, Unseen
from egress.policy.tree import Json, PolicyObjects, children
from egress.vocabulary import INFRA


def survey(manager: Manager, tier0s: Sequence[str] = (), tell: Callable[[str], None] = lambda _: None) -> Survey:
    """Reads what is around all Tier-0s, or those whose ids are named. tell: is told what is read now.

    Errors: EgressError where the manager cannot be read, has no Tier-0, or none of an id that is named.
    """
    tell("Tier-0s")
    found = Found(_tier0s(manager, tier0s))
    gateways = tuple(sorted(found.objects))
    version = _version(manager, found)
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="survey") as pool:
        try:
            looked = _read(manager, found, pool, gateways, tell)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    objects = dict(_clean(found))
    unseen = tuple(found.unseen.values())
    return Survey(
        host=manager.host,
        version=version,
        gateways=gateways,
        objects=objects,
        usage=usages(objects, unseen, block_usage(manager, found)),
        unseen=unseen,
        looked_for_vpcs=looked,
    )


def _read(
    manager: Manager, found: Found, pool: ThreadPoolExecutor, gateways: Sequence[str], tell: Callable[[str], None]
) -> bool:
    """Gives whether it could look for VPCs."""
    many = f"{len(gateways)} Tier-0s" if len(gateways) > 1 else last(gateways[0])
    tell(f"what stands below {many}")
    collect(manager, found, pool, chain.from_iterable(below_tier0(one) for one in gateways))
    services = [(path, one) for one in gateways for path, _ in children(found.objects, one, Collection.LOCALE_SERVICES)]
    collect(manager, found, pool, chain.from_iterable(below_services(path, one) for path, one in services))
    tell("VPCs")
    looked = look_for_vpcs(manager, found, pool, blocks=False)
    tell("Tier-1s, segments, load balancers, edges, IP blocks and pools")
    read_by_type(manager, found, pool, SORTS)
    for gateway in gateways:
        for part in _in_projects(found.objects, gateway):
            found.miss(part, part.why)
        for part in not_shown(found.objects, gateway, found.unseen.values()):
            found.miss(part, part.why)
    return looked


def _clean(found: Found) -> Iterator[tuple[str, Json]]:
    """The objects without secrets. One that is nested without end is told, and is none."""
    for path, body in found.objects.items():
        try:
            yield path, without_secrets(body)
        except ValueError as error:
            found.miss(Unseen(f"the object at {path}", "", path=path), f"it cannot be read: {error}")


def _in_projects(objects: PolicyObjects, gateway: str) -> Iterator[Unseen]:
    """Tier-1s of projects that hang on a Tier-0: their rules are not read, so what they send with is not known."""
    for path, body in objects.items():
        if path.startswith(f"{paths.ORG}/") and paths.is_tier1(path) and body.get("tier0_path") == gateway:
            what = f"NAT rules of Tier-1 {last(path)} of project {last(path.rsplit('/', 3)[0])}"
            yield Unseen(what, "Tier-1s of projects are not read", doubt=Doubt.NONE, path=path)


def _version(manager: Manager, found: Found) -> str | None:
    try:
        return manager.version()
    except PartError as error:
        found.miss(Unseen("version of NSX", "", doubt=Doubt.NONE), error.what)
        return None


def block_usage(manager: Manager, found: Found) -> Sequence[Json]:
    """How full NSX 9 says that the blocks are; nothing where it does not: then it is counted, or not known."""
    if not any(f"/{Collection.IP_BLOCKS}/" in path for path in found.objects):
        return ()
    told = or_why(lambda: list(manager.all(paths.BLOCK_USAGE, named=False)))
    return () if isinstance(told, str) else told


def _tier0s(manager: Manager, wanted: Sequence[str]) -> dict[str, Json]:
    """The Tier-0s that are asked for, by path."""
    try:
        there = dict(manager.children(INFRA, Collection.TIER0S))
    except ObjectError:
        if not wanted:
            raise
        return {path: manager.get(path) for path in map(paths.tier0, dict.fromkeys(wanted))}
    if not there:
        raise EgressError(f"{manager.host} has no Tier-0: there is nothing to read around one")
    for name in wanted:
        if paths.tier0(name) not in there:
            raise EgressError(_absent(manager.host, name, there))
    return {path: body for path, body in there.items() if not wanted or last(path) in wanted}


def _absent(host: str, name: str, there: dict[str, Json]) -> str:
    ids = sorted(map(last, there))
    called = sorted(last(path) for path, body in there.items() if body.get("display_name") == name)
    if called:
        return f"{host} has no Tier-0 with the id {quoted(name)}, which is the display name of {listed(called)}: give the id"
    return f"{host} has no Tier-0 with the id {quoted(name)}: there are {listed(ids)}"
