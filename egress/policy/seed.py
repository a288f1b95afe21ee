"""What a lab must hold before the stacks are applied: the Tier-0s with their interfaces, and the Tier-1s behind them with the SNAT rules
that vSphere makes there.

The form is the hierarchical Policy API (docs/architecture.md, "Seed"). Static routes and NAT rules of the Tier-0
are not in it: they are what the stacks make.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Interface, IPv6Interface

from egress.domain import EgressError, WorkloadDomain
from egress.domain.model import HaVip, ServiceInterface, Tier0, Uplink
from egress.policy import paths
from egress.policy.identity import GatewayKey, by_gateway
from egress.policy.owned import nat_section, tier1s
from egress.policy.tier1s import ADVERTISED_CONNECTED, ADVERTISED_LB, ADVERTISED_NAT
from egress.policy.tree import Json, flatten


def seed(domains: Sequence[WorkloadDomain]) -> Json:
    """The seed for a lab that serves all `domains`.

    A Tier-0 that several of them share appears once, with everything that any of their files says of it; where they contradict
    each other (`egress check` refuses that) the first one counts. Errors: EgressError for two gateways of one id on two
    managers, as one lab has room for one.
    """
    groups = by_gateway(domains)
    _refuse_two_of_one_name(groups)
    tier0s = {key.name: _tier0(key.path, group) for key, group in groups.items()}
    parents = {domain.tier0.vrf_of: _parent(domain.tier0) for domain in domains if domain.tier0.vrf_of}
    children = [parent for name, parent in parents.items() if name not in tier0s]
    children += [*tier0s.values(), *_tier1s(domains)]
    return {"format": "nsx-lab-seed", "version": 1, "infra": {"resource_type": "Infra", "children": children}}


def seeded(domains: Sequence[WorkloadDomain], gateway: str) -> dict[str, Json]:
    """The same as objects by path, for domains that share the Tier-0 whose path is `gateway`; the first one's file counts."""
    behind = {name: domain for domain in reversed(domains) for name in tier1s(domain)}
    lower = [{"resource_type": "ChildTier1", "Tier1": _tier1(behind[name], name, gateway)} for name in behind]
    return flatten({"children": [_tier0(gateway, domains), *lower]})


def _refuse_two_of_one_name(groups: dict[GatewayKey, list[WorkloadDomain]]) -> None:
    known: dict[str, GatewayKey] = {}
    for key, group in groups.items():
        other = known.setdefault(key.name, key)
        if other != key:
            raise EgressError(
                f"{groups[other][0].stack} and {group[0].stack} each have a Tier-0 {key.name!r}, on {other.manager} and on "
                f"{key.manager}: one lab has one of that id, name the stacks of one manager"
            )


def _tier0(path: str, group: Sequence[WorkloadDomain]) -> Json:
    """One Tier-0 as the files of `group`, which share it, describe it together."""
    first = group[0].tier0
    name = paths.last(path)
    body: Json = {
        "resource_type": "Tier0",
        "id": name,
        "display_name": next((one.tier0.display_name for one in group if one.tier0.display_name), name),
        "ha_mode": first.ha_mode.value,
        "failover_mode": "NON_PREEMPTIVE",
        "disable_firewall": False,
        "children": [],
    }
    if any(domain.tier0.stateful_active_active for domain in group):
        body["stateful_services"] = {"enabled": True}
    parents = [domain.tier0.vrf_of for domain in group if domain.tier0.vrf_of]
    if parents:
        body["vrf_config"] = {"tier0_path": paths.tier0(parents[0])}
    for name in dict.fromkeys(domain.tier0.locale_service for domain in group):
        tier0s = [domain.tier0 for domain in group if domain.tier0.locale_service == name]
        services = _locale_services(path, name, tier0s)
        body["children"].append({"resource_type": "ChildLocaleServices", "LocaleServices": services})
    return {"resource_type": "ChildTier0", "Tier0": body}


def _locale_services(gateway: str, name: str, tier0s: Sequence[Tier0]) -> Json:
    cluster = _edge_cluster(gateway)
    uplinks: dict[str, Uplink] = {}
    services: dict[str, ServiceInterface] = {}
    for tier0 in tier0s:
        for uplink in tier0.uplinks:
            uplinks.setdefault(uplink.id, uplink)
        for interface in tier0.service_interfaces:
            services.setdefault(interface.id, interface)
    bodies = [_uplink(cluster, uplink) for uplink in uplinks.values()]
    bodies += [_service(interface) for interface in services.values() if interface.id not in uplinks]
    body: Json = {"resource_type": "LocaleServices", "id": name}
    body["children"] = [{"resource_type": "ChildTier0Interface", "Tier0Interface": one} for one in bodies]
    body["edge_cluster_path"] = cluster
    vips: dict[IPv4Interface, tuple[Tier0, HaVip]] = {}
    for tier0 in tier0s:
        for vip in tier0.ha_vips:
            vips.setdefault(vip.address, (tier0, vip))
    if vips:
        body["ha_vip_configs"] = [
            {
                "enabled": True,
                "external_interface_paths": [paths.interface(gateway, name, one.id) for one in tier0.uplinks_of(vip)],
                "vip_subnets": [_subnet(vip.address)],
            }
            for tier0, vip in vips.values()
        ]
    return body


