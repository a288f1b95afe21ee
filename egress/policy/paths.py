"""Every path of the NSX Policy API that this project puts together, and how one is taken apart. Nothing else spells one.

A path is that of the object below /policy/api/v1 (NSX Policy API). `tests/policy/test_paths.py` holds the other rooms to it.
"""

from __future__ import annotations

from enum import StrEnum

from egress.vocabulary import INFRA


class Collection(StrEnum):
    """Where objects of one kind stand below their parent."""

    TIER0S = "tier-0s"
    TIER1S = "tier-1s"
    LOCALE_SERVICES = "locale-services"
    INTERFACES = "interfaces"
    STATIC_ROUTES = "static-routes"
    BFD_PEERS = "bfd-peers"
    NAT = "nat"
    NAT_RULES = "nat-rules"
    BFD_PROFILES = "bfd-profiles"
    EDGE_CLUSTERS = "edge-clusters"
    EDGE_NODES = "edge-nodes"
    NEIGHBORS = "neighbors"
    SEGMENTS = "segments"
    LB_SERVICES = "lb-services"
    LB_VIRTUAL_SERVERS = "lb-virtual-servers"
    IP_BLOCKS = "ip-blocks"
    IP_POOLS = "ip-pools"
    IP_SUBNETS = "ip-subnets"
    IP_ALLOCATIONS = "ip-allocations"
    GATEWAY_CONNECTIONS = "gateway-connections"
    ORGS = "orgs"
    PROJECTS = "projects"
    VPCS = "vpcs"
    VPC_PROFILES = "vpc-connectivity-profiles"
    TRANSIT_GATEWAYS = "transit-gateways"
    ATTACHMENTS = "attachments"


class Section(StrEnum):
    """NAT sections in the order in which NSX evaluates them; each is an object of its own below a gateway."""

    INTERNAL = "INTERNAL"
    USER = "USER"
    DEFAULT = "DEFAULT"

    @property
    def place(self) -> int:
        """Place in that order, from 0."""
        return _PLACES[self]


_PLACES = {section: place for place, section in enumerate(Section)}


ORG = f"/{Collection.ORGS}/default"
"""Path of the only organisation of a local manager (terraform-provider-nsxt asks for no other)."""


def collection(parent: str, kind: Collection) -> str:
    """Path of a collection."""
    return f"{parent}/{kind}"


def child(parent: str, kind: Collection, id_: str) -> str:
    """Path of the object `id_` in a collection below `parent`."""
    return f"{parent}/{kind}/{id_}"


def is_path(text: str) -> bool:
    """Whether a text is the path of an object: of a local manager, a global one, or a project (NSX Policy API)."""
    return text.startswith((f"{INFRA}/", "/global-infra/", "/orgs/"))


def last(path: str) -> str:
    """The id at the end of a path."""
    return path.rstrip("/").rsplit("/", 1)[-1]


def tier0(id_: str) -> str:
    """Path of a Tier-0."""
    return child(INFRA, Collection.TIER0S, id_)


def tier0_above(path: str) -> str:
    """Path of the Tier-0 that a path is of, or below; empty where there is none."""
    parts = path.split("/")
    return "/".join(parts[:4]) if path.startswith(f"{tier0('')}") and len(parts) > 3 and parts[3] else ""


def tier1(id_: str) -> str:
    """Path of a Tier-1."""
    return child(INFRA, Collection.TIER1S, id_)


def is_tier1(path: str) -> bool:
    """Whether a path is that of a Tier-1, of a project's as well."""
    return path.split("/")[-2:-1] == [Collection.TIER1S]


def interface(gateway: str, locale_service: str, id_: str) -> str:
    """Path of an interface of the Tier-0 whose path is `gateway`."""
    return child(child(gateway, Collection.LOCALE_SERVICES, locale_service), Collection.INTERFACES, id_)


def is_interface(path: str) -> bool:
    """Whether a path is that of a gateway's interface."""
    return path.split("/")[-2:-1] == [Collection.INTERFACES]


def static_route(gateway: str, id_: str) -> str:
    """Path of a static route."""
    return child(gateway, Collection.STATIC_ROUTES, id_)


def is_static_route(path: str) -> bool:
    """Whether a path is that of a static route."""
    return path.split("/")[-2:-1] == [Collection.STATIC_ROUTES]


def bfd_peer(gateway: str, id_: str) -> str:
    """Path of a BFD peer of static routes. It lies where a route named `bfd-peers` would have its children."""
    return f"{static_route(gateway, Collection.BFD_PEERS)}/{id_}"


def is_bfd_peer(path: str) -> bool:
    """Whether a path is that of a BFD peer of static routes."""
    return path.split("/")[-2:-1] == [Collection.BFD_PEERS]


def nat_section(gateway: str, section: str = Section.USER) -> str:
    """Path of a NAT section of a gateway."""
    return child(gateway, Collection.NAT, section)


def nat_rule(gateway: str, id_: str, section: str = Section.USER) -> str:
    """Path of a NAT rule."""
    return child(nat_section(gateway, section), Collection.NAT_RULES, id_)


def is_nat_rule(path: str) -> bool:
    """Whether a path is that of a NAT rule."""
    return path.split("/")[-2:-1] == [Collection.NAT_RULES]


def is_locale_service(path: str) -> bool:
    """Whether a path is that of a gateway's locale service."""
    return path.split("/")[-2:-1] == [Collection.LOCALE_SERVICES]


def bgp(locale_service: str) -> str:
    """Path of the BGP configuration of a Tier-0's locale service: each has one."""
    return f"{locale_service}/bgp"


def forwarding_table(gateway: str) -> str:
    """Path of a Tier-0's forwarding tables, one for each edge."""
    return f"{gateway}/forwarding-table"


SEARCH = "/search/query"
"""Objects by a query over the manager's index."""
REALIZED_ENTITIES = f"{INFRA}/realized-state/realized-entities"
"""What NSX made of the object that the query names by `intent_path`."""
REALIZATION_ALARMS = f"{INFRA}/realized-state/alarms"
"""What NSX could not realize, of all objects."""

BLOCK_USAGE = f"{INFRA}/{Collection.IP_BLOCKS}/usage"
"""How full IP blocks are, of all of them (NSX 9)."""


def bfd_profile(id_: str) -> str:
    """Path of a BFD profile."""
    return child(INFRA, Collection.BFD_PROFILES, id_)


ENFORCEMENT_POINT = f"{INFRA}/sites/default/enforcement-points/default"
"""Path of the only enforcement point of a local manager."""


def edge_cluster(id_: str) -> str:
    """Path of an edge cluster of the default enforcement point."""
    return child(ENFORCEMENT_POINT, Collection.EDGE_CLUSTERS, id_)


def edge_node(cluster: str, id_: str) -> str:
    """Path of an edge node of the cluster whose path is `cluster`."""
    return child(cluster, Collection.EDGE_NODES, id_)
