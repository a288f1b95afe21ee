"""The Tier-0 as a domain file describes it: its HA mode, its interfaces with edges and addresses, its HA VIPs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv4Network, IPv6Interface, ip_interface
from typing import Any

from egress.domain.fields import listed, quoted
from egress.inventory.survey import Survey
from egress.policy import paths
from egress.policy.paths import Collection, last
from egress.policy.tree import Json, children
from egress.scan.bodies import below, mappings, texts
from egress.scan.found import Gathered, Kind
from egress.scan.gaps import why
from egress.vocabulary import HaMode, NatAction, nat_action


@dataclass(frozen=True)
class Entry:
    """An entry of a list of the file, and the path of the object that it came from. note: more about it, for people."""

    path: str
    values: dict[str, Any]
    note: str = ""

    @property
    def mark(self) -> str:
        """What tells it from every other entry: of HA VIPs, several may come from one object."""
        return f"{self.path} {self.values['address']}" if "id" not in self.values else self.path

    @property
    def told(self) -> str:
        """Where it came from, and what more is known."""
        return f"{self.path} ({self.note})" if self.note else self.path


@dataclass(frozen=True)
class Seen:
    """A Tier-0 as it was seen. ha_mode: None where it is not known. services: path of the locale service that the file names; the
    interfaces are those below it. cluster: what people call its edge cluster, empty where it is not known. hidden: why more of them may be there, empty where all were seen."""

    path: str
    body: Json
    ha_mode: HaMode | None
    stateful: bool
    services: str
    cluster: str = ""
    vrf_of: str | None = None
    uplinks: tuple[Entry, ...] = ()
    service_interfaces: tuple[Entry, ...] = ()
    vips: tuple[Entry, ...] = ()
    hidden: str = ""

    @property
    def action(self) -> NatAction | None:
        """What mappings become on this gateway, None where its HA mode is not known."""
        return nat_action(self.ha_mode, stateful_active_active=self.stateful) if self.ha_mode else None

    @property
    def uplink_networks(self) -> tuple[IPv4Network, ...]:
        """Subnets of the uplinks."""
        return _networks(self.uplinks)

    @property
    def service_networks(self) -> tuple[IPv4Network, ...]:
        """Subnets of the service interfaces."""
        return _networks(self.service_interfaces)

    @property
    def interfaces(self) -> dict[str, str]:
        """Ids of the file's interfaces, by path."""
        return {one.path: str(one.values["id"]) for one in (*self.uplinks, *self.service_interfaces)}


def _networks(entries: Sequence[Entry]) -> tuple[IPv4Network, ...]:
    return tuple(dict.fromkeys(IPv4Interface(one.values["address"]).network for one in entries))


def seen(survey: Survey, gateway: str, gathered: Gathered) -> Seen:
    """The Tier-0 at a path of the survey."""
    body = survey.objects.get(gateway, {})
    services = _services(survey, gateway)
    place = services[0] if services else paths.child(gateway, Collection.LOCALE_SERVICES, "default")
    uplinks: list[Entry] = []
    others: list[Entry] = []
    for one in services:
        for path, interface in children(survey.objects, one, Collection.INTERFACES):
            entry = _interface(survey, path, interface, None if one == place else one, gathered)
            if entry is not None and not gathered.refuses(entry.mark, path, Kind.INTERFACE):
                (uplinks if "edge" in entry.values else others).append(entry)
    held = {one.path: str(one.values["id"]) for one in uplinks}
    vips = [
        vip
        for path in services
        for vip in _vips(survey.objects[path], path, held, gathered)
        if not gathered.refuses(vip.mark, path, Kind.VIP)
    ]
    vrf = below(body.get("vrf_config"), "tier0_path")
    mode = _ha_mode(survey, body, vrf)
    return Seen(
        path=gateway,
        body=body,
        ha_mode=mode,
        stateful=mode is HaMode.ACTIVE_ACTIVE and below(body.get("stateful_services"), "enabled") is True,
        services=place,
        cluster=_cluster(survey, place),
        vrf_of=last(vrf) if isinstance(vrf, str) and vrf else None,
        uplinks=tuple(uplinks),
        service_interfaces=tuple(others),
        vips=tuple(vips),
        hidden=why(
            survey.unseen,
            paths.collection(gateway, Collection.LOCALE_SERVICES),
            *(paths.collection(one, Collection.INTERFACES) for one in services),
        ),
    )


def _cluster(survey: Survey, services: str) -> str:
    path = survey.objects.get(services, {}).get("edge_cluster_path")
    if not isinstance(path, str):
        return ""
    name = survey.objects.get(path, {}).get("display_name")
    return f"{last(path)}, called {name}" if isinstance(name, str) and name != last(path) else last(path)


def without_uplinks(survey: Survey) -> list[str]:
    """Ids of the Tier-0s that have no uplink, whatever of one a file could hold. One whose interfaces could not be seen may have some."""
    return [last(one) for one in survey.gateways if _is_without_uplinks(survey, one)]


def _is_without_uplinks(survey: Survey, gateway: str) -> bool:
    counted = _uplinks_counted(survey, gateway)
    places = [paths.collection(one, Collection.INTERFACES) for one in counted]
    hidden = why(survey.unseen, paths.collection(gateway, Collection.LOCALE_SERVICES), *places)
    return not any(counted.values()) and not hidden


