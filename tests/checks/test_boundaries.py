"""Values on both sides of what a rule allows, and the second entry of a list after a good first one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from egress.checks import check
from egress.domain import Place, Problem, WorkloadDomain

OLD_ACTIVE_ACTIVE = {"nsx": {"version": "3.1.3"}, "tier0": {"ha_mode": "ACTIVE_ACTIVE", "ha_vips": None}}


@pytest.fixture
def keys(domain: Callable[..., WorkloadDomain]) -> Any:
    """Where a rule finds something in one.yaml with changes over it: dotted keys, in the order of the file."""

    def find(rule: Any, changes: Any) -> Any:
        return [finding.key for finding in check([domain("one", changes)]).findings if finding.rule.id == rule]

    return find


def test_an_own_address_before_another_one_does_not_end_the_look_for_proxy_arp(keys: Any) -> None:
    egress = {"supervisor": {"translated": "10.1.0.2"}, "tkg": {"translated": "10.1.0.10"}}
    assert keys("proxy-arp-needs-nsx-3-2", {**OLD_ACTIVE_ACTIVE, "egress": egress}) == ["egress.tkg.translated"]


def test_a_network_of_which_only_the_first_address_is_the_uplinks_own_needs_proxy_arp(keys: Any) -> None:
    egress = {"supervisor": {"source": "10.2.0.4/31", "translated": "10.1.0.2/31"}, "tkg": {"translated": "10.1.0.10"}}
    found = keys("proxy-arp-needs-nsx-3-2", {**OLD_ACTIVE_ACTIVE, "egress": egress})
    assert found == ["egress.supervisor.translated", "egress.tkg.translated"]


@pytest.mark.parametrize(
    "rule, version, broken",
    [
        ("proxy-arp-needs-nsx-3-2", "3.1.9", True),
        ("proxy-arp-needs-nsx-3-2", "3.2.0", False),
        ("nsx-version-unsupported", "2.5.3", True),
        ("nsx-version-unsupported", "3.0.0", False),
        ("nsx-version-unsupported", "3.2.4", False),
        ("nsx-version-unsupported", "4.1.2", False),
        ("nsx-version-unsupported", "4.2.0", False),
        ("nsx-version-unsupported", "9.0.1", False),
        ("nsx-version-unsupported", "9.1.0", True),
    ],
)
def test_the_first_version_that_can_is_good_enough(keys: Any, rule: str, version: str, broken: bool) -> None:
    changes = {**OLD_ACTIVE_ACTIVE, "nsx": {"version": version}, "egress": {"tkg": {"translated": "10.1.0.11"}}}
    assert bool(keys(rule, changes)) is broken


@pytest.mark.parametrize("version, broken", [("3.2.4", True), ("4.0.0", False)])
def test_stateful_services_came_with_4_0(keys: Any, version: str, broken: bool) -> None:
    tier0 = {"ha_mode": "ACTIVE_ACTIVE", "ha_vips": None, "stateful_active_active": True}
    assert bool(keys("snat-on-active-active", {"nsx": {"version": version}, "tier0": tier0})) is broken


@pytest.mark.parametrize("ingress, broken", [("10.3.0.0/27", False), ("10.3.0.0/28", True)])
def test_a_range_of_32_addresses_is_large_enough(keys: Any, ingress: str, broken: bool) -> None:
    assert keys("range-too-small", {"ingress": {"range": ingress}}) == (["ingress.range"] if broken else [])


def test_pods_may_have_a_small_range(keys: Any) -> None:
    assert keys("range-too-small", {"tier1s": {"domain-c1": {"networks": ["10.244.0.0/30"]}}}) == []


def test_a_range_inside_the_uplinks_subnet_is_fine_but_pods_never(keys: Any) -> None:
    assert keys("range-overlaps-interface", {"ingress": {"range": "10.1.0.64/27"}}) == []
    assert keys("range-overlaps-interface", {"ingress": {"range": "10.1.0.0/16"}}) == ["ingress.range"]
    assert keys("range-overlaps-interface", {"tier1s": {"domain-c1": {"networks": ["10.1.0.64/27"]}}}) == [
        "tier1s.domain-c1.networks[0]"
    ]


def test_every_dns_server_is_looked_at_after_one_that_knows_the_way_back(keys: Any) -> None:
    changes = {
        "dns_servers": ["172.20.0.53", "172.20.0.54", "10.40.0.53"],
        "return_routes": [{"host": "172.20.0.53", "to": "10.2.0.0/24", "via": ["172.20.0.1"]}],
    }
    assert keys("dns-needs-return-route", changes) == ["dns_servers[1]"]


def test_a_return_route_to_half_of_the_egress_range_is_none(keys: Any) -> None:
    changes = {
        "dns_servers": ["172.20.0.53"],
        "return_routes": [{"host": "172.20.0.53", "to": "10.2.0.0/25", "via": ["172.20.0.1"]}],
    }
    assert keys("dns-needs-return-route", changes) == ["dns_servers[0]"]


def test_a_return_route_by_one_uplink_and_the_vip_survives_an_edge(keys: Any) -> None:
    def found(*via: Any) -> Any:
        return keys(
            "return-route-on-one-edge", {"return_routes": [{"host": "upstream", "to": "10.3.0.0/24", "via": [*via]}]}
        )

    assert found("10.1.0.3") == ["return_routes[0].via"]
    assert found("10.1.0.3", "10.1.0.4") == []
    assert found("10.1.0.4") == []


def test_a_gateway_on_one_edge_has_no_other_edge_to_fall_back_to(keys: Any) -> None:
    one_edge = {"uplinks": [{"id": "up1", "edge": "edge01", "address": "10.1.0.2/24"}], "ha_vips": None}
    route = {"host": "upstream", "to": "10.3.0.0/24", "via": ["10.1.0.2"]}
    changes = {"tier0": one_edge, "default_route": {"ipv6": None}, "return_routes": [route]}
    assert keys("return-route-on-one-edge", changes) == []
    assert keys("active-standby-without-ha-vip", changes) == []


def test_a_narrow_source_is_hidden_by_an_equal_priority_and_not_by_a_greater_one(keys: Any) -> None:
    def found(wide: Any, narrow: Any) -> Any:
        egress = {"supervisor": {"source": "10.2.0.0/27", "priority": wide}, "tkg": {"priority": narrow}}
        return keys("sources-overlap", {"egress": egress})

    assert found(200, 199) == []
    assert found(200, 200) == ["egress.tkg.source"]
    assert found(200, 201) == ["egress.tkg.source"]


@pytest.mark.parametrize("address, broken", [("10.1.0.0", True), ("10.1.0.1", False), ("10.1.0.255", True)])
def test_first_and_last_address_of_a_subnet_are_no_translated_addresses(keys: Any, address: str, broken: bool) -> None:
    egress = {"supervisor": {"translated": address}}
    found = keys("translated-is-network-or-broadcast", {"egress": egress})
    assert found == (["egress.supervisor.translated"] if broken else [])


def test_a_second_reserve_hop_makes_a_floating_route_and_equal_distances_do_not(keys: Any) -> None:
    def found(*distances: Any) -> Any:
        hops = [{"address": f"10.1.0.{250 + at}", "admin_distance": one} for at, one in enumerate(distances)]
        return keys("floating-route-without-bfd", {"default_route": {"next_hops": hops}})

    assert found(5, 5) == []
    assert found(5, 6) == ["default_route.next_hops"]


TWO_SUBNETS = [
    {"id": "up1", "edge": "edge01", "address": "10.1.0.2/24", "ipv6": "2001:db8:1::2/64"},
    {"id": "up2", "edge": "edge02", "address": "10.1.1.2/24", "ipv6": "2001:db8:2::2/64"},
]


def test_a_next_hop_lies_in_the_subnet_of_any_uplink(keys: Any) -> None:
    def found(*hops: Any) -> Any:
        route = {"next_hops": [{"address": one} for one in hops], "ipv6": {"next_hops": [{"address": "2001:db8:2::1"}]}}
        changes = {"tier0": {"ha_vips": None, "uplinks": TWO_SUBNETS}, "default_route": route}
        return keys("next-hop-outside-uplinks", changes)

    assert found("10.1.0.1", "10.1.1.1") == []
    assert found("10.1.0.1", "10.1.2.1") == ["default_route.next_hops[1].address"]


def test_a_translated_address_lies_in_the_subnet_of_any_uplink(keys: Any) -> None:
    changes = {
        "tier0": {"ha_vips": None, "uplinks": TWO_SUBNETS},
        "egress": {"supervisor": {"translated": "10.1.1.10"}},
    }
    assert keys("translated-outside-uplinks", changes) == []


def test_a_link_local_next_hop_before_a_strange_one_does_not_end_the_look(keys: Any) -> None:
    hops = [{"address": "fe80::1", "interface": "up1"}, {"address": "2001:db8:9::1"}]
    found = keys("next-hop-outside-uplinks", {"default_route": {"ipv6": {"next_hops": hops}}})
    assert found == ["default_route.ipv6.next_hops[1].address"]


def test_domains_that_share_a_gateway_may_list_its_uplinks_in_another_order(
    domain: Callable[..., WorkloadDomain],
) -> None:
    one = domain("one")
    tier0 = one.tier0.model_dump(mode="json", exclude_none=True)
    turned = {**tier0, "uplinks": tier0["uplinks"][::-1]}
    less = {**tier0, "uplinks": tier0["uplinks"][:1]}

    def found(values: Any, first: Any = one) -> Any:
        two = domain("two", {"tier0": values, "default_route": {"external": True, "next_hops": None}})
        return [finding.key for finding in check([first, two]).findings if finding.rule.id == "shared-tier0-differs"]

    assert found(turned) == []
    assert found(tier0, domain("one", {"tier0": turned})) == []
    assert found(less) == ["tier0.uplinks"]


def test_problems_of_files_come_sorted_and_once() -> None:
    later, earlier = Problem(Place("b.yaml", 1, 1), "", "what"), Problem(Place("a.yaml", 9, 1), "", "what")
    assert check([], [later, earlier, later]).problems == (earlier, later)


def test_suppressed_findings_come_in_the_order_of_lines_too(domain: Callable[..., WorkloadDomain]) -> None:
    rules = (
        "single-next-hop",
        "range-too-small",
        "return-route-on-one-edge",
        "nat-applied-everywhere",
        "range-overlaps-transit",
    )
    changes = {
        "default_route": {"next_hops": [{"address": "10.1.0.253"}]},
        "egress": {"applied_to": "everywhere"},
        "ingress": {"range": "100.64.0.0/28"},
        "return_routes": [{"host": "upstream", "to": "10.2.0.0/24", "via": ["10.1.0.2"]}],
        "suppress": [{"rule": one, "reason": "a test of the order"} for one in rules],
    }
    report = check([domain("one", changes)])
    assert {finding.rule.id for finding in report.suppressed} == set(rules)
    for severity in {finding.rule.severity for finding in report.suppressed}:
        places = [finding.place for finding in report.suppressed if finding.rule.severity is severity and finding.place]
        assert places == sorted(places)


def test_the_fix_for_a_route_on_one_edge_is_the_vip_on_active_standby_and_both_edges_otherwise(
    domain: Callable[..., WorkloadDomain],
) -> None:
    route = {"return_routes": [{"host": "upstream", "to": "10.3.0.0/24", "via": ["10.1.0.2"]}]}

    def fix(changes: Any) -> Any:
        report = check([domain("one", {**route, **changes})])
        return next(finding.fix for finding in report.findings if finding.rule.id == "return-route-on-one-edge")

    assert fix({}) == "name the HA VIP in via, and on upstream"
    active = {"ha_mode": "ACTIVE_ACTIVE", "ha_vips": None}
    assert fix({"tier0": active}) == "name uplinks of both edges in via, and on upstream"


def test_errors_come_before_warnings_and_warnings_before_notes_whatever_their_lines(
    domain: Callable[..., WorkloadDomain],
) -> None:
    changes = {"default_route": {"bfd": {}, "next_hops": [{"address": "10.1.0.3"}]}, "return_routes": [{"host": "upstream", "to": "10.3.0.0/24", "via": ["10.1.0.2"]}]}  # fmt: skip
    told = [finding.rule.severity.value for finding in check([domain("one", changes)]).findings]
    assert set(told) == {"error", "warning", "note"}
    assert told == sorted(told, key=["error", "warning", "note"].index)
