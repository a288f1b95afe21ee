"""`egress verify` on a lab: well after an apply, and each difference that somebody plants is named, by its id, and no other."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pytest
from junitparser import Error, Failure, JUnitXml

from egress.domain import load_domains
from egress.verification.junit import CASES
from tests.e2e.verified import (
    DEV,
    ROUTE,
    RULES,
    STANDBY,
    SUPERVISOR,
    T0,
    TKG,
    UPLINK,
    Json,
    Make,
    Place,
    apply,
    moved,
    new_tier1,
)

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("profile", ["3.2", "4.2", "9.1"])
@pytest.mark.parametrize("text", [None, STANDBY], ids=["golden", "standby"])
def test_after_an_apply_all_is_well_and_only_get_was_sent(applied_lab: Make, text: str | None, profile: str) -> None:
    place = applied_lab(text, profile=profile)
    before = place.lab.control.mark()
    code, (stack,) = place.verify()
    assert code == 0
    assert stack["well"]
    assert not [one for one in stack["findings"] if one["severity"] != "note"]
    assert not stack["not_seen"]
    assert stack["looked_at"]["forwarding_tables"] == 2
    assert [one["covered_by"] for one in stack["looked_at"]["egress_addresses"]] == [
        "mapping supervisor",
        "mapping tkg",
    ]
    asked = place.lab.control.journal(before)
    assert {one["method"] for one in asked} == {"GET"}
    assert {one["path"] for one in asked if one["status"] != 200} <= {"/policy/api/v1/orgs/default/projects"}, "NSX 4"


@dataclass(frozen=True)
class Planted:
    """A difference: how it is planted, the ids that name it and what comes of it, and words of the text."""

    plant: Callable[[Place], None]
    ids: set[str]
    words: str


def changed(path: str, **values: Any) -> Callable[[Place], None]:
    return lambda place: place.change(path, **values)


def foreign(place: Place) -> None:
    place.put(f"{RULES}/theirs", {"action": "NO_SNAT", "source_network": "10.60.0.0/28", "sequence_number": 5})


def second_route(place: Place) -> None:
    place.put(
        f"{T0}/static-routes/theirs",
        {"network": "0.0.0.0/0", "next_hops": [{"ip_address": "10.20.30.9", "admin_distance": 1}]},
    )


def hops(*addresses: str) -> Callable[[Place], None]:
    return changed(ROUTE, next_hops=[{"ip_address": one, "admin_distance": 1} for one in addresses])


def address(text: str) -> Callable[[Place], None]:
    return changed(UPLINK, subnets=[{"ip_addresses": [text], "prefix_len": 24}])


def vip(*addresses: str) -> Callable[[Place], None]:
    services = f"{T0}/locale-services/default"
    both = [UPLINK, UPLINK.replace("edge01", "edge02")]
    configs = [
        {"enabled": True, "external_interface_paths": both, "vip_subnets": [{"ip_addresses": [one], "prefix_len": 24}]}
        for one in addresses
    ]
    return changed(services, ha_vip_configs=configs)


def unrealized(place: Place) -> None:
    place.lab.control.realization(path=SUPERVISOR, state="ERROR", message="no such edge")


def lonely_edge(place: Place) -> None:
    """The second edge's uplink stands in a network without a next hop."""
    place.change(
        ROUTE,
        next_hops=[{"ip_address": one, "admin_distance": 1, "scope": [UPLINK]} for one in ("10.20.30.2", "10.20.30.3")],
    )


