"""A lab with two Tier-0s, the second of them and what hangs on it made by hand."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from egress.domain import load_domains
from egress.inventory.survey import Survey
from egress.manager import Manager, survey
from egress.manager.access import Access
from egress.policy.seed import seed
from nsx_lab import Lab

REPOSITORY = Path(__file__).resolve().parents[2]
Json = dict[str, Any]
T0, T9 = "/infra/tier-0s/T0-wld01", "/infra/tier-0s/T9"
DEV = "/infra/tier-1s/t1-dev"
RULES = "nat/USER/nat-rules"

BY_HAND: dict[str, Json] = {
    T9: {"display_name": "the second", "ha_mode": "ACTIVE_STANDBY"},
    f"{T9}/locale-services/default": {"edge_cluster_path": "/infra/sites/default/enforcement-points/default/edge-clusters/T0-wld01-edges"},
    f"{T9}/static-routes/way-out": {"network": "0.0.0.0/0", "next_hops": [{"ip_address": "10.0.0.1"}]},
    f"{T9}/nat/DEFAULT/nat-rules/last": {"action": "SNAT", "source_network": "10.9.0.0/16", "translated_network": "10.0.0.9"},
    f"{T9}/static-routes/bfd-peers/gw": {"peer_address": "10.0.0.1", "bfd_profile_path": "/infra/bfd-profiles/default"},
    f"{T9}/locale-services/default/bgp/neighbors/peer": {"neighbor_address": "10.0.0.1", "remote_as_num": "65001"},
    DEV: {"tier0_path": T9, "tags": [{"scope": "ncp/cluster", "tag": "c1"}, {"scope": "ncp/project", "tag": "dev"}]},
    f"{DEV}/locale-services/default": {"edge_cluster_path": "/infra/sites/default/enforcement-points/default/edge-clusters/T0-wld01-edges"},
    f"{DEV}/{RULES}/out": {"action": "SNAT", "source_network": "10.246.0.0/24", "translated_network": "30.0.9.1"},
    "/infra/segments/s1": {"connectivity_path": DEV, "subnets": [{"gateway_address": "10.246.0.1/24"}]},
    "/infra/lb-services/lb": {"connectivity_path": DEV},
    "/infra/lb-virtual-servers/api": {"ip_address": "30.1.0.1", "ports": ["6443"], "application_profile_path": "/infra/lb-app-profiles/default-tcp-lb-app-profile", "lb_service_path": "/infra/lb-services/lb"},
    f"{DEV}/segments/own": {"subnets": [{"gateway_address": "10.246.1.1/24"}]},
    "/infra/ip-blocks/snat": {"cidr": "30.0.9.0/24"},
    "/infra/ip-pools/snat": {},
    "/infra/ip-pools/snat/ip-subnets/one": {"resource_type": "IpAddressPoolBlockSubnet", "ip_block_path": "/infra/ip-blocks/snat", "size": 32},
    "/infra/ip-pools/snat/ip-allocations/dev": {"allocation_ip": "30.0.9.2"},
}  # fmt: skip


@contextmanager
def hand_made() -> Iterator[Lab]:
    with Lab(seed=seed(load_domains(REPOSITORY, ["wld01"]))) as lab:
        tls = ssl.create_default_context(cadata=lab.ca_pem)
        with httpx.Client(verify=tls, auth=(lab.username, lab.password)) as client:
            for path, body in BY_HAND.items():
                answer = client.patch(f"https://{lab.host}/policy/api/v1{path}", json=body)
                assert answer.status_code == 200, answer.text
        yield lab


def way(lab: Lab, user: str | None = None, password: str | None = None) -> Access:
    """How to get into a lab."""
    tls = ssl.create_default_context(cadata=lab.ca_pem)
    return Access(lab.host, tls, (user or lab.username, password or lab.password))


def look(lab: Lab, *tier0s: str) -> Survey:
    """A survey of a lab that does not really wait."""
    with Manager(way(lab), pause=lambda _: None) as manager:
        return survey(manager, tier0s)


def gaps(seen: Survey) -> str:
    return "; ".join(str(one) for one in seen.unseen)
