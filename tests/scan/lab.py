"""A lab with a Tier-0 that somebody made by hand: odd names and priorities, rules of all kinds, three clusters."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from nsx_lab import Lab

T0 = "/infra/tier-0s/T0-hand"
SERVICES = f"{T0}/locale-services/default"
CLUSTER = "/infra/sites/default/enforcement-points/default/edge-clusters/ec-hand"
UPLINKS = [f"{SERVICES}/interfaces/uplink {number}" for number in (1, 2)]
RULES, ROUTES = f"{T0}/nat/USER/nat-rules", f"{T0}/static-routes"
Json = dict[str, Any]


def rule(source: str, translated: str, priority: int, **more: Any) -> Json:
    """A SNAT rule on both uplinks."""
    body = {"action": "SNAT", "source_network": source, "translated_network": translated, "sequence_number": priority}
    return {**body, "scope": UPLINKS, **more}


def tier1(name: str, network: str, egress: str, cluster: str, namespace: str = "") -> dict[str, Json]:
    """A Tier-1 with its segment and its SNAT rule, tagged as NCP does."""
    path = f"/infra/tier-1s/{name}"
    tags = [{"scope": "ncp/cluster", "tag": cluster}]
    tags += [{"scope": "ncp/project", "tag": namespace}] if namespace else []
    return {
        path: {"tier0_path": T0, "tags": tags, "route_advertisement_types": ["TIER1_NAT", "TIER1_LB_VIP"]},
        f"{path}/locale-services/default": {"edge_cluster_path": CLUSTER},
        f"{path}/nat/USER/nat-rules/snat": {
            "action": "SNAT",
            "source_network": network,
            "translated_network": egress,
            "tags": tags,
        },
        f"/infra/segments/{name}": {
            "connectivity_path": path,
            "subnets": [
                {"gateway_address": f"{network.partition('/')[0].rpartition('.')[0]}.1/{network.partition('/')[2]}"}
            ],
        },
    }


def _uplink(number: int) -> Json:
    subnets = [{"ip_addresses": [f"10.9.0.{number + 1}"], "prefix_len": 24}]
    return {"type": "EXTERNAL", "edge_path": f"{CLUSTER}/edge-nodes/en{number}", "subnets": subnets}


SEED = {
    "format": "nsx-lab-seed",
    "version": 1,
    "infra": {
        "resource_type": "Infra",
        "children": [
            {
                "resource_type": "ChildTier0",
                "Tier0": {
                    "resource_type": "Tier0",
                    "id": "T0-hand",
                    "display_name": "Provider: gateway # 1 \u202e",
                    "ha_mode": "ACTIVE_STANDBY",
                    "children": [
                        {
                            "resource_type": "ChildLocaleServices",
                            "LocaleServices": {
                                "resource_type": "LocaleServices",
                                "id": "default",
                                "edge_cluster_path": CLUSTER,
                                "ha_vip_configs": [
                                    {
                                        "enabled": True,
                                        "external_interface_paths": UPLINKS,
                                        "vip_subnets": [{"ip_addresses": ["10.9.0.10"], "prefix_len": 24}],
                                    }
                                ],
                                "children": [
                                    {
                                        "resource_type": "ChildTier0Interface",
                                        "Tier0Interface": {
                                            "resource_type": "Tier0Interface",
                                            "id": f"uplink {number}",
                                            **_uplink(number),
                                        },
                                    }
                                    for number in (1, 2)
                                ],
                            },
                        }
                    ],
                },
            }
        ],
    },
}

HELD: dict[str, Json] = {
    f"{ROUTES}/way-out": {
        "display_name": "out: to the core",
        "network": "0.0.0.0/0",
        "next_hops": [{"ip_address": "10.9.0.1", "admin_distance": 1}],
        "tags": [{"scope": "owner", "tag": "network team"}],
    },
    f"{ROUTES}/backup-net": {
        "network": "10.50.0.0/16",
        "next_hops": [{"ip_address": "10.9.0.254", "admin_distance": 7, "scope": [UPLINKS[0]]}],
    },
    f"{RULES}/1f3c-sup": rule("30.0.9.2", "10.9.0.20", 17, display_name="Supervisor (do not touch!)"),
    f"{RULES}/dev": rule("30.0.9.4", "10.9.0.21", 3, tags=[{"scope": "by", "tag": "hand"}], firewall_match="BYPASS"),
}
"""What a file can hold."""
ODD: dict[str, Json] = {
    f"{RULES}/list": rule("30.0.9.40,30.0.9.41", "10.9.0.30", 40),
    f"{RULES}/dnat": {**rule("", "10.244.0.9", 41), "action": "DNAT", "destination_network": "10.9.0.31"},
    f"{RULES}/service": rule("30.0.9.42", "10.9.0.32", 42, service="/infra/services/DNS-UDP"),
    f"{RULES}/off": rule("30.0.9.43", "10.9.0.33", 43, enabled=False),
    f"{RULES}/logged": rule("30.0.9.44", "10.9.0.34", 44, logging=True),
    f"{RULES}/everywhere": {**rule("30.0.9.45", "10.9.0.35", 45), "scope": []},
    f"{T0}/nat/DEFAULT/nat-rules/section": rule("30.0.9.46", "10.9.0.36", 46),
    f"{ROUTES}/two-scopes": {"network": "10.60.0.0/16", "next_hops": [{"ip_address": "10.9.0.1", "scope": UPLINKS}]},
    f"{ROUTES}/bfd-peers/router": {
        "peer_address": "10.9.0.1",
        "bfd_profile_path": "/infra/bfd-profiles/default",
        "source_addresses": ["10.9.0.2"],
    },
}
"""What a file cannot hold."""
BELOW: dict[str, Json] = {
    **tier1("domain-c8", "10.244.0.96/28", "30.0.9.2", "c8"),
    **tier1("t1-dev", "10.246.0.0/24", "30.0.9.4", "c8", "dev"),
    **tier1("t1-shop", "10.246.1.0/24", "30.0.9.5", "c9", "shop"),
    "/infra/ip-blocks/egress": {"cidr": "30.0.9.0/24"},
}


@contextmanager
def hand_made(*further: Mapping[str, Json]) -> Iterator[Lab]:
    """A lab with all of these; the journal begins after that."""
    with Lab(seed=SEED) as lab:
        write(lab, HELD, ODD, BELOW, *further)
        yield lab


def write(lab: Lab, *objects: Mapping[str, Json]) -> None:
    """PATCHes objects, as somebody else does it."""
    tls = ssl.create_default_context(cadata=lab.ca_pem)
    with httpx.Client(
        base_url=f"https://{lab.host}/policy/api/v1", verify=tls, auth=(lab.username, lab.password)
    ) as client:
        for held in objects:
            for path, body in held.items():
                answer = client.patch(path, json=body)
                assert answer.status_code == 200, (path, answer.text)
