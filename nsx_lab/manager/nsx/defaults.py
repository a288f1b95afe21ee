"""Objects that a manager has before anybody configured it, and those that come with others."""

from __future__ import annotations

from collections.abc import Sequence

from nsx_lab.manager.nsx.profiles import Profile
from nsx_lab.manager.store.envelope import compose
from nsx_lab.manager.store.kinds import NAT_SECTIONS, Place, locate
from nsx_lab.manager.store.ledger import Evidence, claim, not_modelled
from nsx_lab.manager.store.store import Object, Transaction

SITE = "/infra/sites/default"
ENFORCEMENT_POINT = f"{SITE}/enforcement-points/default"

claim(
    "site default with enforcement point default, domain default, BFD profile default, the default IPv6 profiles, service DNS-UDP and two "
    "transport zones are always there",
    Evidence.ACCEPTANCE,
    "terraform-provider-nsxt looks them up without creating them (BFD profile 'default' in "
    "TestAccResourceNsxtPolicyStaticRouteBfdPeer_basic; IPv6 profiles: #474)",
    "test_objects.py::test_default_objects_are_there",
)
claim(
    "each gateway gets the NAT sections INTERNAL, USER, DEFAULT and NAT64, owned by the system",
    Evidence.SPEC,
    "NSX 9.1 API specification, example response of GET /infra/tier-1s/{id}/nat; vcf-nsx PolicyNat.nat_type",
    "test_objects.py::test_gateway_has_four_nat_sections",
)

claim(
    "each locale service of a Tier-0 has one BGP configuration, made with it, and a realized entity of it",
    Evidence.ACCEPTANCE,
    "TestAccResourceNsxtPolicyTier0Gateway_withEdgeCluster expects one that nobody wrote, TestAccResourceNsxtPolicyTier0Gateway_createWithBGP waits for its realization",
    "test_objects.py::test_locale_service_of_a_tier0_has_a_bgp_configuration",
)

not_modelled(
    "a write to an object that is still marked for deletion",
    "it is made anew, as if nothing of that name were on its way out; code 500045 never occurs",
)
claim(
    "org default, project default, its transit gateway and VPC connectivity profile are always there in profile 9.1",
    Evidence.SPEC,
    "vcf-nsx Project.default, TransitGateway.is_default, VpcConnectivityProfile.is_default: made by the system; their ids are an assumption",
    "test_vpcs.py::test_default_project_is_there",
)
claim(
    "a VPC gets the NAT sections INTERNAL, USER and DEFAULT",
    Evidence.ASSUMPTION,
    "vcf-nsx PolicyNat.nat_type; nsx-operator reads DEFAULT and terraform-provider-nsxt (nsxt_vpc_nat) USER; that the third is there is not known",
    "test_vpcs.py::test_default_snat_of_a_vpc",
)

not_modelled("Global Manager", "404")

FIRST_BGP: Object = {"enabled": True, "ecmp": True, "multipath_relax": True, "local_as_num": "65000"}
"""What the BGP configuration of an ACTIVE_ACTIVE Tier-0 begins with (store.given)."""

_ALWAYS: dict[str, Object] = {
    SITE: {},
    ENFORCEMENT_POINT: {},
    "/infra/domains/default": {},
    "/infra/bfd-profiles/default": {},
    "/infra/ipv6-ndra-profiles/default": {},
    "/infra/ipv6-dad-profiles/default": {},
    "/infra/services/DNS-UDP": {},
    f"{ENFORCEMENT_POINT}/transport-zones/overlay": {
        "display_name": "nsx-overlay-transportzone",
        "tz_type": "OVERLAY_BACKED",
    },
    f"{ENFORCEMENT_POINT}/transport-zones/vlan": {"display_name": "nsx-vlan-transportzone", "tz_type": "VLAN_BACKED"},
}