def _parent(tier0: Tier0) -> Json:
    """The parent of a VRF gateway, which no domain file describes: its HA mode is the VRF's, which inherits it."""
    body = {"resource_type": "Tier0", "id": tier0.vrf_of, "display_name": tier0.vrf_of, "ha_mode": tier0.ha_mode.value}
    return {
        "resource_type": "ChildTier0",
        "Tier0": {**body, "failover_mode": "NON_PREEMPTIVE", "disable_firewall": False},
    }


def _uplink(cluster: str, uplink: Uplink) -> Json:
    subnets = [_subnet(uplink.address), *([_subnet(uplink.ipv6)] if uplink.ipv6 else [])]
    return {
        "resource_type": "Tier0Interface",
        "id": uplink.id,
        "display_name": uplink.id,
        "type": "EXTERNAL",
        "urpf_mode": "STRICT",
        "edge_path": paths.edge_node(cluster, uplink.edge),
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


def left_out(domains: Sequence[WorkloadDomain]) -> tuple[str, ...]:
    """Sentences about the Tier-1s that a seed has no room for. They are behind another Tier-0 there; no rule depends on it."""
    behind = _behind(domains)
    return tuple(
        f"Tier-1 {name} of {domain.stack} is left out: it is behind {behind[name].name} already, and one lab has one of that id"
        for domain in domains
        for name in tier1s(domain)
        if behind[name] != GatewayKey.of(domain)
    )


def _behind(domains: Sequence[WorkloadDomain]) -> dict[str, GatewayKey]:
    """The Tier-0 of each Tier-1 that a file names. Where files differ the first one counts, as two managers may each have one."""
    behind: dict[str, GatewayKey] = {}
    for domain in domains:
        for name in tier1s(domain):
            behind.setdefault(name, GatewayKey.of(domain))
    return behind


def _tier1s(domains: Sequence[WorkloadDomain]) -> Iterator[Json]:
    """The Tier-1s as vSphere makes them: with a service router, and the SNAT rule that says which egress address is in use."""
    behind = _behind(domains)
    seen: set[str] = set()
    for domain in domains:
        for name in tier1s(domain):
            if name not in seen and behind[name] == GatewayKey.of(domain):
                seen.add(name)
                yield {"resource_type": "ChildTier1", "Tier1": _tier1(domain, name, behind[name].path)}


def _tier1(domain: WorkloadDomain, name: str, gateway: str) -> Json:
    """A Tier-1 with what the file knows of it. Where that is not its address the seed has no service router for it, so that a lab's packets
    get the example address that its world file has."""
    services = {"id": "default", "edge_cluster_path": _edge_cluster(gateway)}
    rules = [{"resource_type": "ChildPolicyNatRule", "PolicyNatRule": one} for one in _snat_rules(domain, name)]
    children: list[Json] = []
    if rules or not domain.tier1s[name].nat:
        children.append(
            {"resource_type": "ChildLocaleServices", "LocaleServices": {"resource_type": "LocaleServices", **services}}
        )
    if rules:
        children.append({"resource_type": "ChildPolicyNat", "PolicyNat": {**nat_section(), "children": rules}})
    body = {"resource_type": "Tier1", "id": name, "display_name": name, "tier0_path": gateway}
    tells = [ADVERTISED_NAT, ADVERTISED_LB] if domain.tier1s[name].nat else [ADVERTISED_CONNECTED, ADVERTISED_LB]
    return {**body, "route_advertisement_types": tells, "children": children}


def _snat_rules(domain: WorkloadDomain, name: str) -> Iterator[Json]:
    """A rule for each network behind a Tier-1 that translates, of the form and with the tag of NCP (its rules are told by the tag
    ncp/cluster; the write-up reads the egress address from them). None where the file does not know the address."""
    tier1 = domain.tier1s[name]
    if not tier1.nat or tier1.egress is None:
        return
    for number, network in enumerate(tier1.networks or (None,)):
        yield {
            "resource_type": "PolicyNatRule",
            "id": f"{name}-snat-{number}",
            "display_name": f"{name}-snat-{number}",
            "action": "SNAT",
            "translated_network": str(tier1.egress),
            "sequence_number": number,
            "enabled": True,
            "tags": [{"scope": "ncp/cluster", "tag": domain.name}],
            **({"source_network": str(network)} if network else {}),
        }


def _edge_cluster(gateway: str) -> str:
    return paths.edge_cluster(f"{paths.last(gateway)}-edges")
