"""A domain as its Tier-0 really is: HA mode, interfaces and HA VIPs of the manager in place of those of the file, and what differs."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Interface

from egress.domain import WorkloadDomain
from egress.domain.model import HaVip, ServiceInterface, Uplink
from egress.policy.gateways import Tier0, Tier0Interface


def as_found(domain: WorkloadDomain, tier0: Tier0) -> tuple[WorkloadDomain, tuple[str, ...]]:
    """The domain with what the manager says of the Tier-0, and a sentence for each difference. Without interfaces nothing is known of
    them, and the file's stay."""
    told = list(_of_mode(domain, tier0))
    update: dict[str, object] = {"ha_mode": tier0.ha_mode}
    if tier0.shares_state != domain.tier0.stateful_active_active:
        update["stateful_active_active"] = tier0.shares_state
    if tier0.interfaces:
        real = {one.name: one for one in tier0.interfaces}
        told += _of_interfaces(domain, real, tier0.id)
        uplinks = tuple(_uplink(one, real[one.id]) for one in domain.tier0.uplinks if one.id in real)
        update["uplinks"] = uplinks or domain.tier0.uplinks
        services = [one for one in domain.tier0.service_interfaces if one.id in real]
        found = [one.model_copy(update={"address": _v4(real[one.id]) or one.address}) for one in services]
        update["service_interfaces"] = tuple(found)
        vips, sentences = _vips(domain, tier0)
        told += sentences
        update["ha_vips"] = vips
    changed = domain.tier0.model_copy(update=update)
    return domain.model_copy(update={"tier0": changed}), tuple(told)


def _of_mode(domain: WorkloadDomain, tier0: Tier0) -> Iterator[str]:
    declared = domain.tier0.ha_mode
    if declared is not tier0.ha_mode:
        yield f"the file says ha_mode {declared}, {tier0.id} is {tier0.ha_mode}: {tier0.ha_mode} is walked"


def _of_interfaces(domain: WorkloadDomain, real: dict[str, Tier0Interface], name: str) -> Iterator[str]:
    declared: tuple[Uplink | ServiceInterface, ...] = (*domain.tier0.uplinks, *domain.tier0.service_interfaces)
    for one in declared:
        if one.id not in real:
            yield f"the file has interface {one.id} ({one.address}), {name} has none of that id: it is not walked"
            continue
        there = [held for held in real[one.id].addresses if held.version == 4]
        if there and one.address not in there:
            yield f"the file says {one.address} for {one.id}, {name} has {there[0]}: {there[0]} is walked"
        edge = real[one.id].edge
        if isinstance(one, Uplink) and edge is not None and edge != one.edge:
            yield f"the file says that {one.id} is on {one.edge}, {name} has it on {edge}: {edge} is walked"


def _uplink(declared: Uplink, real: Tier0Interface) -> Uplink:
    address = declared.address if declared.address in real.addresses else _v4(real) or declared.address
    return declared.model_copy(update={"address": address, "edge": real.edge or declared.edge})


def _v4(real: Tier0Interface) -> IPv4Interface | None:
    return next((one for one in real.addresses if isinstance(one, IPv4Interface)), None)


def _vips(domain: WorkloadDomain, tier0: Tier0) -> tuple[tuple[HaVip, ...], list[str]]:
    names = {one.path: one.name for one in tier0.interfaces}
    found = {
        address: HaVip(address=address, uplinks=tuple(names[path] for path in sorted(vip.interfaces) if path in names))
        for vip in tier0.vips
        for address in vip.addresses
        if isinstance(address, IPv4Interface)
    }
    declared = [vip.address for vip in domain.tier0.ha_vips]
    told = [
        f"the file has HA VIP {one}, {tier0.id} has none of it: it is not walked"
        for one in declared
        if one not in found
    ]
    told += [
        f"{tier0.id} has HA VIP {one}, which is not in the file: it is walked" for one in found if one not in declared
    ]
    return tuple(found.values()), told
