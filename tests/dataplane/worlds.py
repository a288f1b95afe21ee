"""The golden domain as a world file, with its four steps one by one, and with what a test wants to be different."""

from __future__ import annotations

import copy
import os
import threading
from pathlib import Path
from typing import Any

from nsx_lab.dataplane import Dataplane, Flow, flatten
from nsx_lab.dataplane.kernel import namespaces

Json = dict[str, Any]

TIER0 = "/infra/tier-0s/T0-wld01"
INTERFACES = f"{TIER0}/locale-services/default/interfaces/"
UPLINKS = [INTERFACES + "edge01-uplink1", INTERFACES + "edge02-uplink1"]
EDGE_CLUSTER = "/infra/sites/default/enforcement-points/default/edge-clusters/edges"

PULL = Flow("pod-c8", "198.51.100.10", "tcp", 5000)
TKG_PULL = Flow("pod-tkg", "198.51.100.10", "tcp", 5000)
LOOKUP = Flow("pod-c8", "172.20.0.53", "udp", 53)
INGRESS = Flow("client", "30.0.1.10", "tcp", 443)
RETURN_ROUTE = {"to": "30.0.0.0/24", "via": ["172.20.0.1"]}


def nat_rule(name: str, action: str, source: str, translated: str, **more: Any) -> Json:
    """A rule scoped to the uplinks."""
    return {
        "resource_type": "PolicyNatRule",
        "id": name,
        "action": action,
        "source_network": source,
        "translated_network": translated,
        "destination_network": "",
        "sequence_number": 100,
        "enabled": True,
        "scope": UPLINKS,
        **more,
    }


SUPERVISOR = nat_rule("supervisor", "REFLEXIVE", "30.0.0.5", "10.27.51.145")
TKG = nat_rule("tkg", "REFLEXIVE", "30.0.0.16", "10.27.51.147", sequence_number=110)


def uplink(number: int, urpf: str = "STRICT") -> Json:
    address = {1: "145", 2: "147"}[number]
    return {
        "id": f"edge0{number}-uplink1",
        "type": "EXTERNAL",
        "urpf_mode": urpf,
        "edge_path": f"{EDGE_CLUSTER}/edge-nodes/edge0{number}",
        "subnets": [
            {"ip_addresses": [f"10.27.51.{address}"], "prefix_len": 24},
            {"ip_addresses": [f"2001:db8:51::{address}"], "prefix_len": 64},
        ],
    }


def infra(
    rules: list[Json],
    *,
    default_route: bool = True,
    ha_mode: str = "ACTIVE_ACTIVE",
    urpf: str = "STRICT",
    sections: dict[str, list[Json]] | None = None,
    vip: bool = False,
) -> Json:
    """`rules` are of section USER; `sections` adds others."""
    service = {
        "id": "services",
        "type": "SERVICE",
        "urpf_mode": "STRICT",
        "subnets": [{"ip_addresses": ["172.20.0.1"], "prefix_len": 24}],
    }
    services: Json = {
        "id": "default",
        "edge_cluster_path": EDGE_CLUSTER,
        "children": [
            {"resource_type": "ChildTier0Interface", "Tier0Interface": one}
            for one in (uplink(1, urpf), uplink(2, urpf), service)
        ],
    }
    if vip:
        subnet = {"ip_addresses": ["10.27.51.140"], "prefix_len": 24}
        services["ha_vip_configs"] = [{"enabled": True, "external_interface_paths": UPLINKS, "vip_subnets": [subnet]}]
    children: list[Json] = [{"resource_type": "ChildLocaleServices", "LocaleServices": services}]
    for name, network, hop in (("default", "0.0.0.0/0", "10.27.51.1"), ("default-v6", "::/0", "2001:db8:51::1")):
        if default_route:
            route = {"id": name, "network": network, "next_hops": [{"ip_address": hop, "admin_distance": 1}]}
            children.append({"resource_type": "ChildStaticRoutes", "StaticRoutes": route})
    for name, those in {"USER": rules, **(sections or {})}.items():
        inner = [{"resource_type": "ChildPolicyNatRule", "PolicyNatRule": rule} for rule in those]
        children.append(
            {"resource_type": "ChildPolicyNat", "PolicyNat": {"id": name, "nat_type": name, "children": inner}}
        )
    tier0 = {"resource_type": "Tier0", "id": "T0-wld01", "ha_mode": ha_mode, "children": children}
    tier1s = [
        {"resource_type": "ChildTier1", "Tier1": {"resource_type": "Tier1", "id": name, "tier0_path": TIER0}}
        for name in ("domain-c8", "vnet-domain-c8")
    ]
    return {"resource_type": "Infra", "children": [{"resource_type": "ChildTier0", "Tier0": tier0}, *tier1s]}


