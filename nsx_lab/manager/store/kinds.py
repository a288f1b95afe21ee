"""The object types the lab knows: a table, and the way from a policy path to its row.

Names, wrappers and collections are those of the official SDK, PyPI package `vcf-nsx` 9.1.1.0 (model_client.py for `Child*` classes and
their one field, the `*_client.py` stubs for URL templates).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property, lru_cache


@dataclass(frozen=True)
class Kind:
    """One row: a Policy object type at one place of the tree.

    `collection` is the path between parent and id (`static-routes/bfd-peers`: two segments). A `singleton` has a collection and no id
    in its path. `child_field` is the field of the `Child<type>` wrapper that holds the object; `variants` are the resource types
    allowed where the SDK's type is abstract. `system` objects come with their parent and cannot be deleted.
    """

    resource_type: str
    collection: str
    parents: tuple[str, ...]
    child_field: str = ""
    singleton: bool = False
    variants: tuple[str, ...] = ()
    system: bool = False
    entity_type: str = ""
    goes_along: bool = False
    """It is deleted with its parent; other children keep theirs (500030)."""

    @property
    def child_type(self) -> str:
        """`ChildStaticRoutes` and so on."""
        return f"Child{self.resource_type}"

    @property
    def wrapped_in(self) -> str:
        """The wrapper's field. It is the type's name but for BFD peers (`ChildStaticRouteBfdPeer.BfdPeer`)."""
        return self.child_field or self.resource_type

    @cached_property
    def segments(self) -> tuple[str, ...]:
        return tuple(self.collection.split("/")) if self.collection else ()


INFRA = Kind("Infra", "", ())
ORG_ROOT = Kind("OrgRoot", "", ())
ROOTS = {INFRA.resource_type: "/infra", ORG_ROOT.resource_type: ""}
"""What an object without an object above it stands below, and the path of that."""
KINDS: tuple[Kind, ...] = (
    Kind("Site", "sites", ("Infra",), system=True),
    Kind("EnforcementPoint", "enforcement-points", ("Site",), system=True),
    Kind("PolicyEdgeCluster", "edge-clusters", ("EnforcementPoint",)),
    Kind("PolicyEdgeNode", "edge-nodes", ("PolicyEdgeCluster",), goes_along=True),
    Kind("PolicyTransportZone", "transport-zones", ("EnforcementPoint",)),
    Kind("Tier0", "tier-0s", ("Infra",), entity_type="RealizedLogicalRouter"),
    Kind("Tier1", "tier-1s", ("Infra",), entity_type="RealizedLogicalRouter"),
    Kind("LocaleServices", "locale-services", ("Tier0", "Tier1"), goes_along=True),
    Kind(
        "Tier0Interface",
        "interfaces",
        ("Tier0/LocaleServices",),
        entity_type="RealizedLogicalRouterPort",
    ),
    Kind(
        "Tier1Interface",
        "interfaces",
        ("Tier1/LocaleServices",),
        entity_type="RealizedLogicalRouterPort",
    ),
    Kind("ServiceInterface", "service-interfaces", ("LocaleServices",), entity_type="RealizedLogicalRouterPort"),
    Kind(
        "BgpRoutingConfig",
        "bgp",
        ("Tier0/LocaleServices",),
        singleton=True,
        entity_type="RealizedBgpRoutingConfig",
        goes_along=True,
    ),
    Kind("BgpNeighborConfig", "neighbors", ("BgpRoutingConfig",), entity_type="RealizedBgpNeighborConfig"),
    Kind(
        "StaticRouteBfdPeer",
        "static-routes/bfd-peers",
        ("Tier0",),
        child_field="BfdPeer",
        entity_type="RealizedStaticRouteBfdPeer",
    ),
    Kind(
        "StaticRoutes",
        "static-routes",
        ("Tier0", "Tier1"),
        entity_type="RealizedStaticRoute",
    ),
    Kind("PolicyNat", "nat", ("Tier0", "Tier1", "Vpc"), system=True, goes_along=True),
    Kind(
        "PolicyNatRule",
        "nat-rules",
        ("Tier0/PolicyNat", "Tier1/PolicyNat"),
        entity_type="RealizedLogicalRouterNatRule",
    ),
    Kind("PrefixList", "prefix-lists", ("Tier0",), entity_type="RealizedPrefixList"),
    Kind(
        "Segment",
        "segments",
        ("Infra", "Tier1"),
        entity_type="RealizedLogicalSwitch",
    ),
    Kind("SegmentPort", "ports", ("Segment",), entity_type="RealizedLogicalPort"),
    *(
        Kind(f"Segment{name}BindingMap", f"segment-{collection}-binding-maps", ("Segment",), goes_along=True)
        for name, collection in (
            ("Connection", "connection"),
            ("DiscoveryProfile", "discovery-profile"),
            ("MonitoringProfile", "monitoring-profile"),
            ("QosProfile", "qos-profile"),
            ("SecurityProfile", "security-profile"),
        )
    ),
    Kind(
        "DhcpStaticBindingConfig",
        "dhcp-static-binding-configs",
        ("Segment",),
        variants=("DhcpV4StaticBindingConfig", "DhcpV6StaticBindingConfig"),
    ),
    Kind("DhcpRelayConfig", "dhcp-relay-configs", ("Infra",), entity_type="RealizedDhcpRelay"),
    Kind("DhcpServerConfig", "dhcp-server-configs", ("Infra",), entity_type="RealizedDhcpServer"),
    Kind("LBService", "lb-services", ("Infra",), entity_type="RealizedLbService"),
    Kind("LBPool", "lb-pools", ("Infra",), entity_type="RealizedLbPool"),
    Kind("LBVirtualServer", "lb-virtual-servers", ("Infra",), entity_type="RealizedLbVirtualServer"),
    Kind("BfdProfile", "bfd-profiles", ("Infra",)),
    Kind("IpAddressPool", "ip-pools", ("Infra",), entity_type="RealizedIpPool"),
    Kind(
        "IpAddressPoolSubnet",
        "ip-subnets",
        ("IpAddressPool",),
        variants=("IpAddressPoolBlockSubnet", "IpAddressPoolStaticSubnet"),
        entity_type="RealizedIpSubnet",
    ),
    Kind("IpAddressAllocation", "ip-allocations", ("IpAddressPool",), entity_type="RealizedIpAllocation"),
    Kind("IpAddressBlock", "ip-blocks", ("Infra",), entity_type="RealizedIpBlock"),
    Kind("Domain", "domains", ("Infra",), system=True),
    Kind("GatewayPolicy", "gateway-policies", ("Domain",), entity_type="RealizedFirewallSection"),
    Kind(
        "Rule",
        "rules",
        ("GatewayPolicy",),
        entity_type="RealizedFirewallRule",
        goes_along=True,
    ),
    Kind("Service", "services", ("Infra",)),
    Kind("Ipv6NdraProfile", "ipv6-ndra-profiles", ("Infra",)),
    Kind("Ipv6DadProfile", "ipv6-dad-profiles", ("Infra",)),
    Kind("NetworkSpan", "network-spans", ("Infra",)),
    Kind("GatewayConnection", "gateway-connections", ("Infra",)),
    Kind("Org", "orgs", ("OrgRoot",), system=True),
    Kind("Project", "projects", ("Org",)),
    Kind("IpAddressBlock", "infra/ip-blocks", ("Project",), entity_type="RealizedIpBlock"),
    Kind("TransitGateway", "transit-gateways", ("Project",), entity_type="RealizedLogicalRouter"),
    Kind("TransitGatewayAttachment", "attachments", ("TransitGateway",)),
    Kind("CentralizedConfig", "centralized-configs", ("TransitGateway",), goes_along=True),
    Kind("VpcConnectivityProfile", "vpc-connectivity-profiles", ("Project",)),
    Kind("Vpc", "vpcs", ("Project",), entity_type="RealizedLogicalRouter"),
    Kind("VpcAttachment", "attachments", ("Vpc",), goes_along=True),
    Kind("VpcSubnet", "subnets", ("Vpc",), entity_type="RealizedLogicalSwitch"),
    Kind(
        "PolicyVpcNatRule", "nat-rules", ("Vpc/PolicyNat",), entity_type="RealizedLogicalRouterNatRule", goes_along=True
    ),
)

WITH_VPCS = frozenset(
    {
        "GatewayConnection", "Org", "Project", "TransitGateway", "TransitGatewayAttachment", "CentralizedConfig", "VpcConnectivityProfile",
        "Vpc", "VpcAttachment", "VpcSubnet", "PolicyVpcNatRule",
    }
)  # fmt: skip
"""Types that are there with projects and VPCs only."""

NAT_SECTIONS = ("INTERNAL", "USER", "DEFAULT", "NAT64")
"""Sections below each gateway, created with it (`_system_owned`): vcf-nsx PolicyNat.nat_type; example in the NSX 9.1 API specification."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a path leads: to one object (`id` set) or to a collection (`id` empty), of `kind`, below `parent`.

    `chain` are the paths of the ancestors that must exist, outermost first, without `/infra`.
    """

    kind: Kind
    parent: str
    id: str
    chain: tuple[str, ...]

    @property
    def path(self) -> str:
        base = f"{self.parent}/{self.kind.collection}"
        return base if self.kind.singleton or not self.id else f"{base}/{self.id}"

    @property
    def is_collection(self) -> bool:
        return not self.id


def children_of(lineage: tuple[str, ...]) -> tuple[Kind, ...]:
    """Kinds that may stand below a kind whose ancestors' types are `lineage`, longest collection first."""
    return _children_of(*lineage[-2:])


