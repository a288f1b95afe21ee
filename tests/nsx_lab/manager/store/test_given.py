"""What the manager puts into objects on its own: all of it has a line in the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from nsx_lab.manager.nsx.defaults import ENFORCEMENT_POINT
from nsx_lab.manager.nsx.manager import Manager
from nsx_lab.manager.nsx.profiles import profile
from nsx_lab.manager.nsx.settings import Settings
from nsx_lab.manager.store.envelope import SERVER_FIELDS
from nsx_lab.manager.store.given import EVERY_TYPE, GIVEN, of_type
from nsx_lab.manager.store.kinds import KINDS, ROOTS, Kind, children_of
from nsx_lab.manager.store.store import Object

FIXED = {"Site": "default", "EnforcementPoint": "default", "Domain": "default", "PolicyNat": "USER", "Org": "default"}
"""Ids of what cannot be made: it is always there, or comes with its parent (as does the BGP configuration, which has no id)."""
LEAST: dict[str, Object] = {
    "LocaleServices": {"edge_cluster_path": f"{ENFORCEMENT_POINT}/edge-clusters/x"},
    "Tier0Interface": {"subnets": [{"ip_addresses": ["10.0.0.1"], "prefix_len": 24}]},
    "StaticRoutes": {"network": "0.0.0.0/0", "next_hops": [{"ip_address": "10.0.0.2"}]},
    "StaticRouteBfdPeer": {"peer_address": "10.0.0.2", "bfd_profile_path": "/infra/bfd-profiles/default"},
    "PolicyNatRule": {"action": "REFLEXIVE", "source_network": "30.0.0.5", "translated_network": "10.0.0.5"},
    "PrefixList": {"prefixes": [{"network": "10.0.0.0/8"}]},
    "LBVirtualServer": {"ip_address": "30.0.1.10", "ports": ["443"], "application_profile_path": "/infra/lb-app-profiles/default-tcp-lb-app-profile"},
    "IpAddressBlock": {"cidr": "30.0.0.0/24"},
    "IpAddressPoolBlockSubnet": {"ip_block_path": "/infra/ip-blocks/x", "size": 16},
    "IpAddressPoolStaticSubnet": {"cidr": "30.0.1.0/24", "allocation_ranges": [{"start": "30.0.1.5", "end": "30.0.1.6"}]},
}  # fmt: skip
"""What must be written to make an object of a type; nothing for those that are not here."""


@pytest.fixture(scope="module")
def manager() -> Manager:
    """With one object of each kind at each place, of which only the least was written."""
    made = Manager(Settings(profile=profile("9.1")))
    for name in ("edge-clusters/x", "edge-clusters/x/edge-nodes/x"):
        made.patch(f"{ENFORCEMENT_POINT}/{name}", {}, "admin")
    made.patch("/infra/ip-blocks/x", LEAST["IpAddressBlock"], "admin")
    for path, kind in places():
        for resource_type in kind.variants or (kind.resource_type,):
            if kind.resource_type not in (*FIXED, "BgpRoutingConfig"):
                typed = {"resource_type": resource_type} if kind.variants else {}
                last = path if resource_type == kind.resource_type else f"{path}-{resource_type}"
                made.patch(last, {**typed, **LEAST.get(resource_type, {})}, "admin")
    return made


def places() -> Iterator[tuple[str, Kind]]:
    """A path for each kind at each place of the tree, parents first."""
    waiting: list[tuple[tuple[str, ...], str]] = [((name,), path) for name, path in ROOTS.items()]
    while waiting:
        lineage, above = waiting.pop(0)
        for kind in sorted(children_of(lineage), key=KINDS.index):
            base = f"{above}/{kind.collection}"
            path = base if kind.singleton else f"{base}/{FIXED.get(kind.resource_type, 'x')}"
            yield path, kind
            waiting.append(((*lineage, kind.resource_type), path))


def everything(manager: Manager) -> list[Object]:
    """All objects of the manager, as they are shown."""
    return [manager.get(path) for path in manager.store.paths()]


def given(obj: Object) -> dict[str, Any]:
    """The fields of an object that nobody wrote; those within a list by the name of the list and their own."""
    least = LEAST.get(obj["resource_type"], {})
    wrote = {"id", "resource_type", *SERVER_FIELDS, *least}
    found = {name: value for name, value in obj.items() if name not in wrote}
    for name in [one for one in least if isinstance(least[one], list)]:
        for entry, written in zip(obj[name], least[name], strict=True):
            if isinstance(entry, dict):
                found |= {f"{name}[].{key}": value for key, value in entry.items() if key not in written}
    return found


def test_there_is_an_object_of_every_kind(manager: Manager) -> None:
    found = {obj["resource_type"] for obj in everything(manager)}
    assert {name for kind in KINDS for name in kind.variants or (kind.resource_type,)} <= found


def test_every_value_that_nobody_wrote_has_a_line(manager: Manager) -> None:
    for obj in everything(manager):
        lines = list(of_type(obj["resource_type"]))
        assert set(given(obj)) <= {line.name for line in lines}, obj["path"]
        for name, value in given(obj).items():
            fitting = [line.value for line in lines if line.name == name and line.fits(obj)]
            assert not fitting or value == fitting[0], (obj["path"], name)


def test_no_line_is_about_a_value_that_is_never_given(manager: Manager) -> None:
    seen = {(obj["resource_type"], name) for obj in everything(manager) for name in given(obj)}
    for resource_type, lines in GIVEN.items():
        if resource_type != EVERY_TYPE:
            assert {line.name for line in lines} <= {name for owner, name in seen if owner == resource_type}


def test_every_line_has_its_source() -> None:
    for resource_type, lines in GIVEN.items():
        for line in lines:
            assert line.reference, (resource_type, line.name)


def test_tier1_has_the_type_that_was_written_and_no_other(manager: Manager) -> None:
    assert "type" not in manager.get("/infra/tier-1s/x")
    manager.patch("/infra/tier-1s/routed", {"type": "ROUTED"}, "admin")
    assert manager.get("/infra/tier-1s/routed")["type"] == "ROUTED"


def test_tier1_has_an_ha_mode_once_it_has_an_edge_cluster(manager: Manager) -> None:
    manager.patch("/infra/tier-1s/a", {}, "admin")
    assert "ha_mode" not in manager.get("/infra/tier-1s/a")
    manager.patch("/infra/tier-1s/a/locale-services/default", LEAST["LocaleServices"], "admin")
    assert manager.get("/infra/tier-1s/a")["ha_mode"] == "ACTIVE_STANDBY"
    assert [manager.shown(obj)["ha_mode"] for obj in manager.find("id:a AND resource_type:Tier1")] == ["ACTIVE_STANDBY"]
    manager.patch("/infra/tier-1s/a/locale-services/default", {}, "admin")
    assert "ha_mode" not in manager.get("/infra/tier-1s/a")


def test_inner_transit_of_a_tier0_follows_its_ha_mode(manager: Manager) -> None:
    for mode, transit in (("ACTIVE_ACTIVE", "169.254.0.0/24"), ("ACTIVE_STANDBY", "169.254.0.0/28")):
        manager.patch("/infra/tier-0s/transit", {"ha_mode": mode}, "admin")
        assert manager.get("/infra/tier-0s/transit")["internal_transit_subnets"] == [transit]
