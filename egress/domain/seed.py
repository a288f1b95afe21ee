"""What a lab must hold before this domain's stack is applied: the Tier-0 with its interfaces, and the Tier-1s behind it.

The form is the hierarchical Policy API (docs/architecture.md, "Seed"). The default route and the NAT rules are not in it:
they are what the stack makes.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Interface, IPv6Interface
from typing import Any

from egress.domain.model import ServiceInterface, Tier0, Uplink, WorkloadDomain

_ENFORCEMENT_POINT = "/infra/sites/default/enforcement-points/default"
Json = dict[str, Any]


def seed(domains: Sequence[WorkloadDomain]) -> Json:
    """The seed for a lab that serves all `domains`. A Tier-0 that several of them share appears once."""
    tier0s: dict[str, Json] = {}
    tier1s: dict[str, Json] = {}
    for domain in domains:
        tier0 = _tier0(domain)
        tier0s.setdefault(tier0["Tier0"]["id"], tier0)
        tier1s.update({child["Tier1"]["id"]: child for child in _tier1s(domain)})
    parents = {domain.tier0.vrf_of: _parent(domain.tier0) for domain in domains if domain.tier0.vrf_of}
    missing = [parent for name, parent in parents.items() if name not in tier0s]
    children = [*missing, *tier0s.values(), *tier1s.values()]
    return {"format": "nsx-lab-seed", "version": 1, "infra": {"resource_type": "Infra", "children": children}}


def tier0_id(tier0: Tier0) -> str:
    """The id of a Tier-0; one that is known by its display name only gets that name as its id in the lab."""
    return tier0.id or str(tier0.display_name)


def _tier0(domain: WorkloadDomain) -> Json:
    tier0 = domain.tier0
    services: Json = {"resource_type": "LocaleServices", "id": tier0.locale_service, "children": _interfaces(domain)}
    services["edge_cluster_path"] = _edge_cluster(tier0)
    if tier0.ha_vip:
        services["ha_vip_configs"] = [_ha_vip(domain, tier0.ha_vip)]
    body: Json = {
        "resource_type": "Tier0",
        "id": tier0_id(tier0),
        "display_name": tier0.display_name or tier0.id,
        "ha_mode": tier0.ha_mode.value,
        "failover_mode": "NON_PREEMPTIVE",
        "disable_firewall": False,
        "children": [{"resource_type": "ChildLocaleServices", "LocaleServices": services}],
    }
    if tier0.stateful_active_active:
        body["stateful_services"] = {"enabled": True}
    if tier0.vrf_of:
        body["vrf_config"] = {"tier0_path": f"/infra/tier-0s/{tier0.vrf_of}"}
    return {"resource_type": "ChildTier0", "Tier0": body}


def _parent(tier0: Tier0) -> Json:
    """The parent of a VRF gateway, which no domain file describes: its HA mode is the VRF's, which inherits it."""
    body = {"resource_type": "Tier0", "id": tier0.vrf_of, "display_name": tier0.vrf_of, "ha_mode": tier0.ha_mode.value}
    return {
        "resource_type": "ChildTier0",
        "Tier0": {**body, "failover_mode": "NON_PREEMPTIVE", "disable_firewall": False},
    }


def _edge_cluster(tier0: Tier0) -> str:
    return f"{_ENFORCEMENT_POINT}/edge-clusters/{tier0_id(tier0)}-edges"


def _ha_vip(domain: WorkloadDomain, vip: IPv4Interface) -> Json:
    inside = [uplink.id for uplink in domain.tier0.uplinks if uplink.address.ip in vip.network]
    base = f"/infra/tier-0s/{tier0_id(domain.tier0)}/locale-services/{domain.tier0.locale_service}/interfaces"
    return {
        "enabled": True,
        "external_interface_paths": [f"{base}/{name}" for name in inside],
        "vip_subnets": [_subnet(vip)],
    }


def _interfaces(domain: WorkloadDomain) -> list[Json]:
    tier0 = domain.tier0
    uplinks = [_uplink(tier0, uplink) for uplink in tier0.uplinks]
    return [
        {"resource_type": "ChildTier0Interface", "Tier0Interface": body}
        for body in [*uplinks, *(_service(interface) for interface in tier0.service_interfaces)]
    ]


def _uplink(tier0: Tier0, uplink: Uplink) -> Json:
    subnets = [_subnet(uplink.address), *([_subnet(uplink.ipv6)] if uplink.ipv6 else [])]
    return {
        "resource_type": "Tier0Interface",
        "id": uplink.id,
        "display_name": uplink.id,
        "type": "EXTERNAL",
        "urpf_mode": "STRICT",
        "edge_path": f"{_edge_cluster(tier0)}/edge-nodes/{uplink.edge}",
        "subnets": subnets,
    }


def _service(interface: ServiceInterface) -> Json:
    return {
        "resource_type": "Tier0Interface",
        "id": interface.id,
        "display_name": interface.id,
        "type": "SERVICE",
        "urpf_mode": "STRICT",
        "subnets": [_subnet(interface.address)],
    }


def _subnet(address: IPv4Interface | IPv6Interface) -> Json:
    return {"ip_addresses": [str(address.ip)], "prefix_len": address.network.prefixlen}


def _tier1s(domain: WorkloadDomain) -> list[Json]:
    egress = domain.egress
    mappings = [egress.supervisor, egress.tkg, *egress.more.values()]
    names = dict.fromkeys([mapping.tier1 for mapping in mappings if mapping and mapping.tier1])
    names.update(dict.fromkeys(domain.pods))
    parent = f"/infra/tier-0s/{tier0_id(domain.tier0)}"
    return [
        {
            "resource_type": "ChildTier1",
            "Tier1": {"resource_type": "Tier1", "id": name, "display_name": name, "tier0_path": parent},
        }
        for name in names
    ]