PLANTED: dict[str, Planted] = {
    "rule changed by hand": Planted(
        changed(TKG, translated_network="10.20.30.49"), {"object-differs"}, "translated_network is 10.20.30.49 on the manager, the file says 10.20.30.41",
    ),
    "rule renamed by hand": Planted(changed(TKG, display_name="mine"), {"label-differs"}, "display_name is mine"),
    "rule deleted": Planted(lambda place: place.delete(TKG), {"object-missing", "flow-fails"}, "NAT rule wld07-egress-tkg: the manager has none"),
    "rule disabled": Planted(changed(TKG, enabled=False), {"rule-disabled", "flow-fails"}, "enabled is no on the manager"),
    "priority moved": Planted(changed(TKG, sequence_number=900), {"object-differs"}, "sequence_number is 900 on the manager, the file says 110"),
    "foreign NO_SNAT before ours": Planted(foreign, {"foreign-rule-first", "flow-fails"}, "NO_SNAT theirs, which no stack of this tool made"),
    "second default route": Planted(second_route, {"second-default-route", "flow-fails"}, "the manager has another 0.0.0.0/0"),
    "next hop changed": Planted(hops("10.20.30.2", "10.20.30.4"), {"object-differs", "flow-fails"}, "next_hops is 10.20.30.2 and 10.20.30.4"),
    "next hop added": Planted(hops("10.20.30.2", "10.20.30.3", "10.20.30.4"), {"object-differs", "flow-fails"}, "and 10.20.30.4 on the manager"),
    "uplink address changed": Planted(address("10.20.30.21"), {"uplink-differs"}, "edge01-uplink1 has 10.20.30.21/24"),
    "HA VIP removed": Planted(vip(), {"ha-vip-differs", "outage-worse"}, "HA VIP 10.20.30.10/24: T0-wld07 does not have it"),
    "another HA VIP": Planted(vip("10.20.30.99"), {"ha-vip-differs"}, "T0-wld07 has 10.20.30.99/24 instead"),
    "rule not realized": Planted(unrealized, {"not-realized", "flow-fails"}, "NSX has it and does not act by it (ERROR: no such edge)"),
    "Tier-1 egress moved": Planted(moved, {"egress-moved", "flow-fails"}, "Tier-1 domain-c8 sends with 10.60.0.6 now, the file says 10.60.0.5"),
    "new Tier-1": Planted(new_tier1, {"egress-uncovered", "flow-fails"}, "10.60.0.18 of Tier-1 t1-dev (namespace dev)"),
    "edge without default route": Planted(lonely_edge, {"object-differs", "edge-without-default-route", "outage-worse"}, "edge edge02: it does not forward 0.0.0.0/0"),
}  # fmt: skip


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_difference_is_named_and_no_other(standby_lab: Place, name: str) -> None:
    planted = PLANTED[name]
    planted.plant(standby_lab)
    assert standby_lab.found() == (2, planted.ids)
    code, told, _ = standby_lab.run("verify")
    assert code == 2
    assert planted.words in told


def test_another_ha_mode_is_named(applied_lab: Make) -> None:
    def standby_seed(document: Json) -> None:
        (tier0,) = [one["Tier0"] for one in document["infra"]["children"] if one["resource_type"] == "ChildTier0"]
        tier0["ha_mode"] = "ACTIVE_STANDBY"

    code, ids = applied_lab(seeded=standby_seed).found()
    assert code == 2
    assert "ha-mode-differs" in ids
    assert ids <= {"ha-mode-differs", "flow-fails", "outage-worse"}


def test_what_is_written_otherwise_and_means_the_same_is_no_difference(standby_lab: Place) -> None:
    route, rule = standby_lab.api.get(ROUTE).json(), standby_lab.api.get(TKG).json()
    standby_lab.change(ROUTE, next_hops=route["next_hops"][::-1], tags=route["tags"][::-1])
    standby_lab.change(
        TKG,
        source_network="10.60.0.16/32",
        translated_network="10.20.30.41/32",
        tags=rule["tags"][::-1],
        scope=rule["scope"][::-1],
    )
    assert standby_lab.found() == (0, set())


def answered_without(place: Place, name: str, field: str) -> None:
    """From now on the manager leaves a field of a rule out of its answers."""
    body = place.api.get(RULES).json()
    for one in body["results"]:
        if one["id"] == name:
            del one[field]
    place.lab.control.fault(method="GET", path=f"*{RULES}", times=0, status=200, body=body)


