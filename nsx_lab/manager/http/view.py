"""What the page shows, as data: each Tier-0 with what stands on it and what has become of it, and the latest requests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nsx_lab.manager.http.running import World
from nsx_lab.manager.nsx.realization import ERROR, Realization
from nsx_lab.manager.nsx.rules.gateway import Gateway
from nsx_lab.manager.store.kinds import NAT_SECTIONS
from nsx_lab.manager.store.store import Object, Transaction

TIER0S_SHOWN = 20
ROWS_SHOWN = 200
ENTRIES_SHOWN = 100
LEAVING = "LEAVING"
"""The word for what is deleted and not yet out of the data plane; NSX has none."""

Row = dict[str, Any]


def view(world: World, since: int = 0, named: str = "") -> Row:
    """Tier-0s whose id or name holds `named` (at most 20, 200 rows each), and journal entries after `since` (the latest 100).

    Looking does not count as a poll of realization, and leaves no entry in the journal. The caller holds the manager's lock.
    """
    manager = world.manager
    manager.realization.tick()
    tx = Transaction(manager.store)
    wanted = named.casefold()
    found = [obj for obj in tx.of_type("Tier0") if wanted in f"{obj['id']}\n{obj.get('display_name', '')}".casefold()]
    leaving = manager.realization.leaving()
    journal = world.journal.since()
    entries = [entry for entry in journal if entry.seq > since][-ENTRIES_SHOWN:]
    return {
        "profile": manager.settings.profile.name,
        "semantics": manager.settings.semantics,
        "objects": len(manager.store),
        "faults": len(world.faults.all()),
        "tier0s_found": len(found),
        "tier0s": [_tier0(Gateway(tx, obj["path"]), manager.realization, leaving) for obj in found[:TIER0S_SHOWN]],
        "journal": [
            {
                "seq": entry.seq,
                "status": entry.status,
                "method": entry.method,
                "path": entry.path,
                "query": entry.query,
                "who": entry.who,
                "fault": entry.fault,
                "code": entry.error_code,
            }
            for entry in entries
        ],
        "first": journal[0].seq if journal else world.journal.last + 1,
        "last": world.journal.last,
    }


def _tier0(gateway: Gateway, realization: Realization, leaving: list[Object]) -> Row:
    gone = [obj for obj in leaving if obj["path"].startswith(gateway.path + "/")]

    def rows(kind: str, present: Iterable[Object]) -> list[Row]:
        every = [*present, *(obj for obj in gone if obj["resource_type"] == kind)]
        return [{**_TO_ROW[kind](obj), **_state(realization, obj)} for obj in every]

    tables = {
        "interfaces": rows("Tier0Interface", gateway.interfaces),
        "routes": rows("StaticRoutes", gateway.static_routes()),
        "rules": rows("PolicyNatRule", gateway.nat_rules()),
    }
    return {
        **_named(gateway.object),
        **_state(realization, gateway.object),
        "ha_mode": gateway.ha_mode,
        "vips": [vip for service in gateway.locale_services for vip in _vips(service)],
        "tier1s": [tier1["id"] for tier1 in gateway.tier1s],
        "left_off": {name: len(table) - ROWS_SHOWN for name, table in tables.items() if len(table) > ROWS_SHOWN},
        **{name: table[:ROWS_SHOWN] for name, table in tables.items()},
    }


def _state(realization: Realization, obj: Object) -> Row:
    record = realization.record(obj["path"])
    if record is None:
        return {"state": "", "alarms": []}
    if record.intent is None:
        return {"state": LEAVING, "alarms": []}
    state = realization.shown(record)
    return {"state": state, "alarms": [message for message, _ in record.alarms] if state == ERROR else []}


def _named(obj: Object) -> Row:
    return {"id": obj["id"], "name": obj.get("display_name", obj["id"])}


def _interface(obj: Object) -> Row:
    return {
        **_named(obj),
        "type": obj.get("type", ""),
        "addresses": _addresses(obj.get("subnets")),
        "edge": str(obj.get("edge_path") or "").rpartition("/")[2],
    }


def _route(obj: Object) -> Row:
    hops = [
        {
            "address": hop.get("ip_address") or "discard",
            "distance": hop.get("admin_distance", 1),
            "scope": [path.rpartition("/")[2] for path in hop.get("scope") or []],
        }
        for hop in obj.get("next_hops") or []
    ]
    return {**_named(obj), "network": obj.get("network", ""), "hops": hops}


def _rule(obj: Object) -> Row:
    section = obj["parent_path"].rpartition("/")[2]
    return {
        **_named(obj),
        "section": section if section in NAT_SECTIONS else "",
        "sequence": obj.get("sequence_number", 0),
        "action": obj.get("action", ""),
        "source": obj.get("source_network") or "any",
        "destination": obj.get("destination_network") or "any",
        "translated": obj.get("translated_network") or "",
        "ports": obj.get("translated_ports") or "",
        "enabled": obj.get("enabled", True),
    }


def _vips(service: Object) -> list[str]:
    return [
        address
        for vip in service.get("ha_vip_configs") or []
        if vip.get("enabled", True)
        for address in _addresses(vip.get("vip_subnets"))
    ]


def _addresses(subnets: list[Row] | None) -> list[str]:
    return [
        f"{address}/{subnet.get('prefix_len', '')}"
        for subnet in subnets or []
        for address in subnet.get("ip_addresses") or []
    ]


_TO_ROW = {"Tier0Interface": _interface, "StaticRoutes": _route, "PolicyNatRule": _rule}
