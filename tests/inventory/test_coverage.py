"""Egress addresses that are there, held against the files: covered, uncovered, moved, stale, and whose business they are."""

from __future__ import annotations

from typing import Any

import pytest

from egress.domain import WorkloadDomain
from egress.inventory.coverage import belongs, coverage, mapping_name
from egress.inventory.senders import EgressAddress, Holder
from tests.inventory.conftest import Of, Send


def mapping(source: str, translated: str = "10.20.30.40", priority: int = 100, **more: Any) -> dict[str, Any]:
    return {"source": source, "translated": translated, "priority": priority, **more}


UP = [{"host": "upstream", "to": "10.60.0.0/24", "via": ["10.20.30.11"]}]
KEEP = {"destination": "any", "source": "10.60.0.5", "priority": 50}
WAYS: dict[str, tuple[dict[str, Any], str | None]] = {
    "its mapping": ({"more": {"dev": mapping("10.60.0.5")}}, "mapping dev"),
    "a mapping of the whole range": ({"more": {"all": mapping("10.60.0.0/24")}}, "mapping all"),
    "a mapping of any source": ({"more": {"all": mapping("any")}}, "mapping all"),
    "a mapping of another address": ({"more": {"dev": mapping("10.60.0.6")}}, None),
    "a mapping for one destination": ({"more": {"dev": mapping("10.60.0.5", destination="10.0.0.0/8")}}, None),
    "a mapping, after an exception for all of it": ({"more": {"all": mapping("10.60.0.0/24")}, "exceptions": {"keep": KEEP}}, None),
    "a mapping, before the exception": ({"more": {"all": mapping("10.60.0.0/24", priority=40)}, "exceptions": {"keep": KEEP}}, "mapping all"),
    "a mapping, with an exception for a destination": (
        {"more": {"all": mapping("10.60.0.0/24")}, "exceptions": {"keep": KEEP | {"destination": "10.0.0.0/8"}}}, "mapping all",
    ),
    "a return route upstream": ({"return_routes": UP}, "return route upstream"),
    "a network that is routed to the Tier-0": ({"routed": ["10.60.0.0/25"]}, "return route upstream"),
    "a return route on a DNS server": ({"return_routes": [UP[0] | {"host": "10.0.0.53"}]}, None),
    "nothing": ({}, None),
}  # fmt: skip


@pytest.mark.parametrize("name", WAYS)
def test_an_address_is_covered_by(of: Of, sends: Send, name: str) -> None:
    given, expected = WAYS[name]
    found = coverage(of(**given), (), [sends("10.60.0.5")], complete=True)
    assert [f"{one.way} {one.by}" for one in found.covered] == ([expected] if expected else [])
    assert len(found.uncovered) == (0 if expected else 1)


def test_several_mappings_together_cover_a_network_and_half_of_them_does_not(of: Of, sends: Send) -> None:
    halves = {"low": mapping("10.60.0.0/29"), "high": mapping("10.60.0.8/29", priority=110)}
    (found,) = coverage(of(more=halves), (), [sends("10.60.0.0/28")], complete=True).covered
    assert found.by == "low, high"
    half = coverage(of(more={"low": halves["low"]}), (), [sends("10.60.0.0/28")], complete=True)
    assert half.uncovered
    assert not half.stale


def test_the_tier0_answers_for_translated_addresses_in_its_uplinks_subnet_and_for_no_routed_network(
    of: Of, sends: Send
) -> None:
    one, routed = sends("10.20.30.70"), sends("10.20.30.64/28", translated=False)
    beside = sends("172.20.0.9")
    found = coverage(of(), (), [one, routed, beside], complete=True)
    assert [(str(each.way), each.by) for each in found.covered] == [("uplink subnet", "e1")]
    assert found.uncovered == (routed, beside)


def test_a_routed_network_is_covered_by_a_mapping_or_a_return_route(of: Of, sends: Send) -> None:
    routed = sends("10.246.0.0/24", "t1-routed", translated=False)
    back = [{"host": "upstream", "to": "10.246.0.0/16", "via": ["10.20.30.11"]}]
    for domain in (of(return_routes=back), of(more={"routed": mapping("10.246.0.0/24")})):
        assert not coverage(domain, (), [routed], complete=True).uncovered
    assert coverage(of(), (), [routed], complete=True).uncovered == (routed,)


def test_a_mapping_that_translates_nothing_is_stale_unless_it_is_for_what_comes(of: Of, sends: Send) -> None:
    more = {
        "gone": mapping("10.60.0.7"),
        "used": mapping("10.60.0.5", priority=110),
        "all": mapping("10.60.0.0/24", priority=200),
        "any": mapping("any", priority=300),
        "one-way": mapping("10.60.0.8", priority=90, destination="10.0.0.0/8"),
    }
    found = coverage(of(more=more), (), [sends("10.60.0.5")], complete=True)
    assert [rule.key for rule in found.stale] == ["gone"]


def test_nothing_is_stale_or_moved_while_not_everything_was_seen(of: Of, sends: Send) -> None:
    domain = of(more={"dev": mapping("10.60.0.7")}, tier1s={"t1-dev": {"egress": "10.60.0.7"}})
    address = sends("10.60.0.9")
    seen = coverage(domain, (), [address], complete=True)
    assert [one.rule.key for one in seen.moved] == ["dev"]
    assert not seen.stale
    half = coverage(domain, (), [address], complete=False)
    assert half.uncovered == (address,)
    assert not half.stale
    assert not half.moved