def test_a_network_list_that_the_manager_leaves_out_is_seen_and_that_drift_is_silent_is_said(
    standby_lab: Place,
) -> None:
    answered_without(standby_lab, "wld07-egress-tkg", "source_network")
    code, told, _ = standby_lab.run("verify")
    assert code == 2
    assert "source_network is any on the manager, the file says 10.60.0.16 [object-differs]" in told
    assert "egress drift says nothing of it" in told


def test_a_vpn_mode_on_a_reflexive_rule_is_told_before_an_update_fails(applied_lab: Make) -> None:
    place = applied_lab()
    rules = "/infra/tier-0s/T0-wld01/nat/USER/nat-rules"
    body = place.api.get(rules).json()
    body["results"][0]["policy_based_vpn_mode"] = "BYPASS"
    place.lab.control.fault(method="GET", path=f"*{rules}", times=0, status=200, body=body)
    assert place.found() == (2, {"object-differs"})
    assert "every later change of the rule fails before a request is sent" in place.run("verify")[1]


def test_an_edge_that_is_down_is_named(standby_lab: Place) -> None:
    standby_lab.lab.control.runtime(
        "/infra/sites/default/enforcement-points/default/edge-clusters/T0-wld07-edges/edge-nodes/edge02", "DOWN"
    )
    code, told, _ = standby_lab.run("verify")
    assert code == 2
    assert "edge edge02: it gives no forwarding table [edge-without-default-route]" in told
    assert "infrastructure_communication/edge_tunnels_down (HIGH)" in told


def test_a_mapping_of_the_whole_range_covers_a_namespace_that_comes(applied_lab: Make) -> None:
    whole = "  supervisor: {source: 10.60.0.5, translated: 10.20.30.40}\n  tkg: {source: 10.60.0.16, translated: 10.20.30.41}\n"
    assert whole in STANDBY
    place = applied_lab(
        STANDBY.replace(whole, "  more: {all: {source: 10.60.0.0/24, translated: 10.20.30.10, priority: 100}}\n")
    )
    new_tier1(place)
    code, (stack,) = place.verify()
    assert code == 0
    covered = {one["address"]: one["covered_by"] for one in stack["looked_at"]["egress_addresses"]}
    assert covered["10.60.0.18"] == "mapping all"


BESIDE = """
version: 1
name: wld08
nsx: {host: nsx-wld07.example.com}
tier0:
  id: T0-wld07
  ha_mode: ACTIVE_STANDBY
  ha_vips: [{address: 10.20.30.10/24}]
  uplinks:
    - {id: edge01-uplink1, edge: edge01, address: 10.20.30.11/24}
    - {id: edge02-uplink1, edge: edge02, address: 10.20.30.12/24}
default_route: {external: true}
egress:
  ranges: [10.70.0.0/24]
  more: {all: {source: 10.70.0.0/24, translated: 10.20.30.50, priority: 200}}
tier1s:
  t1-b: {networks: [10.248.0.0/24], egress: 10.70.0.5}
"""


def test_two_domains_on_one_tier0_are_each_well_and_an_address_is_told_once(applied_lab: Make) -> None:
    place = applied_lab(STANDBY, beside=BESIDE)
    code, stacks = place.verify()
    assert code == 0
    assert [(one["stack"], one["well"]) for one in stacks] == [("wld07", True), ("wld08", True)]
    covered = [
        [(one["address"], one["covered_by"]) for one in stack["looked_at"]["egress_addresses"]] for stack in stacks
    ]
    assert covered == [
        [("10.60.0.5", "mapping supervisor"), ("10.60.0.16", "mapping tkg")],
        [("10.70.0.5", "mapping all")],
    ]
    new_tier1(place)
    _, stacks = place.verify()
    told = [one["stack"] for one in stacks for finding in one["findings"] if finding["id"] == "egress-uncovered"]
    assert told == ["wld07"]
    place.delete(ROUTE)
    _, stacks = place.verify()
    ids = {
        one["stack"]: {finding["id"] for finding in one["findings"] if finding["severity"] == "error"} for one in stacks
    }
    assert "object-missing" in ids["wld07"]
    assert "edge-without-default-route" in ids["wld08"], "the default route is the neighbour's, and it is needed"