def world(*, return_route: bool = True, **more: Any) -> Json:
    """What is around the golden domain. `more` replaces keys."""
    return {
        "segments": {
            "uplink": ["10.27.51.0/24", "2001:db8:51::/64"],
            "outside": ["198.51.100.0/24", "2001:db8:100::/64"],
            "services": ["172.20.0.0/24"],
        },
        "hosts": [
            {
                "name": "registry",
                "addresses": ["198.51.100.10/24", "2001:db8:100::10/64"],
                "gateway": ["198.51.100.1", "2001:db8:100::1"],
            },
            {"name": "client", "addresses": ["198.51.100.20/24"], "gateway": ["198.51.100.1"]},
            {
                "name": "dns",
                "addresses": ["172.20.0.53/24"],
                "gateway": ["172.20.0.254"],
                "routes": [RETURN_ROUTE] if return_route else [],
            },
        ],
        "routers": [
            {
                "name": "gw",
                "interfaces": [
                    {"name": "lan", "addresses": ["10.27.51.1/24", "2001:db8:51::1/64"]},
                    {"name": "wan", "addresses": ["198.51.100.1/24", "2001:db8:100::1/64"]},
                    {"name": "svc", "addresses": ["172.20.0.254/24"]},
                ],
                "routes": [
                    {"to": "30.0.1.0/24", "via": ["10.27.51.145", "10.27.51.147"]},
                    {"to": "2001:db8:244::/64", "via": ["2001:db8:51::145"]},
                ],
            }
        ],
        "tier1": {
            "domain-c8": {
                "pods": [{"name": "pod-c8", "addresses": ["10.244.0.98/28", "2001:db8:244::98/64"]}],
                "snat": [{"source": "10.244.0.96/28", "translated": "30.0.0.5"}],
                "lb": [
                    {
                        "address": "30.0.1.10",
                        "protocol": "tcp",
                        "port": 443,
                        "member": "10.244.0.98",
                        "member_port": 8443,
                    }
                ],
                "advertise": ["30.0.1.0/24"],
            },
            "vnet-domain-c8": {
                "pods": [{"name": "pod-tkg", "addresses": ["192.168.128.10/24"]}],
                "snat": [{"source": "192.168.128.0/24", "translated": "30.0.0.16"}],
            },
        },
        **more,
    }


def with_tier1_rules(tree: Json, name: str, rules: list[Json], **services: Any) -> Json:
    """The tree with a locale service (with `services` in it) and NAT rules of section USER on one of its Tier-1s."""
    changed = copy.deepcopy(tree)
    inner = [
        {"resource_type": "ChildPolicyNatRule", "PolicyNatRule": {**rule, "scope": rule.get("scope", [])}}
        for rule in rules
    ]
    children: list[Json] = [{"resource_type": "ChildLocaleServices", "LocaleServices": {"id": "default", **services}}]
    if inner:
        nat = {"id": "USER", "nat_type": "USER", "children": inner}
        children.append({"resource_type": "ChildPolicyNat", "PolicyNat": nat})
    for child in changed["children"]:
        if child.get("Tier1", {}).get("id") == name:
            child["Tier1"]["children"] = children
    return changed


def tier1_rule(name: str, action: str, **more: Any) -> Json:
    """A rule as NCP writes them on the Tier-1 of a namespace."""
    tags = [{"scope": "ncp/cluster", "tag": "domain-c8"}, {"scope": "ncp/project", "tag": "dev"}]
    return {"resource_type": "PolicyNatRule", "id": name, "action": action, "enabled": True, "tags": tags, **more}


def seed_for_a_manager(tree: Json) -> Json:
    """Only what is there before a stack is applied: neither routes nor rules."""
    bare = copy.deepcopy(tree)
    tier0 = bare["children"][0]["Tier0"]
    tier0["children"] = [child for child in tier0["children"] if "LocaleServices" in child]
    return {"format": "nsx-lab-seed", "version": 1, "infra": bare}


def build(plane: Dataplane, tree: Json, around: Json) -> None:
    """Gives a running data plane this world."""
    plane.replace(around, flatten(tree))


def connections(plane: Dataplane, node: str) -> int:
    """Entries in a node's connection tracking table."""
    found: dict[str, int] = {}

    def look() -> None:
        namespaces.enter(os.open(plane.where()["nodes"][node], os.O_RDONLY))
        found["count"] = int(Path("/proc/sys/net/netfilter/nf_conntrack_count").read_text())

    thread = threading.Thread(target=look)  # a namespace belongs to a thread; this one ends with it
    thread.start()
    thread.join()
    return found["count"]