def _uplinks_counted(survey: Survey, gateway: str) -> dict[str, int]:
    """How many external interfaces each locale service has."""
    return {
        path: sum(
            1
            for _, body in children(survey.objects, path, Collection.INTERFACES)
            if body.get("type", "EXTERNAL") == "EXTERNAL" and body.get("marked_for_delete") is not True
        )
        for path, _ in children(survey.objects, gateway, Collection.LOCALE_SERVICES)
    }


def _services(survey: Survey, gateway: str) -> list[str]:
    """Locale services: first the one with the most external interfaces, which a file can name; among equals the first id."""
    counted = _uplinks_counted(survey, gateway)
    return sorted(counted, key=lambda path: (-counted[path], path))


def _ha_mode(survey: Survey, body: Json, vrf: Any) -> HaMode | None:
    """The HA mode; that of its parent where a VRF gateway says none of its own (VCF 9.0, VRF gateways inherit it)."""
    given = body.get("ha_mode") or (survey.objects.get(vrf, {}).get("ha_mode") if isinstance(vrf, str) else None)
    return HaMode(given) if given in list(HaMode) else None


_USUAL = (("urpf_mode", "STRICT"), ("admin_state", "UP"))
"""What a file takes for granted of an interface (defaults: NSX Policy API, Tier0Interface)."""


def _interface(survey: Survey, path: str, body: Json, elsewhere: str | None, gathered: Gathered) -> Entry | None:
    """An uplink (with an edge) or a service interface, None for what a file has no room for. elsewhere: the locale service that it stands
    in, where that is not the file's."""
    kind, edge = body.get("type", "EXTERNAL"), body.get("edge_path")
    v4, v6, odd = _addresses(body)
    reason = ""
    if kind not in ("EXTERNAL", "SERVICE"):
        reason = f"it is of the type {quoted(kind)}, and a file has uplinks and service interfaces"
    elif elsewhere:
        reason = f"it stands in the locale service {last(elsewhere)}, and a file has room for one"
    elif not v4:
        reason = "it has no IPv4 address that could be read, and a file's interfaces have one"
    elif kind == "EXTERNAL" and not (isinstance(edge, str) and edge):
        reason = "it names no edge"
    if reason:
        gathered.leave(path, Kind.INTERFACE, reason)
        return None
    values: dict[str, Any] = {"id": last(path), "address": str(v4[0])}
    if kind == "EXTERNAL":
        values = {"id": last(path), "edge": last(str(edge)), "address": str(v4[0])}
        values |= {"ipv6": str(v6[0])} if v6 else {}
    further = [str(one) for one in (*v4[1:], *v6[1 if kind == "EXTERNAL" else 0 :])]
    if further or odd:
        gathered.leave(
            path, Kind.INTERFACE, f"its further addresses {listed([*further, *odd])} have no place in the file"
        )
    odd_modes = [f"{name} {body[name]}" for name, usual in _USUAL if body.get(name) not in (None, usual)]
    return Entry(path, values, ", ".join([*filter(None, [_edge_name(survey, edge)]), *odd_modes]))


def _edge_name(survey: Survey, edge: Any) -> str:
    """What people call an edge, where that is not its id."""
    body = survey.objects.get(edge, {}) if isinstance(edge, str) else {}
    name = body.get("display_name")
    return f"edge {name}" if isinstance(name, str) and name not in ("", last(str(edge))) else ""


def _addresses(body: Json) -> tuple[list[IPv4Interface], list[IPv6Interface], list[str]]:
    """Addresses of an interface by family, and those that cannot be read."""
    found: list[IPv4Interface | IPv6Interface] = []
    odd: list[str] = []
    for subnet in mappings(body.get("subnets")):
        for one in texts(subnet.get("ip_addresses")):
            try:
                found.append(ip_interface(f"{one}/{subnet.get('prefix_len')}"))
            except ValueError:
                odd.append(quoted(f"{one}/{subnet.get('prefix_len')}"))
    v4 = [one for one in found if isinstance(one, IPv4Interface)]
    return v4, [one for one in found if isinstance(one, IPv6Interface)], odd


def _vips(services: Json, path: str, held: dict[str, str], gathered: Gathered) -> Iterator[Entry]:
    """The HA VIPs of a locale service; one config of two addresses is two entries."""
    for config in mappings(services.get("ha_vip_configs")):
        named = texts(config.get("external_interface_paths"))
        v4, v6, odd = _addresses({"subnets": [_as_subnet(one) for one in mappings(config.get("vip_subnets"))]})
        shown = listed([*map(str, (*v4, *v6)), *odd]) or "without an address"
        if config.get("enabled", True) is not True:
            gathered.leave(path, Kind.VIP, f"{shown}: it is disabled")
        elif not named or any(one not in held for one in named):
            gathered.leave(
                path, Kind.VIP, f"{shown}: it is on {listed(named) or 'no interface'}, no uplinks of this file"
            )
        else:
            for address in v4:
                yield Entry(path, {"address": str(address), "uplinks": [held[one] for one in named]})
            if v6 or odd:
                gathered.leave(path, Kind.VIP, f"{listed([*map(str, v6), *odd])}: a file's HA VIPs are IPv4")


def _as_subnet(given: Json) -> Json:
    return {"ip_addresses": given.get("ip_addresses"), "prefix_len": given.get("prefix_len")}
