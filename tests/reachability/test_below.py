"""What hangs below the Tier-0 in the example world: a sender for each Tier-1, with what it leaves with."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from egress.domain import WorkloadDomain
from egress.reachability.below import Below, Sender, below

TEXT = """\
version: 1
name: wld01
nsx: {host: nsx.example.com}
tier0: {id: T0, ha_mode: ACTIVE_STANDBY, uplinks: [{id: up1, edge: edge01, address: 10.1.0.2/24}]}
default_route: {next_hops: [{address: 10.1.0.1}]}
egress:
  ranges: [10.2.0.0/24, 10.9.0.0/24]
"""


@pytest.fixture
def hanging(domain_of: Callable[[str], WorkloadDomain]) -> Callable[[str, str], Below]:
    """hanging(mappings, tier1s): what hangs below a domain with these, as flow mappings of YAML."""
    return lambda mappings, tier1s: below(domain_of(f"{TEXT}  more: {mappings}\ntier1s: {tier1s}\n"), None)


def _told(found: Below) -> list[tuple[str, str | None, str, str]]:
    return [(one.tier1, one.key, str(one.egress), one.title) for one in found.senders]


def test_each_tier1_is_a_sender_with_the_mapping_that_translates_it(hanging: Callable[[str, str], Below]) -> None:
    one = "{a: {source: 10.2.0.5, translated: 10.1.0.9, priority: 1}}"
    found = hanging(one, "{t1: {networks: [10.244.0.0/24, 10.245.0.0/24], egress: 10.2.0.5}, t2: {egress: 10.2.0.6}}")
    assert _told(found) == [("t1", "a", "10.2.0.5", "t1"), ("t2", None, "10.2.0.6", "t2")]
    assert [str(pod.addresses[0]) for pod in found.tier1["t1"].pods] == ["10.244.0.2/24"]
    assert [str(one.translated) for one in found.tier1["t2"].snat] == ["10.2.0.6"]
    assert found.notes == ()


def test_of_two_mappings_the_one_that_is_looked_at_first_translates(hanging: Callable[[str, str], Below]) -> None:
    two = "{wide: {source: 10.2.0.0/24, translated: 10.1.0.9, priority: 9}, one: {source: 10.2.0.5, translated: 10.1.0.8, priority: 1}}"
    found = hanging(two, "{t1: {egress: 10.2.0.5}, t2: {egress: 10.2.0.6}}")
    assert [one.key for one in found.senders] == ["one", "wide"]


def test_one_mapping_for_many_tier1s_leaves_each_its_own_name(hanging: Callable[[str, str], Below]) -> None:
    wide = "{}\n  supervisor: {source: 10.2.0.0/24, translated: 10.1.0.9}"
    found = hanging(wide, "{t1: {egress: 10.2.0.5}, t2: {egress: 10.2.0.6}}")
    assert _told(found) == [("t1", "supervisor", "10.2.0.5", "t1"), ("t2", "supervisor", "10.2.0.6", "t2")]
    alone = hanging(wide, "{t1: {egress: 10.2.0.5}}")
    assert [one.title for one in alone.senders] == ["Supervisor"]


def test_a_network_of_egress_addresses_is_stood_for_by_its_first_host(hanging: Callable[[str, str], Below]) -> None:
    assert _told(hanging("{}", "{t1: {egress: 10.2.0.16/28}}")) == [("t1", None, "10.2.0.17", "t1")]


def test_an_unknown_address_is_one_that_nobody_has_and_no_rule_is_for(hanging: Callable[[str, str], Below]) -> None:
    one = "{a: {source: 10.2.0.0/30, translated: 10.1.0.9, priority: 1}}"
    found = hanging(one, "{t1: {egress: 10.2.0.4}, t2: {}, t3: {}}")
    assert [(one.tier1, str(one.egress), one.known) for one in found.senders[:3]] == [
        ("t1", "10.2.0.4", True), ("t2", "10.2.0.5", False), ("t3", "10.2.0.6", False),
    ]  # fmt: skip
    assert [note.split(" is not in")[0] for note in found.notes] == [
        "the egress address of Tier-1 t2",
        "the egress address of Tier-1 t3",
    ]


def test_a_namespace_with_an_egress_range_of_its_own_sends_from_there(hanging: Callable[[str, str], Below]) -> None:
    (sender,) = hanging("{}", "{t1: {egress_range: 10.8.0.0/28}}").senders
    assert (str(sender.egress), sender.known) == ("10.8.0.1", False)


def test_a_routed_namespace_is_a_sender_for_each_of_its_networks(hanging: Callable[[str, str], Below]) -> None:
    found = hanging("{}", "{t1: {networks: [10.246.0.0/24, 10.247.0.0/30, 10.248.0.1/32], nat: false}}")
    assert [(one.pod, str(one.egress), one.known) for one in found.senders] == [
        ("pod/t1", "10.246.0.2", True),
        ("pod/t1/10.247.0.0/30", "10.247.0.2", True),
    ]
    assert found.notes == ("no room for an example in 10.248.0.1/32 of routed Tier-1 t1: nothing is asked there",)
    world = found.tier1["t1"]
    assert world.snat == ()
    assert list(map(str, world.advertise)) == ["10.246.0.0/24", "10.247.0.0/30"]


def test_a_mapping_may_translate_a_routed_namespace(hanging: Callable[[str, str], Below]) -> None:
    one = "{a: {source: 10.246.0.0/24, translated: 10.1.0.9, priority: 1}}"
    assert [one.key for one in hanging(one, "{t1: {networks: [10.246.0.0/24], nat: false}}").senders] == ["a"]


def test_a_routed_namespace_without_networks_is_told_and_not_asked(hanging: Callable[[str, str], Below]) -> None:
    found = hanging("{}", "{t1: {nat: false}}")
    assert found.senders == ()
    assert found.notes == ("the networks of routed Tier-1 t1 are not in the file: nothing is asked of it",)


def test_a_sender_is_a_value() -> None:
    assert Sender.__dataclass_params__.frozen  # type: ignore[attr-defined]