def gone(place: Place, tier1: str) -> None:
    """A Tier-1 is deleted with everything below it."""
    for path in (f"{tier1}/nat/USER/nat-rules/s", f"{tier1}/locale-services/default", tier1):
        place.delete(path)


def test_what_propose_writes_makes_all_well_once_it_is_applied(applied_lab: Make) -> None:
    place = applied_lab(STANDBY.replace("  ranges:", "  pool: [10.20.30.64/28]\n  ranges:"))

    def proposed_and_applied() -> None:
        assert place.run("propose", "--write")[0] == 2
        (domain,) = load_domains(place.root)
        apply(place, domain)

    new_tier1(place)
    assert "egress-uncovered" in place.found()[1]
    proposed_and_applied()
    assert place.found() == (0, set())
    gone(place, DEV)
    new_tier1(place, "t1-dev-anew", "10.60.0.19")
    code, (stack,) = place.verify()
    (moved_one,) = [one for one in stack["findings"] if one["id"] == "egress-moved"]
    assert (code, moved_one["object"], moved_one["file_says"]) == (2, "mapping dev", "10.60.0.18")
    proposed_and_applied()
    assert place.found() == (0, set())


def test_counters_are_shown_and_not_judged(standby_lab: Place) -> None:
    standby_lab.lab.report_nat(TKG, 12, 3400, 2)
    code, told, _ = standby_lab.run("verify")
    assert code == 0
    assert "wld07-egress-tkg: 12 packets, 3400 bytes, 2 sessions open" in told
    assert "wld07-egress-supervisor: 0 packets" in told


def test_the_junit_file_has_a_case_a_check_and_stack(standby_lab: Place, tmp_path: Path) -> None:
    file = tmp_path / "verify.xml"
    code, _, _ = standby_lab.run("verify", "--junit", str(file))
    suites = JUnitXml.fromfile(str(file))
    (suite,) = suites
    assert (code, suite.name, suite.failures, suite.errors) == (0, "wld07", 0, 0)
    assert [case.name for case in suite] == [name for name in CASES if name != "probe-no-answer"]
    moved(standby_lab)
    standby_lab.lab.control.fault(method="GET", path="*/forwarding-table", times=0, status=403)
    assert standby_lab.run("verify", "--junit", str(file))[0] == 2
    (suite,) = JUnitXml.fromfile(str(file))
    bad = {case.name: type(case.result[0]) for case in suite if case.result}
    assert bad["egress-moved"] is Failure
    assert bad["everything-seen"] is Error
    standby_lab.lab.stop()
    assert standby_lab.run("verify", "--junit", str(file), "--timeout", "3s")[0] == 1
    (suite,) = JUnitXml.fromfile(str(file))
    assert [type(case.result[0]) for case in suite] == [Error]


@pytest.mark.parametrize(
    "wrong", [["--watch", "--junit", "x.xml"], ["--every", "5s"], ["--watch", "--every", "0"], ["nobody"]]
)
def test_a_wrong_usage_is_told(standby_lab: Place, wrong: list[str]) -> None:
    with pytest.raises(click.UsageError) if wrong != ["nobody"] else contextlib.nullcontext():
        assert standby_lab.run("verify", *wrong)[0] == 1


def test_in_a_lab_nobody_but_this_machine_is_probed(standby_lab: Place) -> None:
    code, told, _ = standby_lab.run("verify", "--probe")
    assert code == 0
    assert "not asked from this machine: DNS server 10.1.1.53:53 is an address of the lab" in told
