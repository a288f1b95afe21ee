"""The Tier-0 itself: stateful services, VRF, uplinks, service interfaces, HA VIPs, as the file declares them. HA mode and uplink addresses are
rules of `egress/checks/on_the_manager.py`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Interface

from egress.domain import WorkloadDomain
from egress.domain.fields import listed
from egress.policy import paths
from egress.policy.gateways import Tier0, Tier0Interface
from egress.policy.paths import Collection, last
from egress.policy.sighting import Sighting, out_of_sight
from egress.policy.tree import Json
from egress.verification.finding import Finding, found


def gateway(
    domain: WorkloadDomain, neighbours: Sequence[WorkloadDomain], seen: Sighting, tier0: Tier0
) -> Iterator[Finding]:
    """What of the gateway is not as the file declares. tier0: the gateway as it was seen, with what is not realized."""
    yield from _stateful(domain, tier0)
    yield from _vrf(domain, tier0, seen.objects[seen.gateway])
    services = paths.collection(seen.gateway, Collection.LOCALE_SERVICES)
    if out_of_sight(seen.unseen, services):
        return
    yield from _vips(domain, neighbours, tier0)
    own = paths.interface(seen.gateway, domain.tier0.locale_service, "x").rpartition("/")[0]
    if not out_of_sight(seen.unseen, own):
        yield from _interfaces(domain, own, seen, tier0)
        yield from _undeclared(domain, neighbours, tier0)


def _stateful(domain: WorkloadDomain, tier0: Tier0) -> Iterator[Finding]:
    declared = domain.tier0.stateful_active_active
    if declared != tier0.shares_state and tier0.ha_mode == domain.tier0.ha_mode:
        yield found(
            "stateful-services-differ",
            domain,
            ("tier0", "stateful_active_active"),
            tier0.id,
            f"stateful services are {'on' if tier0.shares_state else 'off'}",
            "on" if declared else "off",
            f"write stateful_active_active: {'true' if tier0.shares_state else 'false'}, and look at the plan",
        )


def _vrf(domain: WorkloadDomain, tier0: Tier0, body: Json) -> Iterator[Finding]:
    config = body.get("vrf_config")
    parent = last(str(config.get("tier0_path"))) if isinstance(config, dict) and config.get("tier0_path") else None
    declared = domain.tier0.vrf_of
    if parent != declared:
        yield found(
            "vrf-differs",
            domain,
            ("tier0", "vrf_of"),
            tier0.id,
            f"it is a VRF of {parent}" if parent else "it is no VRF",
            f"a VRF of {declared}" if declared else "that it is none",
            f"write vrf_of: {parent}" if parent else "take vrf_of out",
        )


def _interfaces(domain: WorkloadDomain, own: str, seen: Sighting, tier0: Tier0) -> Iterator[Finding]:
    real = {one.path: one for one in tier0.interfaces}
    renamed = _only_renamed(domain, own, real)
    for index, uplink in enumerate(domain.tier0.uplinks):
        path = f"{own}/{uplink.id}"
        if path not in seen.objects:
            continue  # uplink-differs says so
        at = ("tier0", "uplinks", index)
        yield from _type(domain, at, seen.objects[path], uplink.id, "EXTERNAL")
        one = real.get(path)
        if one is None:
            continue
        if one.edge is not None and one.edge != uplink.edge and not renamed:
            fix = f"write edge: {one.edge}"
            yield found(
                "uplink-edge-differs", domain, (*at, "edge"), uplink.id, f"it is on edge {one.edge}", uplink.edge, fix
            )
        v6 = [address for address in one.addresses if address.version == 6]
        if uplink.ipv6 is not None and uplink.ipv6 not in v6:
            has = listed([str(address) for address in v6]) or "none"
            yield found(
                "uplink-ipv6-differs",
                domain,
                (*at, "ipv6"),
                uplink.id,
                f"its IPv6 address is {has}",
                str(uplink.ipv6),
                "write the address that it has",
            )
    for index, service in enumerate(domain.tier0.service_interfaces):
        path, place = f"{own}/{service.id}", ("tier0", "service_interfaces", index)
        body, one = seen.objects.get(path), real.get(path)
        if body is not None:
            yield from _type(domain, place, body, service.id, "SERVICE")
        has = listed([str(address) for address in one.addresses]) if one else ""
        if one is None or service.address not in one.addresses:
            yield found(
                "service-interface-differs",
                domain,
                place,
                service.id,
                f"it has {has}" if has else "the manager has no such interface",
                str(service.address),
                "write the address that it has" if has else "make it in NSX, or take it out of the file",
            )


def _type(domain: WorkloadDomain, at: tuple[str | int, ...], body: Json, name: str, wanted: str) -> Iterator[Finding]:
    kind = str(body.get("type") or "EXTERNAL")
    if kind != wanted:
        key = "uplinks" if wanted == "EXTERNAL" else "service_interfaces"
        fix = "make it anew in NSX with that type, or write it where it belongs"
        yield found("interface-type-differs", domain, at, name, f"its type is {kind}", f"{wanted} (tier0.{key})", fix)


def _only_renamed(domain: WorkloadDomain, own: str, real: dict[str, Tier0Interface]) -> bool:
    """Whether the manager calls every edge otherwise than the file, and yet keeps uplinks apart and together as the file does: an edge node
    has an id and a name, and the file may have either."""
    pairs = {
        (uplink.edge, edge)
        for uplink in domain.tier0.uplinks
        if (one := real.get(f"{own}/{uplink.id}")) and (edge := one.edge)
    }
    declared, there = {pair[0] for pair in pairs}, {pair[1] for pair in pairs}
    return not declared & there and len(pairs) == len(declared) == len(there)


def _undeclared(domain: WorkloadDomain, neighbours: Sequence[WorkloadDomain], tier0: Tier0) -> Iterator[Finding]:
    declared = {name for one in (domain, *neighbours) for name in one.tier0.interface_ids}
    for one in tier0.interfaces:
        if one.name not in declared:
            kind = "external" if one.external else "service"
            address = listed([str(address) for address in one.addresses])
            seen = f"{kind} interface with {address}, in no domain file"
            yield found("interface-undeclared", domain, ("tier0", "uplinks"), one.name, seen, "", "add it to the file")


def _vips(domain: WorkloadDomain, neighbours: Sequence[WorkloadDomain], tier0: Tier0) -> Iterator[Finding]:
    """Each HA VIP with the uplinks that it moves between."""
    names = {one.path: one.name for one in tier0.interfaces}
    real = {
        address: frozenset(names.get(path, last(path)) for path in vip.interfaces)
        for vip in tier0.vips
        for address in vip.addresses
        if isinstance(address, IPv4Interface)
    }
    theirs = {vip.address for other in neighbours for vip in other.tier0.ha_vips}
    declared = {vip.address for vip in domain.tier0.ha_vips}
    strange = listed([str(one) for one in real if one not in declared | theirs])
    for index, vip in enumerate(domain.tier0.ha_vips):
        at = ("tier0", "ha_vips", index)
        between = frozenset(one.id for one in domain.tier0.uplinks_of(vip))
        about = f"HA VIP {vip.address}"
        if vip.address not in real:
            there = f"{tier0.id} has {strange} instead" if strange else f"{tier0.id} does not have it"
            yield found("ha-vip-differs", domain, at, about, there, "", _VIP_FIX)
        elif real[vip.address] != between:
            has, said = (listed(sorted(one)) or "none" for one in (real[vip.address], between))
            yield found("ha-vip-differs", domain, at, about, f"it moves between {has}", said, _VIP_FIX)
    if strange and len(declared) <= len(declared & real.keys()):
        seen = f"{tier0.id} has it, and no domain file"
        yield found("ha-vip-differs", domain, ("tier0", "ha_vips"), f"HA VIP {strange}", seen, "", _VIP_FIX)


_VIP_FIX = "set it in NSX (locale services, HA VIP configuration), or write what is there into ha_vips"