MOVED: dict[str, tuple[dict[str, Any], tuple[str, ...], str | None]] = {
    "by the Tier-1": ({"more": {"x": mapping("10.60.0.7")}, "tier1s": {"t1-dev": {"egress": "10.60.0.7"}}}, ("t1-dev",), "x"),
    "by the Tier-1, of a named mapping": (
        {"tkg": {"source": "10.60.0.7", "translated": "10.20.30.40"}, "tier1s": {"t1-dev": {"egress": "10.60.0.7"}}}, ("t1-dev",), "tkg",
    ),
    "by the namespace's name, under another Tier-1": ({"more": {"dev": mapping("10.60.0.7")}}, ("t1-other", "dev"), "dev"),
    "by the mapping's tags": ({"more": {"x": mapping("10.60.0.7", tags={"ncp/project": "dev"})}}, ("t1-other", "dev"), "x"),
    "not: another namespace": ({"more": {"dev": mapping("10.60.0.7")}}, ("t1-other", "prod"), None),
    "not: that of another cluster": (
        {"more": {"dev": mapping("10.60.0.7", tags={"ncp/project": "dev", "ncp/cluster": "c9"})}}, ("t1-other", "dev"), None,
    ),
    "not: the mapping still translates": ({"more": {"dev": mapping("10.60.0.5")}}, ("t1-other", "dev"), None),
    "not: of another size": ({"more": {"dev": mapping("10.60.0.64/28", "10.20.30.64/28")}}, ("t1-other", "dev"), None),
}  # fmt: skip


@pytest.mark.parametrize("name", MOVED)
def test_a_moved_address_is_told(of: Of, sends: Send, name: str) -> None:
    given, (tier1, *namespace), expected = MOVED[name]
    now = sends("10.60.0.9", tier1, *namespace, cluster="c8")
    found = coverage(of(**given), (), [sends("10.60.0.5", "t1-else"), now], complete=True)
    assert [one.rule.key for one in found.moved] == ([expected] if expected else [])
    assert now in found.uncovered
    assert not {one.rule.key for one in found.moved} & {rule.key for rule in found.stale}


def test_what_the_file_says_of_a_tier1_counts_before_a_name(of: Of, sends: Send) -> None:
    given = {"more": {"dev": mapping("10.60.0.7")}, "tier1s": {"t1-dev": {"egress": "10.60.0.7"}}}
    namesake, moved = sends("10.60.0.8", "t1-a", "dev"), sends("10.60.0.9", "t1-dev", "other")
    found = coverage(of(**given), (), [namesake, moved], complete=True)
    assert [(one.rule.key, one.now) for one in found.moved] == [("dev", moved)]


def answering(address: EgressAddress, *domains: WorkloadDomain) -> list[str]:
    """Stacks of those that answer for an address."""
    return [one.stack for one in domains if belongs(address, one, [other for other in domains if other is not one])]


def test_an_address_on_a_shared_tier0_is_the_business_of_one_domain(of: Of, sends: Send) -> None:
    external = {"external": True}
    first = of("a", ranges=["10.60.0.0/16"], default_route=external)
    second = of("b", ranges=["10.60.1.0/24"], tier1s={"t1-b": {}})
    third = of("c", ranges=["10.70.0.0/24"], default_route=external, more={"far": mapping("10.80.0.0/24")})
    everyone = (first, second, third)
    assert answering(sends("10.70.0.9", "t1-b"), *everyone) == ["b"], "its file names the Tier-1"
    assert answering(sends("10.60.1.9"), *everyone) == ["b"], "the smallest range"
    assert answering(sends("10.60.2.9"), *everyone) == ["a"]
    assert answering(sends("10.80.0.9"), *everyone) == ["c"], "it has a mapping"
    assert answering(sends("10.99.0.9"), *everyone) == ["b"], "nobody's, so who owns the default route"
    twin = of("z", ranges=["10.60.0.0/16"], default_route=external)
    assert answering(sends("10.60.2.9"), first, twin) == ["a"]


def test_a_vpc_is_not_a_tier1_of_the_same_id(of: Of, sends: Send) -> None:
    tier1 = sends("10.99.0.9", "dev")
    vpc = EgressAddress(tier1.network, Holder.VPC, tier1.name, tier1.owner, "/orgs/default/projects/p/vpcs/dev")
    first, second = of("a"), of("b", tier1s={"dev": {}})
    assert answering(tier1, first, second) == ["b"]
    assert answering(vpc, first, second) == ["a"]


def test_a_neighbours_mapping_covers_and_its_address_is_not_ours_to_report(of: Of, sends: Send) -> None:
    ours = of("a")
    theirs = of("b", ranges=["10.70.0.0/24"], more={"all": mapping("10.60.0.0/25")})
    found = coverage(ours, (theirs,), [sends("10.60.0.5"), sends("10.60.0.200"), sends("10.70.0.5")], complete=True)
    assert [(one.stack, one.by) for one in found.covered] == [("b", "all")]
    assert [str(one.network) for one in found.uncovered] == ["10.60.0.200/32"]


NAMES = {
    ("t1", "Dev Team_1"): "dev-team-1",
    ("t1-Äpfel", ""): "t1-pfel",
    ("t1", "supervisor"): "supervisor-namespace",
    ("---", ""): "egress",
    ("t1", "x" * 47 + "-y"): "x" * 47,
}


@pytest.mark.parametrize("name", NAMES)
def test_the_name_of_a_mapping_is_one_that_a_file_may_hold(of: Of, sends: Send, name: tuple[str, str]) -> None:
    found = mapping_name(sends("10.60.0.5", *name))
    assert found == NAMES[name]
    assert of(more={found: mapping("10.60.0.5")}).egress.more
