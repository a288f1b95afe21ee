"""The provider's blocks that the constructs make, with the arguments they take (provider schema 3.11.1; a test compares)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from egress.recorder.elements import (
    TerraformDataSource,
    TerraformProvider,
    TerraformResource,
    attribute,
)
from egress.recorder.kinds import Kind, blocks, flag, struct, text, texts, whole, wholes

SCHEMA = "5dbc32b0f0f80c709f771c20fc54e49b36b7a57946dba7a5be43d608f049dd78"
"""Digest of the schema that the bindings were made from; they state it in inputs.json."""
REQUIRED_PROVIDER = {"source": "vmware/nsxt", "version": ">= 3.11, < 4.0"}
"""What the bindings require of the provider."""

_COMMON: Mapping[str, Kind] = dict.fromkeys(("description", "display_name", "gateway_path", "id", "nsx_id"), text)

PolicyNatRuleTag = struct("PolicyNatRuleTag", scope=text, tag=text)
PolicyStaticRouteTag = struct("PolicyStaticRouteTag", scope=text, tag=text)
PolicyStaticRouteBfdPeerTag = struct("PolicyStaticRouteBfdPeerTag", scope=text, tag=text)
PolicyStaticRouteNextHop = struct("PolicyStaticRouteNextHop", admin_distance=whole, interface=text, ip_address=text)


class NsxtProvider(TerraformProvider):
    """The provider block."""

    TYPE = "nsxt"
    KINDS: ClassVar[Mapping[str, Kind]] = {
        **dict.fromkeys(("ca", "ca_file", "host"), text),
        **dict.fromkeys(("max_retries", "retry_max_delay", "retry_min_delay"), whole),
        "retry_on_status_codes": wholes,
    }


class PolicyStaticRoute(TerraformResource):
    """A static route."""

    TYPE = "nsxt_policy_static_route"
    KINDS: ClassVar[Mapping[str, Kind]] = {
        **_COMMON,
        "network": text,
        "next_hop": blocks(PolicyStaticRouteNextHop),
        "tag": blocks(PolicyStaticRouteTag),
    }
    REQUIRED = frozenset({"display_name", "gateway_path", "network", "next_hop"})


class PolicyStaticRouteBfdPeer(TerraformResource):
    """A BFD peer of static routes."""

    TYPE = "nsxt_policy_static_route_bfd_peer"
    KINDS: ClassVar[Mapping[str, Kind]] = {
        **_COMMON,
        "bfd_profile_path": text,
        "enabled": flag,
        "peer_address": text,
        "source_addresses": texts,
        "tag": blocks(PolicyStaticRouteBfdPeerTag),
    }
    REQUIRED = frozenset({"bfd_profile_path", "display_name", "gateway_path", "peer_address"})


class PolicyNatRule(TerraformResource):
    """A NAT rule."""

    TYPE = "nsxt_policy_nat_rule"
    KINDS: ClassVar[Mapping[str, Kind]] = {
        **_COMMON,
        **dict.fromkeys(
            ("action", "firewall_match", "policy_based_vpn_mode", "service", "translated_ports", "type"), text
        ),
        **dict.fromkeys(("destination_networks", "scope", "source_networks", "translated_networks"), texts),
        "enabled": flag,
        "logging": flag,
        "rule_priority": whole,
        "tag": blocks(PolicyNatRuleTag),
    }
    REQUIRED = frozenset({"action", "display_name", "gateway_path"})


class DataNsxtPolicyRealizationInfo(TerraformDataSource):
    """Whether NSX has realized an object."""

    TYPE = "nsxt_policy_realization_info"
    KINDS: ClassVar[Mapping[str, Kind]] = {
        **dict.fromkeys(("entity_type", "id", "path", "site_path"), text),
        "delay": whole,
        "timeout": whole,
    }
    REQUIRED = frozenset({"path"})

    @property
    def state(self) -> str:
        """REALIZED, UNREALIZED or ERROR; a token."""
        return attribute(self, "state")


class DataNsxtPolicyTier0Gateway(TerraformDataSource):
    """A Tier-0 gateway that is there."""

    TYPE = "nsxt_policy_tier0_gateway"
    KINDS: ClassVar[Mapping[str, Kind]] = dict.fromkeys(
        ("description", "display_name", "edge_cluster_path", "id"), text
    )


MODULES: Mapping[str, tuple[type, ...]] = {
    "provider": (NsxtProvider,),
    "policy_static_route": (PolicyStaticRoute, PolicyStaticRouteNextHop, PolicyStaticRouteTag),
    "policy_static_route_bfd_peer": (PolicyStaticRouteBfdPeer, PolicyStaticRouteBfdPeerTag),
    "policy_nat_rule": (PolicyNatRule, PolicyNatRuleTag),
    "data_nsxt_policy_realization_info": (DataNsxtPolicyRealizationInfo,),
    "data_nsxt_policy_tier0_gateway": (DataNsxtPolicyTier0Gateway,),
}
"""Module of the bindings -> what it has here."""
