"""VPCs below the projects of a manager, and what connects them with a Tier-0. NSX before 9, or without projects, costs one request.

The list of projects, and of each its VPCs, are read where they stand, so that a right that is missing is noticed; the rest is read by type.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from egress.manager.by_type import BLOCKS, Sort, read_by_type
from egress.manager.client import Manager
from egress.manager.parts import Found, Part, collect
from egress.manager.refusals import MissingError, PartError
from egress.policy import paths
from egress.policy.paths import Collection, Section, last
from egress.policy.sighting import Doubt, Unseen
from egress.policy.tree import PolicyObjects, children
from egress.vocabulary import INFRA

_WHAT = "VPCs and their egress addresses"


def look_for_vpcs(manager: Manager, found: Found, pool: ThreadPoolExecutor, *, blocks: bool) -> bool:
    """Reads every VPC and what it leads to; gives whether it could look for them everywhere. blocks: reads IP blocks, too, if there are VPCs."""
    try:
        projects = dict(manager.children(paths.ORG, Collection.PROJECTS))
    except MissingError:
        return False  # NSX before 9, or one that nobody gave projects: there is no such path
    except PartError as error:
        found.miss(replace(_unseen(_WHAT), path=paths.collection(paths.ORG, Collection.PROJECTS)), error.what)
        return False
    found.objects.update(projects)
    listed = [Part(path, Collection.VPCS, _unseen(f"VPCs of project {last(path)}")) for path in projects]
    collect(manager, found, pool, listed)
    if _vpcs(found.objects):
        read_by_type(manager, found, pool, (*_SORTS, BLOCKS) if blocks else _SORTS)
    unseen = {one.path for one in found.unseen.values()}
    return not any(part.path in unseen for part in listed)


def _unseen(what: str) -> Unseen:
    """What is not asked depends on it; what is asked does not."""
    return Unseen(what, "", doubt=Doubt.NONE)


def _vpcs(objects: PolicyObjects) -> list[str]:
    return [path for project in _projects(objects) for path, _ in children(objects, project, Collection.VPCS)]


def _projects(objects: PolicyObjects) -> list[str]:
    return [path for path, _ in children(objects, paths.ORG, Collection.PROJECTS)]


def _of_vpcs(objects: PolicyObjects) -> Iterator[Part]:
    for path in _vpcs(objects):
        yield Part(path, Collection.ATTACHMENTS, _unseen(f"where VPC {last(path)} leads to"))


def _rules(objects: PolicyObjects) -> Iterator[Part]:
    for path in _vpcs(objects):
        for section in Section:
            rules = _unseen(f"NAT rules of VPC {last(path)}")
            yield Part(paths.nat_section(path, section), Collection.NAT_RULES, rules)


def _profiles(objects: PolicyObjects) -> Iterator[Part]:
    for path in _projects(objects):
        yield Part(path, Collection.VPC_PROFILES, _unseen(f"VPC connectivity profiles of project {last(path)}"))


def _transit(objects: PolicyObjects) -> Iterator[Part]:
    for path in _projects(objects):
        yield Part(path, Collection.TRANSIT_GATEWAYS, _unseen(f"transit gateways of project {last(path)}"))


def _attachments(objects: PolicyObjects) -> Iterator[Part]:
    for project in _projects(objects):
        for path, _ in list(children(objects, project, Collection.TRANSIT_GATEWAYS)):
            yield Part(path, Collection.ATTACHMENTS, _unseen(f"where transit gateway {last(path)} leads to"))


def _connections(_: PolicyObjects) -> Iterator[Part]:
    yield Part(INFRA, Collection.GATEWAY_CONNECTIONS, _unseen("gateway connections of transit gateways"))


_SORTS = (
    Sort(("VpcAttachment",), _of_vpcs),
    Sort(("PolicyVpcNatRule",), _rules),
    Sort(("VpcConnectivityProfile",), _profiles),
    Sort(("TransitGateway",), _transit),
    Sort(("TransitGatewayAttachment",), _attachments, later=True),
    Sort(("GatewayConnection",), _connections),
)
"""What is around VPCs."""