@cache
def _children_of(*above: str) -> tuple[Kind, ...]:
    last, pair = above[-1], "/".join(above)
    found = [kind for kind in KINDS if last in kind.parents or pair in kind.parents]
    return tuple(sorted(found, key=lambda kind: -len(kind.segments)))


LONG = 1000
"""Characters beyond which a path is not remembered: nobody fills the memory with such."""


def locate(path: str) -> Place | None:
    """The place a policy path (`/infra/...`, `/orgs/...`) leads to; None when no type of the table has such a path."""
    return _remembered(path) if len(path) <= LONG else _locate(path)


def _locate(path: str) -> Place | None:
    rest = path.split("/")[1:]
    if not rest or rest[0] not in ("infra", "orgs") or "" in rest:
        return None
    if rest[0] == "infra":
        return _walk(tuple(rest[1:]), (INFRA.resource_type,), "/infra", ())
    return _walk(tuple(rest), (ORG_ROOT.resource_type,), "", ())


_remembered = lru_cache(maxsize=65536)(_locate)


def _walk(rest: tuple[str, ...], lineage: tuple[str, ...], parent: str, chain: tuple[str, ...]) -> Place | None:
    for kind in children_of(lineage):
        size = len(kind.segments)
        if rest[:size] != kind.segments:
            continue
        after = rest[size:]
        if kind.singleton:
            here = f"{parent}/{kind.collection}"
            if not after:
                return Place(kind, parent, kind.collection, chain)
            return _walk(after, (*lineage, kind.resource_type), here, (*chain, here))
        if not after:
            return Place(kind, parent, "", chain)
        if len(after) == 1:
            return Place(kind, parent, after[0], chain)
        here = f"{parent}/{kind.collection}/{after[0]}"
        return _walk(after[1:], (*lineage, kind.resource_type), here, (*chain, here))
    return None


def child_kind(lineage: tuple[str, ...], child_type: str) -> Kind | None:
    """The kind that a `Child*` wrapper of that name holds below this lineage; None when it may not stand there."""
    for kind in children_of(lineage):
        if kind.child_type == child_type:
            return kind
    return None


def lineage_of(place: Place) -> tuple[str, ...]:
    """Types from Infra or OrgRoot down to the place's own."""
    types = [INFRA.resource_type if place.path.startswith("/infra/") else ORG_ROOT.resource_type]
    for path in place.chain:
        found = locate(path)
        assert found is not None
        types.append(found.kind.resource_type)
    return (*types, place.kind.resource_type)
