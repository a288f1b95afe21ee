"""What the manager puts into fields that a client has not written: each value with the evidence for it, and no value without.

The 9.1 specification meant is `nsx_policy_api.yaml` (vmware/vcf-api-specs), whose `default:` is quoted field by field. `docs/fidelity.md` shows the
table, and a test goes over all kinds: what an object holds beyond what was written stands here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from nsx_lab.manager.store.ledger import Evidence

_SPEC = "NSX 9.1 API specification, `default` of the field"
_TIER1_CAPTURE = (
    "an answer for a Tier-1 of which nothing was written, kept in vmware-tanzu/nsx-operator, pkg/nsx/util (TestInitErrorFromResponse); "
    "it has no type, no arp_limit and, being a distributed router, no ha_mode"
)
_TIER0_CAPTURE = (
    "an answer for a Tier-0, kept in VMware's salt-ext-modules-vmware, tests of the state nsxt_policy_tier0"
)


@dataclass(frozen=True, slots=True)
class Given:
    """One value. `when` are values that other fields of the object must have for it; the first line that fits a field counts.

    A name such as `next_hops[].admin_distance` is that of a field in every entry of a list. `computed` says in words what the value is where it depends on other objects; `value` is None then, and the manager's rules set it.
    """

    name: str
    value: Any
    evidence: Evidence
    reference: str
    when: Mapping[str, Any] = field(default_factory=dict)
    computed: str = ""

    def fits(self, obj: Mapping[str, Any]) -> bool:
        return not self.computed and all(obj.get(name) == value for name, value in self.when.items())


def _spec(name: str, value: Any) -> Given:
    return Given(name, value, Evidence.SPEC, _SPEC)


def _computed(name: str, what: str, evidence: Evidence, reference: str) -> Given:
    return Given(name, None, evidence, reference, computed=what)


_IPV6_PROFILES = ["/infra/ipv6-ndra-profiles/default", "/infra/ipv6-dad-profiles/default"]
_INTERNAL = "vcf-nsx Tier0.internal_transit_subnets: 'When not specified, subnet 169.254.0.0/24 is assigned by default in ACTIVE_ACTIVE HA mode or 169.254.0.0/28 in ACTIVE_STANDBY mode'"
_BLOCK_SUBNET = "vcf-nsx IpAddressPoolBlockSubnet: read-only fields (cidr, gateway_address and the others); which block is first is an assumption"
_ADMIN_STATE = "vcf-nsx {}.admin_state: 'If admin_state flag value is not specified then default is UP'; that it is shown is an assumption"

EVERY_TYPE = "every type"
GIVEN: dict[str, tuple[Given, ...]] = {
    EVERY_TYPE: (
        _computed("display_name", "the id", Evidence.SPEC, "vcf-nsx, display_name of all types: 'Defaults to ID if not set'"),
    ),
    "Tier0": (
        _spec("ha_mode", "ACTIVE_ACTIVE"),
        _spec("failover_mode", "NON_PREEMPTIVE"),
        _spec("force_whitelisting", False),
        _spec("default_rule_logging", False),
        Given("disable_firewall", False, Evidence.CAPTURED, _TIER0_CAPTURE),
        Given("transit_subnets", ["100.64.0.0/16"], Evidence.SPEC, "vcf-nsx Tier0.transit_subnets: 'When not specified, subnet 100.64.0.0/16 is configured by default'"),
        Given("internal_transit_subnets", ["169.254.0.0/28"], Evidence.SPEC, _INTERNAL, when={"ha_mode": "ACTIVE_STANDBY"}),
        Given("internal_transit_subnets", ["169.254.0.0/24"], Evidence.SPEC, _INTERNAL),
        Given("ipv6_profile_paths", _IPV6_PROFILES, Evidence.CAPTURED, f"{_TIER0_CAPTURE}; terraform-provider-nsxt #474"),
        Given("advanced_config", {"forwarding_up_timer": 0, "connectivity": "ON"}, Evidence.CAPTURED, f"{_TIER0_CAPTURE} (NSX 3); the 9.1 specification has 5 as default of the timer"),
    ),
    "Tier1": (
        _spec("failover_mode", "NON_PREEMPTIVE"),
        _spec("force_whitelisting", False),
        _spec("default_rule_logging", False),
        _spec("enable_standby_relocation", False),
        _spec("pool_allocation", "ROUTING"),
        Given("disable_firewall", False, Evidence.CAPTURED, _TIER1_CAPTURE),
        Given("ipv6_profile_paths", _IPV6_PROFILES, Evidence.CAPTURED, _TIER1_CAPTURE),
        Given("route_advertisement_types", ["TIER1_IPSEC_LOCAL_ENDPOINT"], Evidence.CAPTURED, _TIER1_CAPTURE),
        _computed("ha_mode", "ACTIVE_STANDBY as soon as a locale service has an edge cluster; absent before", Evidence.SPEC, "vcf-nsx Tier1.ha_mode: 'If Tier-1 is service router, HaMode will be set as ACTIVE_STANDBY. If Tier-1 is distributed router, HaMode will be set as null'"),
    ),
    "Tier0Interface": (
        _spec("type", "EXTERNAL"),
        _spec("urpf_mode", "STRICT"),
        Given("admin_state", "UP", Evidence.DOC, _ADMIN_STATE.format("Tier0Interface")),
    ),
    "Tier1Interface": (
        _spec("urpf_mode", "STRICT"),
        Given("admin_state", "UP", Evidence.DOC, _ADMIN_STATE.format("Tier1Interface")),
    ),
    "BgpRoutingConfig": (
        *(
            _computed(name, f"{value} in the one that comes with an ACTIVE_ACTIVE Tier-0; absent on ACTIVE_STANDBY", Evidence.ACCEPTANCE, "TestAccResourceNsxtPolicyTier0Gateway_withEdgeCluster")
            for name, value in (("enabled", "true"), ("ecmp", "true"), ("multipath_relax", "true"), ("local_as_num", "65000"))
        ),
        _computed("inter_sr_ibgp", "true, if its Tier-0 is ACTIVE_ACTIVE", Evidence.SPEC, "vcf-nsx BgpRoutingConfig.inter_sr_ibgp: 'When not specified, inter SR IBGP is automatically enabled if Tier-0 is created in ACTIVE_ACTIVE ha_mode'"),
    ),
    "StaticRouteBfdPeer": (_spec("enabled", True),),
    "StaticRoutes": (
        _spec("enabled_on_secondary", False),
        Given("next_hops[].admin_distance", 1, Evidence.DOC, "NSX API reference 9.1.0, RouterNexthop.admin_distance: 1 to 255, default 1; that it is shown is an assumption"),
    ),
    "PolicyNat": (
        _computed("nat_type", "the name of the section", Evidence.SPEC, "NSX 9.1 API specification, PolicyNat: made with its gateway, four sections"),
    ),
    "PolicyNatRule": (
        _spec("enabled", True),
        _spec("firewall_match", "MATCH_INTERNAL_ADDRESS"),
        _spec("logging", False),
        _spec("sequence_number", 0),
    ),
    "Segment": (
        _spec("admin_state", "UP"),
        _spec("replication_mode", "MTEP"),
        _computed("connectivity_path", "the path of its Tier-1, for a segment below one", Evidence.ACCEPTANCE, "TestAccResourceNsxtPolicyFixedSegment_basicUpdate"),
    ),
    "Rule": (
        Given("disabled", False, Evidence.SPEC, "vcf-nsx Rule.disabled: 'Default is activated'"),
        Given("logged", False, Evidence.SPEC, "vcf-nsx Rule.logged: 'Default is deactivated'"),
    ),
    "IpAddressAllocation": (
        _computed("allocation_ip", "the first free address of the pool", Evidence.ASSUMPTION, "that one is given: vcf-nsx IpAddressAllocation; which one comes first is not known"),
    ),
    "IpAddressPoolBlockSubnet": tuple(
        _computed(name, "of the first free block of its size", Evidence.DOC, _BLOCK_SUBNET)
        for name in ("cidr", "network_address", "broadcast_address", "gateway_address", "start_ip")
    ),
    "PolicyEdgeNode": (
        _computed("nsx_id", "the id of its transport node; the lab takes the node's unique_id", Evidence.SPEC, "vcf-nsx PolicyEdgeNode.nsx_id (read-only); that it equals the unique_id is an assumption"),
        _computed("member_index", "the first that no other node of its edge cluster has", Evidence.SPEC, "NSX 9.1 API specification, PolicyEdgeClusterMember.member_index: 'The system assigned index for the edge cluster member'; terraform-provider-nsxt looks nodes up by it"),
    ),
    "PolicyTransportZone": (
        _computed("tz_type", "OVERLAY_BACKED and VLAN_BACKED of the two that are always there", Evidence.ASSUMPTION, "vcf-nsx PolicyTransportZone.tz_type has the words; that there are two zones is the lab's"),
    ),
    "PolicyVpcNatRule": (
        _spec("enabled", True),
        _spec("logging", False),
    ),
    "Project": (_computed("default", "true of the one that is always there", Evidence.SPEC, "vcf-nsx Project.default: 'Default projects are non-editable, system create ones'"),),
    "TransitGateway": (_computed("is_default", "true of the one that is always there", Evidence.SPEC, "vcf-nsx TransitGateway.is_default (read-only)"),),
    "VpcConnectivityProfile": (
        _computed("is_default", "true of the one that is always there", Evidence.SPEC, "vcf-nsx VpcConnectivityProfile.is_default (read-only)"),
        _computed("transit_gateway_path", "the default transit gateway, for the default profile", Evidence.ASSUMPTION, "no source says what the default profile leads to"),
    ),
    "NetworkSpan": (
        _computed("is_default", "true of the one that is always there", Evidence.PROVIDER, "terraform-provider-nsxt 3.12 fails without a default span"),
    ),
}  # fmt: skip


def of_type(resource_type: str) -> Iterator[Given]:
    """The lines for a type: its own, then those for every type."""
    yield from GIVEN.get(resource_type, ())
    yield from GIVEN[EVERY_TYPE]


def _with(entry: Any, name: str, value: Any) -> Any:
    """An entry of a list, with a value if it has none of that name."""
    return {**entry, name: value} if isinstance(entry, dict) and name not in entry else entry


def fill(resource_type: str, written: Mapping[str, Any]) -> dict[str, Any]:
    """The written fields with the manager's values in front of them, for each field that was not written.

    Values are shared with what was given: an object is never altered in place.
    """
    found: dict[str, Any] = {}
    whole = dict(written)
    for line in GIVEN.get(resource_type, ()):
        entries, inside, name = line.name.partition("[].")
        if inside:
            held = whole.get(entries)
            if isinstance(held, list):
                whole[entries] = [_with(entry, name, line.value) for entry in held]
        elif line.name not in found and line.name not in written and line.fits({**found, **written}):
            found[line.name] = line.value
    return {**found, **whole}
