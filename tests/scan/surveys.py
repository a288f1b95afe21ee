"""Surveys that tests begin with: a Tier-0 as somebody made it by hand, as objects by path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from egress.inventory.survey import Survey, Usage
from egress.policy.sighting import Unseen

T0 = "/infra/tier-0s/T0-hand"
SERVICES = f"{T0}/locale-services/default"
EDGES = "/infra/sites/default/enforcement-points/default/edge-clusters/ec/edge-nodes"
RULES = f"{T0}/nat/USER/nat-rules"
ROUTES = f"{T0}/static-routes"
Json = dict[str, Any]


def interface(number: int, address: str | None = None, **more: Any) -> Json:
    """An uplink on the edge of that number."""
    subnets = [{"ip_addresses": [address or f"10.9.0.{number + 1}"], "prefix_len": 24}]
    return {"type": "EXTERNAL", "edge_path": f"{EDGES}/{number}", "subnets": subnets, **more}


def snat(source: str, translated: str, priority: int, **more: Any) -> Json:
    """A SNAT rule as NSX gives it."""
    return {
        "resource_type": "PolicyNatRule",
        "action": "SNAT",
        "source_network": source,
        "translated_network": translated,
        "sequence_number": priority,
        "enabled": True,
        "logging": False,
        "firewall_match": "MATCH_INTERNAL_ADDRESS",
        **more,
    }


def tier1(name: str, source: str, translated: str, namespace: str = "", cluster: str = "c1") -> dict[str, Json]:
    """A Tier-1 with a service router and the SNAT rule that NCP makes."""
    path = f"/infra/tier-1s/{name}"
    tags = [{"scope": "ncp/cluster", "tag": cluster}]
    tags += [{"scope": "ncp/project", "tag": namespace}] if namespace else []
    return {
        path: {"tier0_path": T0, "tags": tags, "route_advertisement_types": ["TIER1_NAT", "TIER1_LB_VIP"]},
        f"{path}/locale-services/default": {"edge_cluster_path": EDGES.rpartition("/")[0]},
        f"{path}/nat/USER/nat-rules/out": {**snat(source, translated, 1), "tags": tags},
        f"/infra/segments/{name}": {"connectivity_path": path, "subnets": [{"gateway_address": _gateway(source)}]},
    }


def _gateway(network: str) -> str:
    base, _, length = network.partition("/")
    return f"{base.rpartition('.')[0]}.1/{length}"


def by_hand() -> dict[str, Json]:
    """ACTIVE_STANDBY with two uplinks, an HA VIP, a default route, a mapping for one of two namespaces, and an IP block."""
    uplinks = [f"{SERVICES}/interfaces/up-{number}" for number in (1, 2)]
    return {
        T0: {"display_name": "Provider gateway", "ha_mode": "ACTIVE_STANDBY"},
        SERVICES: {
            "ha_vip_configs": [
                {
                    "enabled": True,
                    "external_interface_paths": uplinks,
                    "vip_subnets": [{"ip_addresses": ["10.9.0.10"], "prefix_len": 24}],
                }
            ]
        },
        uplinks[0]: interface(1),
        uplinks[1]: interface(2),
        f"{ROUTES}/way-out": {
            "display_name": "to the core",
            "network": "0.0.0.0/0",
            "next_hops": [
                {"ip_address": "10.9.0.1", "admin_distance": 1},
                {"ip_address": "10.9.0.254", "admin_distance": 5},
            ],
            "tags": [{"scope": "owner", "tag": "network"}],
        },
        f"{RULES}/hand-1": snat("30.0.9.4", "10.9.0.20", 7, display_name="dev, made by hand", scope=uplinks),
        **tier1("t1-dev", "10.246.0.0/24", "30.0.9.4", "dev"),
        **tier1("t1-shop", "10.246.1.0/24", "30.0.9.5", "shop"),
        "/infra/ip-blocks/egress": {"cidr": "30.0.9.0/24"},
    }


def survey(objects: Mapping[str, Json], *unseen: Unseen, version: str | None = "4.2.1") -> Survey:
    """A survey of one Tier-0."""
    usage = {"/infra/ip-blocks/egress": Usage(256, 12)}
    return Survey("nsx.example.com", version, (T0,), objects, usage, tuple(unseen))
