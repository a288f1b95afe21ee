"""A VPC with everything between it and a Tier-0, as NSX 9 names it."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
PROJECT = "/orgs/default/projects/dev"
PROFILE, VPC = f"{PROJECT}/vpc-connectivity-profiles/out", f"{PROJECT}/vpcs/shop"


def objects(tier0: str = "T0-wld01", **attachment: Any) -> dict[str, Json]:
    """A VPC with the way to a Tier-0, parents first. attachment: fields more of the VPC's attachment."""
    gateway = f"/infra/tier-0s/{tier0}"
    return {
        "/infra/gateway-connections/t0": {"tier0_path": gateway},
        "/infra/ip-blocks/external": {"cidrs": ["30.2.0.0/24"], "visibility": "EXTERNAL"},
        PROJECT: {"tier_0s": [gateway], "external_ipv4_blocks": ["/infra/ip-blocks/external"]},
        f"{PROJECT}/transit-gateways/tgw": {},
        f"{PROJECT}/transit-gateways/tgw/attachments/t0": {"connection_path": "/infra/gateway-connections/t0"},
        f"{PROJECT}/transit-gateways/tgw/centralized-configs/default": {"ha_mode": "ACTIVE_STANDBY"},
        PROFILE: {
            "transit_gateway_path": f"{PROJECT}/transit-gateways/tgw",
            "external_ip_blocks": ["/infra/ip-blocks/external"],
            "service_gateway": {"nat_config": {"enable_default_snat": True}},
        },
        VPC: {"private_ips": ["172.16.0.0/20", "172.17.0.0/20"]},
        f"{VPC}/attachments/default": {"vpc_connectivity_profile": PROFILE, **attachment},
        f"{VPC}/subnets/web": {"access_mode": "Public", "ip_addresses": ["30.2.0.16/28"]},
    }
