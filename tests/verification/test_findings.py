"""Each difference between a file and a manager is a finding with what was seen, what the file says and a fix; what is equal is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from egress.cli._probing import probed, targets
from egress.domain import WorkloadDomain
from egress.domain.reading import read
from egress.domain.yaml_tree import parse
from egress.inventory.survey import Usage
from egress.inventory.workings import Alarm, Hits, Workings
from egress.policy.sighting import Doubt, Forwarded, Sighting, Unseen
from egress.verification.finding import CHECKS
from egress.verification.text import gaps, shown, summary, told
from egress.verification.verify import Verification
from tests.verification.conftest import T0, applied, changed, held, ids, without

Of = Callable[..., WorkloadDomain]
U1 = f"{T0}/locale-services/default/interfaces/u1"
SERVICES = f"{T0}/locale-services/default"
RULE = f"{T0}/nat/USER/nat-rules/wld07-egress-supervisor"
ROUTE = f"{T0}/static-routes/wld07-default-route"
STANDBY = (
    ("ha_mode: ACTIVE_ACTIVE", "ha_mode: ACTIVE_STANDBY\n  ha_vips: [{address: 10.20.30.10/24, uplinks: [u1, u2]}]"),
)
SERVICE = (("default_route:", "  service_interfaces: [{id: s1, address: 172.20.0.1/24}]\ndefault_route:"),)
V6 = (("address: 10.20.30.11/24}", "address: 10.20.30.11/24, ipv6: 2001:db8::1/64}"),)
VRF = (("  ha_mode", "  vrf_of: parent\n  ha_mode"),)
FURTHER = (("egress:\n", "routes: {dc: {network: 10.99.0.0/16, next_hops: [{address: 10.20.30.1}]}}\negress:\n"),)
BFD = (("next_hops: [{address: 10.20.30.1}]", "next_hops: [{address: 10.20.30.1}]\n  bfd: {}"),)
EXTERNAL = (("next_hops: [{address: 10.20.30.1}]", "external: true"),)
PEER = f"{T0}/static-routes/bfd-peers/wld07-bfd-10-20-30-1"
Change = Callable[[Sighting], Sighting]


def of(path: str, **values: Any) -> Change:
    return lambda seen: changed(seen, path, **values)


def tables(**edges: frozenset[Forwarded] | None) -> Change:
    def change(seen: Sighting) -> Sighting:
        held = {**(seen.tables or {}), **edges}
        return replace(seen, tables={edge: ways for edge, ways in held.items() if ways is not None})

    return change


def unrealized(path: str) -> Change:
    return lambda seen: replace(seen, states={path: "ERROR: no such edge"})


def vip(address: str, *uplinks: str) -> Change:
    paths = [U1.replace("u1", one) for one in uplinks]
    config = {"external_interface_paths": paths, "vip_subnets": [{"ip_addresses": [address], "prefix_len": 24}]}
    return of(SERVICES, ha_vip_configs=[config])


def left_over(seen: Sighting) -> Sighting:
    body = {**seen.objects[RULE], "id": "old", "source_network": "10.60.0.200", "translated_network": "10.20.30.99"}
    return replace(seen, objects={**seen.objects, RULE.replace("supervisor", "old"): body})


NONE: frozenset[Forwarded] = frozenset()
CASES: dict[str, tuple[tuple[tuple[str, str], ...], Change, set[str], str]] = {
    "description": ((), of(RULE, description="by hand"), {"label-differs"}, "description is by hand"),
    "tags": ((), of(ROUTE, tags=[]), {"label-differs"}, "tags is no tag"),
    "scope": ((), of(RULE, scope=[U1]), {"object-differs"}, "scope is u1 on the manager, the file says u1, u2"),
    "firewall": ((), of(RULE, firewall_match="BYPASS"), {"object-differs"}, "firewall_match is BYPASS"),
    "action": ((), of(RULE, action="DNAT"), {"object-differs"}, "action is DNAT"),
    "logging": ((), of(RULE, logging=True), {"object-differs"}, "logging is yes"),
    "route missing": ((), lambda seen: without(seen, ROUTE), {"object-missing"}, "static route wld07-default-route: the manager has none"),
    "route unrealized": ((), unrealized(ROUTE), {"not-realized"}, "does not act by it (ERROR: no such edge)"),
    "interface unrealized": ((), unrealized(U1), {"realization-alarm"}, "u1: it is not realized"),
    "an object of the stack that is not in the file": ((), left_over, {"object-undeclared"}, "it is on the manager, and not in the file"),
    "bfd peer off": (BFD, of(PEER, enabled=False), {"rule-disabled"}, "BFD peer wld07-bfd-10-20-30-1"),
    "bfd profile": (BFD, of(PEER, bfd_profile_path="/infra/bfd-profiles/slow"), {"object-differs"}, "slow"),
    "bfd silent": (BFD, tables(en1=NONE, en2=NONE), {"edge-without-default-route", "next-hop-silent"}, "next hop 10.20.30.1: it does not answer BFD"),
    "stateful services": ((), of(T0, stateful_services={"enabled": True}), {"stateful-services-differ"}, "stateful services are on"),
    "a VRF": ((), of(T0, vrf_config={"tier0_path": "/infra/tier-0s/parent"}), {"vrf-differs"}, "it is a VRF of parent"),
    "no VRF": (VRF, of(T0, vrf_config=None), {"vrf-differs"}, "it is no VRF, the file says a VRF of parent"),
    "uplink on another edge": ((), of(U1, edge_path="/x/edge-nodes/en2"), {"uplink-edge-differs"}, "u1: it is on edge en2, the file says en1"),
    "uplink of another type": ((), of(U1, type="SERVICE"), {"interface-type-differs"}, "its type is SERVICE"),
    "IPv6 of an uplink": (V6, of(U1, subnets=[{"ip_addresses": ["10.20.30.11"], "prefix_len": 24}]), {"uplink-ipv6-differs"}, "2001:db8::1/64"),
    "service interface gone": (SERVICE, lambda seen: without(seen, U1.replace("u1", "s1")), {"service-interface-differs"}, "s1: the manager has no such interface"),
    "service interface moved": (SERVICE, of(U1.replace("u1", "s1"), subnets=[{"ip_addresses": ["172.20.0.9"], "prefix_len": 24}]), {"service-interface-differs"}, "it has 172.20.0.9/24"),
    "VIP gone": (STANDBY, of(SERVICES, ha_vip_configs=[]), {"ha-vip-differs"}, "T0 does not have it"),
    "VIP switched off": (STANDBY, of(SERVICES, ha_vip_configs=[{"enabled": False}]), {"ha-vip-differs"}, "T0 does not have it"),
    "VIP between others": (STANDBY, vip("10.20.30.10", "u1"), {"ha-vip-differs"}, "it moves between u1, the file says u1, u2"),
    "VIP more": ((("ha_mode: ACTIVE_ACTIVE", "ha_mode: ACTIVE_STANDBY"),), vip("10.20.30.10", "u1", "u2"), {"ha-vip-differs"}, "HA VIP 10.20.30.10/24: T0 has it, and no domain file"),
    "an edge without": ((), tables(en2=NONE), {"edge-without-default-route"}, "edge en2: it does not forward 0.0.0.0/0"),
    "an edge that is away": ((), tables(en2=None), {"edge-without-default-route"}, "edge en2: it gives no forwarding table"),
    "no edge of somebody else's route": (EXTERNAL, tables(en1=NONE, en2=NONE), {"edge-without-default-route"}, "edge en1"),
    "a further route": (FURTHER, tables(en1=frozenset({Forwarded("0.0.0.0/0", "x")}), en2=frozenset({Forwarded("0.0.0.0/0", "x")})), {"route-not-forwarded"}, "no edge of T0 forwards 10.99.0.0/16"),
    "a Tier-1 gone": ((), lambda seen: without(seen, "/infra/tier-1s/t1"), {"tier1-missing", "mapping-stale"}, "Tier-1 t1"),
    "a Tier-1 without edges": ((), of("/infra/tier-1s/t1/locale-services/default", edge_cluster_path=None), {"tier1-translates-nothing", "mapping-stale"}, "no SNAT rule of it acts"),
    "its rule unrealized": ((), unrealized("/infra/tier-1s/t1/nat/USER/nat-rules/t1-snat-0"), {"realization-alarm"}, "t1-snat-0"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_difference_is_named_by_its_id(domain_of: Of, name: str) -> None:
    changes, change, expected, words = CASES[name]
    domain = domain_of(*changes)
    assert ids(held(domain, applied(domain))) == set(), "as applied"
    done = held(domain, change(applied(domain)))
    assert ids(done) == expected
    named = [one for one in done.findings if one.id in expected]
    assert any(words in one.what for one in named)
    assert all(one.fix for one in named)


TOPOLOGIES = Path(__file__).parents[1] / "topologies"
WRONG_BY_ITSELF = {"third-tier1": {"egress-uncovered", "mapping-stale"}}
"""Files that do not cover what their own Tier-1s send with."""


@pytest.mark.parametrize("name", [path.stem for path in sorted(TOPOLOGIES.glob("*.yaml")) if path.stem != "expected"])
def test_of_no_network_that_is_as_its_file_says_anything_is_invented(name: str) -> None:
    domain = read(parse((TOPOLOGIES / f"{name}.yaml").read_bytes(), f"{name}.yaml"), name)
    done = held(domain, applied(domain))
    assert {one.id for one in done.findings if one.matters} == WRONG_BY_ITSELF.get(name, set())
    assert done.saw_enough


def test_a_tier1_with_neither_rule_nor_segment_is_not_asked(domain_of: Of) -> None:
    unknown = ("networks: [10.244.0.0/24], egress: 10.60.0.5", "networks: [10.244.0.0/24]")
    whole = (
        "supervisor: {source: 10.60.0.5, translated: 10.20.30.40}",
        "routed: [10.20.31.0/24]\n  supervisor: {source: 10.60.0.0/24, translated: 10.20.31.0/24}",
    )
    domain = domain_of(unknown, whole)
    done = held(domain, applied(domain))
    assert not done.matters
    assert "tier1-idle" in {one.id for one in done.findings}
    assert not [one for one in done.answers if one.question.sender]
    segment = {"connectivity_path": "/infra/tier-1s/t1", "subnets": [{"gateway_address": "10.244.0.1/24"}]}
    seen = applied(domain)
    used = held(domain, replace(seen, objects={**seen.objects, "/infra/segments/s": segment}))
    assert "flow-fails" in {one.id for one in used.findings}, "its pods leave with their own addresses"


def test_every_check_has_a_case_here_or_in_the_end_to_end_test(domain_of: Of) -> None:
    here = {id_ for _, _, expected, _ in CASES.values() for id_ in expected}
    elsewhere = {
        "alarm", "interface-undeclared", "tier1-gone", "tier1-idle", "tier1-differs", "egress-uncovered", "egress-moved", "nothing-sends", "no-address-left",
        "ip-block-full", "flow-fails", "flow-fails-by-file", "outage-worse", "probe-no-answer",
    }  # fmt: skip
    assert here | elsewhere == set(CHECKS)


def test_an_edge_that_nsx_calls_by_another_name_is_no_difference(domain_of: Of) -> None:
    domain = domain_of()
    seen = changed(applied(domain), U1, edge_path="/x/edge-nodes/6b1d-1")
    seen = changed(seen, U1.replace("u1", "u2"), edge_path="/x/edge-nodes/6b1d-2")
    seen = replace(seen, tables={"6b1d-1": (seen.tables or {})["en1"], "6b1d-2": (seen.tables or {})["en2"]})
    assert ids(held(domain, seen)) == set()
    one_edge = changed(seen, U1, edge_path="/x/edge-nodes/6b1d-2")
    assert "uplink-edge-differs" in ids(held(domain, one_edge))


def test_tables_of_edges_that_are_called_otherwise_are_counted(domain_of: Of) -> None:
    domain = domain_of()
    ways = (applied(domain).tables or {})["en1"]
    assert ids(held(domain, replace(applied(domain), tables={"n1": ways, "n2": ways}))) == set()
    few = held(domain, replace(applied(domain), tables={"n1": ways}))
    assert any("1 of 2 edges give a forwarding table" in one.what for one in few.findings)


def test_an_interface_that_no_file_declares_is_a_note(domain_of: Of) -> None:
    domain = domain_of()
    body = {"type": "EXTERNAL", "subnets": [{"ip_addresses": ["10.9.9.1"], "prefix_len": 24}]}
    seen = applied(domain)
    seen = replace(seen, objects={**seen.objects, U1.replace("u1", "u9"): body})
    done = held(domain, seen)
    assert not done.matters
    assert [one.about for one in done.findings if one.id == "interface-undeclared"] == ["u9"]
    neighbour = domain_of(
        ("id: u2, edge: en2, address: 10.20.30.12/24", "id: u9, edge: en1, address: 10.9.9.1/24"), stack="b"
    )
    assert "interface-undeclared" not in {one.id for one in held(domain, seen, neighbour).findings}


ALARMS = {
    "of the gateway": (f"{T0}/static-routes/bfd-peers/x", True),
    "of an edge": ("/infra/sites/default/enforcement-points/default/edge-clusters/T0-edges/edge-nodes/en1", True),
    "of an edge, by its id": ("en2", True),
    "of another gateway": ("/infra/tier-0s/T0-other/static-routes/x", False),
    "of a transport node elsewhere": ("host-7", False),
}


@pytest.mark.parametrize("name", ALARMS)
def test_an_open_alarm_counts_where_it_concerns_the_gateway(domain_of: Of, name: str) -> None:
    concerned, expected = ALARMS[name]
    domain = domain_of()
    alarm = Alarm("routing/bfd_down_on_external_interface", "HIGH", "BFD is down", frozenset({concerned}))
    done = held(domain, applied(domain), workings=Workings(alarms=(alarm,)))
    assert ids(done) == ({"alarm"} if expected else set())


def test_words_of_a_manager_forge_no_line(domain_of: Of) -> None:
    forged = "down\nwld07: well\x1b[31m"
    alarm = Alarm("routing/x", "HIGH", forged, frozenset({T0}))
    domain = domain_of()
    seen = replace(applied(domain), unseen=(Unseen(forged, forged, doubt=Doubt.NONE),))
    hits = {RULE: Hits(1, 2, 3, forged)}
    done = held(domain, seen, workings=Workings(alarms=(alarm,), hits=hits))
    lines = [*(told(one, "wld07") for one in done.findings), *gaps(done), *shown(done), summary(done)]
    assert any("down\\nwld07: well\\x1b[31m" in one for one in lines)
    assert not [one for text in lines for one in text.split("\n") if one.startswith("wld07: well")]
    assert "\x1b" not in "".join(lines)


def test_a_tier1_that_moved_below_a_mapping_of_the_whole_range_is_a_note(domain_of: Of) -> None:
    one = (
        "supervisor: {source: 10.60.0.5, translated: 10.20.30.40}",
        "more: {all: {source: 10.60.0.0/24, translated: 10.20.31.0/24, priority: 9}}\n  routed: [10.20.31.0/24]",
    )
    domain = domain_of(one)
    seen = changed(applied(domain), "/infra/tier-1s/t1/nat/USER/nat-rules/t1-snat-0", translated_network="10.60.0.9")
    done = held(domain, seen)
    assert ids(done) == set()
    assert ["10.60.0.9" in one.what for one in done.findings if one.id == "tier1-differs"] == [True]


def test_one_of_several_tier1s_that_went_is_a_note_and_its_mapping_is_stale(domain_of: Of) -> None:
    second = ("  t1: {", "  t2: {networks: [10.245.0.0/24], egress: 10.60.0.6}\n  t1: {")
    domain = domain_of(second, ("tier1s:", "  tkg: {source: 10.60.0.6, translated: 10.20.30.41}\ntier1s:"))
    done = held(domain, without(applied(domain), "/infra/tier-1s/t1"))
    assert ids(done) == {"mapping-stale"}
    assert [one.about for one in done.findings if one.id == "tier1-gone"] == ["Tier-1 t1"]


def test_a_file_without_tier1s_over_a_gateway_without_any_is_a_note(domain_of: Of) -> None:
    domain = domain_of(("tier1s:\n  t1: {networks: [10.244.0.0/24], egress: 10.60.0.5}\n", ""))
    done = held(domain, applied(domain))
    assert {"nothing-sends", "mapping-stale"} <= {one.id for one in done.findings}


def test_networks_that_could_not_be_read_leave_a_routed_tier1_open(domain_of: Of) -> None:
    domain = domain_of(("egress: 10.60.0.5", "nat: false"))
    hidden = Unseen("segments behind Tier-1s", "403", doubt=Doubt.NONE, path="/infra/segments")
    done = held(domain, replace(applied(domain), unseen=(hidden,)))
    assert not done.saw_enough
    assert "networks behind Tier-1 t1" in "; ".join(map(str, done.blind))
    assert held(domain_of(), replace(applied(domain_of()), unseen=(hidden,))).saw_enough


def pool(network: str) -> tuple[tuple[str, str], ...]:
    return (
        ("address: 10.20.30.11/24", f"address: 10.20.30.1/{network}"),
        ("address: 10.20.30.12/24", f"address: 10.20.30.2/{network}"),
        ("{address: 10.20.30.1}", "{address: 10.20.30.3}"),
    )


def test_addresses_for_translations_are_counted_and_none_left_is_a_finding(domain_of: Of) -> None:
    done = held(domain_of(), applied(domain_of()))
    assert (done.room.total, done.room.left) == (256, 256 - 6), "both ends, two uplinks, the router, the translated one"
    small = domain_of(*pool("29"), ("10.20.30.40", "10.20.30.4"))
    assert held(small, applied(small)).room.left == 2
    full = changed(applied(small), RULE, translated_network="10.20.30.4/30")
    assert "no-address-left" in ids(held(small, full))
    standby = domain_of(*STANDBY)
    assert held(standby, applied(standby)).room.left is None, "SNAT rules share an address"


def test_a_full_ip_block_behind_the_range_is_a_finding_and_any_other_is_not(domain_of: Of) -> None:
    path = "/infra/ip-blocks/egress"
    objects = {path: {"display_name": "egress", "cidr": "10.60.0.0/16"}, "/infra/ip-blocks/x": {"cidr": "10.9.0.0/16"}}
    usage = {path: Usage(256, 256), "/infra/ip-blocks/x": Usage(4, 4)}
    domain = domain_of()
    done = held(domain, applied(domain), workings=Workings(alarms=(), objects=objects, usage=usage))
    assert ids(done) == {"ip-block-full"}
    assert done.room.blocks == (("egress", 256, 0),)


def test_what_a_file_suppresses_with_a_reason_is_shown_and_counts_no_more(domain_of: Of) -> None:
    reason = "suppress: [{rule: second-default-route, reason: the old one goes on Monday}]"
    domain = domain_of(("tier1s:", f"{reason}\ntier1s:"))
    seen = applied(domain)
    route = {"network": "0.0.0.0/0", "next_hops": [{"ip_address": "10.20.30.1"}]}
    seen = replace(seen, objects={**seen.objects, f"{T0}/static-routes/old": route})
    assert ids(held(domain_of(), seen)) == {"second-default-route"}
    done = held(domain, seen)
    assert ids(done) == set()
    assert [one.rule.id for one in done.report.suppressed] == ["second-default-route"]
    assert ids(held(domain, applied(domain))) == set(), "one that is not needed today is no finding of the manager"


def test_nothing_is_said_of_an_object_in_a_part_that_could_not_be_read(domain_of: Of) -> None:
    domain = domain_of()
    gone = without(without(applied(domain), RULE), ROUTE)
    unseen = (
        Unseen("rules", "403", path=f"{T0}/nat/USER/nat-rules"),
        Unseen("routes", "403", path=f"{T0}/static-routes"),
    )
    done = held(domain, replace(gone, unseen=unseen))
    assert ids(done) == set()
    assert not done.saw_enough


def test_a_part_that_could_not_be_read_hides_nothing_else(domain_of: Of) -> None:
    domain = domain_of(*BFD)
    peers = Unseen("BFD peers", "403", path=f"{T0}/static-routes/bfd-peers")
    seen = replace(without(without(applied(domain), PEER), ROUTE), unseen=(peers,))
    assert ids(held(domain, seen)) == {"object-missing"}
    assert [one.about for one in held(domain, seen).findings if one.id == "object-missing"] == [
        "static route wld07-default-route"
    ]
    domain = domain_of(*STANDBY)
    faces = Unseen("interfaces", "403", path=f"{SERVICES}/interfaces")
    bare = {path: body for path, body in applied(domain).objects.items() if "/interfaces/" not in path}
    seen = replace(changed(applied(domain), SERVICES, ha_vip_configs=[]), unseen=(faces,))
    seen = replace(seen, objects={**bare, SERVICES: seen.objects[SERVICES]})
    assert ids(held(domain, seen)) == {"ha-vip-differs"}, "and no uplink is said to be missing"


def verdict_of(done: Verification) -> tuple[bool, bool, bool]:
    return done.matters, done.saw_enough, done.well


def test_the_verdict(domain_of: Of) -> None:
    domain = domain_of()
    well = applied(domain)
    assert verdict_of(held(domain, well)) == (False, True, True)
    assert verdict_of(held(domain, replace(well, tables=None, untabled="404"))) == (False, False, False)
    assert verdict_of(held(domain, changed(well, RULE, enabled=False))) == (True, True, False)
    hits = Workings(hits={RULE: Hits(1, 2, 3)}, unseen=(Unseen("alarms", "403", doubt=Doubt.NONE),))
    assert verdict_of(held(domain, well, workings=hits)) == (False, True, True)


def test_what_does_not_answer_this_machine_is_a_finding_and_says_from_where(domain_of: Of) -> None:
    domain = domain_of()
    server = {
        "ip_address": "127.0.0.2",
        "ports": ["6443"],
        "lb_service_path": "/infra/lb-services/l",
        "display_name": "api",
    }
    other = {**server, "ip_address": "127.0.0.3", "ports": ["8080"]}
    lb = {"connectivity_path": "/infra/tier-1s/t1"}
    seen = applied(domain)
    more: dict[str, dict[str, Any]] = {
        "/infra/lb-services/l": lb,
        "/infra/lb-virtual-servers/a": server,
        "/infra/lb-virtual-servers/b": other,
    }
    seen = replace(seen, objects={**seen.objects, **more})
    assert [str(one) for one in targets(domain, seen)] == ["api 127.0.0.2:6443"], "no other port is asked"
    done = probed(held(domain, seen), domain, seen, in_a_lab=True)
    assert ids(done) == {"probe-no-answer"}
    (finding,) = [one for one in done.findings if one.id == "probe-no-answer"]
    assert finding.what.startswith("api 127.0.0.2:6443: as seen from this machine, it does not answer")
    assert any(one.startswith("as seen from this machine: api") for one in shown(done))


def test_with_nothing_to_ask_that_is_said(domain_of: Of) -> None:
    domain = domain_of()
    done = probed(held(domain, applied(domain)), domain, applied(domain), in_a_lab=False)
    assert any("from this machine nothing was asked" in one for one in shown(done))