_DEFAULT_PROJECT = "/orgs/default/projects/default"
_PROJECT: dict[str, Object] = {
    "/orgs/default": {},
    _DEFAULT_PROJECT: {"default": True},
    f"{_DEFAULT_PROJECT}/transit-gateways/default": {"is_default": True},
    f"{_DEFAULT_PROJECT}/vpc-connectivity-profiles/default": {
        "is_default": True,
        "transit_gateway_path": f"{_DEFAULT_PROJECT}/transit-gateways/default",
    },
}


def add_always(tx: Transaction, profile: Profile, now: int) -> None:
    """The objects of a fresh manager."""
    wanted = dict(_ALWAYS)
    if profile.network_spans:
        wanted["/infra/network-spans/default"] = {"is_default": True}
    if profile.vpcs:
        wanted.update(_PROJECT)
    for path, body in wanted.items():
        add(tx, path, body, now)


def add(tx: Transaction, path: str, body: Object, now: int, *, owned: bool = True) -> None:
    """One object that the system makes, unless it is there. `owned`: it is the system's, and cannot be deleted."""
    if tx.get(path) is None:
        obj = complete(tx, compose(_place(path), body, None, "system", now))
        tx.put(path, {**obj, "_system_owned": owned})


def add_referenced_edges(tx: Transaction, references: set[str], now: int) -> None:
    """Edge clusters and nodes that a seed refers to: they are infrastructure, which a seed need not spell out."""
    for path in sorted(references):
        place = locate(path)
        if (
            place is None
            or place.is_collection
            or place.kind.resource_type not in ("PolicyEdgeCluster", "PolicyEdgeNode")
        ):
            continue
        for above in (*place.chain, path):
            add(tx, above, {}, now)


def add_companions(tx: Transaction, place: Place, now: int) -> None:
    """What comes with a new object: NAT sections with a gateway, BGP with a locale service of a Tier-0."""
    if place.kind.resource_type in ("Tier0", "Tier1"):
        add_nat_sections(tx, place.path, now)
    elif place.kind.resource_type == "Vpc":
        add_nat_sections(tx, place.path, now, NAT_SECTIONS[:3])
    elif place.kind.resource_type == "LocaleServices":
        add_bgp(tx, place.path, now)


def add_nat_sections(tx: Transaction, gateway: str, now: int, sections: Sequence[str] = NAT_SECTIONS) -> None:
    """The NAT sections of a gateway or a VPC."""
    for section in sections:
        add(tx, f"{gateway}/nat/{section}", {"nat_type": section}, now)


def add_bgp(tx: Transaction, services: str, now: int) -> None:
    """The BGP configuration of a Tier-0's locale service; nothing for a Tier-1's, which has none."""
    if services.startswith("/infra/tier-0s/"):
        gateway = tx.get("/".join(services.split("/")[:4])) or {}
        active = gateway.get("ha_mode") == "ACTIVE_ACTIVE"
        add(tx, f"{services}/bgp", FIRST_BGP if active else {}, now, owned=False)


def complete(tx: Transaction, obj: Object) -> Object:
    """The object with the values that follow from its gateway, where the client wrote none (store.given says which and why)."""
    if obj["resource_type"] == "PolicyEdgeNode":
        return {"nsx_id": obj["unique_id"], "member_index": _member_index(tx, obj), **obj}
    if obj["resource_type"] == "Segment" and obj["parent_path"] != "/infra":
        return {**obj, "connectivity_path": obj["parent_path"]}
    if obj["resource_type"] != "BgpRoutingConfig" or "inter_sr_ibgp" in obj:
        return obj
    gateway = tx.get("/".join(obj["path"].split("/")[:4])) or {}
    return {**obj, "inter_sr_ibgp": True} if gateway.get("ha_mode") == "ACTIVE_ACTIVE" else obj


def _member_index(tx: Transaction, node: Object) -> int:
    """The index that the node has in its edge cluster, or the first that no other has."""
    known = (tx.get(node["path"]) or {}).get("member_index")
    taken = {other.get("member_index") for other in tx.children(node["parent_path"], "PolicyEdgeNode")}
    return int(known) if known is not None else next(index for index in range(len(taken) + 1) if index not in taken)


def _place(path: str) -> Place:
    place = locate(path)
    assert place is not None, path
    return place
