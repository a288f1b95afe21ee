"""A VPC with everything between it and the Tier-0 T0-wld01, as NSX 9 names it."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
PROJECT = "/orgs/default/projects/dev"
PROFILE, VPC = f"{PROJECT}/vpc-connectivity-profiles/out", f"{PROJECT}/vpcs/shop"


def objects(**attachment: Any) -> dict[str, Json]:
    """A VPC with the way to T0-wld01, parents first. attachment: fields more of the VPC's attachment."""
    return {
        "/infra/gateway-connections/t0": {"tier0_path": "/infra/tier-0s/T0-wld01"},
        "/infra/ip-blocks/external": {"cidrs": ["30.2.0.0/24"], "visibility": "EXTERNAL"},
        PROJECT: {"tier_0s": ["/infra/tier-0s/T0-wld01"], "external_ipv4_blocks": ["/infra/ip-blocks/external"]},
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
