"""What is proposed for a domain file, from values alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Network
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egress.checks import check
from egress.domain.editing import Edit
from egress.inventory.coverage import coverage
from egress.inventory.senders import EgressAddress, Holder
from egress.policy.owned import owned
from egress.proposal.proposal import Kind
from tests.proposal.conftest import ACTIVE, GATEWAY, STANDBY, SUPERVISOR, Proposed, load, sender

Make = Callable[..., Proposed]
DEV = sender("t1-dev", "10.2.0.17", ["10.246.0.0/24"], namespace="dev")
PROD = sender("t1-prod", "10.2.0.18", ["10.247.0.0/24"], namespace="prod")


def test_a_new_namespace_gets_the_smallest_patch_and_nothing_else_moves(proposed: Make) -> None:
    made = proposed(ACTIVE, [SUPERVISOR, DEV])
    (change,) = made.proposal.changes
    assert (change.kind, change.key, change.source, change.translated) == (Kind.NEW, "dev", "10.2.0.17", "10.1.0.8")
    added = [line for line in made.text.splitlines() if line not in ACTIVE.splitlines()]
    assert added == [
        "  more:",
        "    dev: {source: 10.2.0.17, translated: 10.1.0.8, priority: 110}",
        "  t1-dev: {networks: [10.246.0.0/24], egress: 10.2.0.17}",
    ]
    assert all(line in made.text.splitlines() for line in ACTIVE.splitlines()), "comments and layout stay"
    assert "next free one of egress.pool (10.1.0.8/29)" in change.why[1]
    assert change.asks == (
        "that nobody outside of NSX has 10.1.0.8 in 10.1.0.0/24: neither files nor manager know of anybody",
    )


def test_the_file_that_it_was_written_to_gets_no_further_proposal(proposed: Make) -> None:
    there = [SUPERVISOR, PROD, DEV]
    made = proposed(ACTIVE, there)
    assert made == proposed(ACTIVE, list(reversed(there))), "the order of the manager is no matter"
    again = proposed(made.text, there)
    assert (again.proposal.changes, again.proposal.undecided, again.proposal.matters) == ((), (), False)


def test_several_at_once_get_an_address_and_a_priority_each_in_the_order_of_their_addresses(proposed: Make) -> None:
    made = proposed(ACTIVE, [PROD, SUPERVISOR, DEV])
    assert [(c.key, c.translated) for c in made.proposal.changes] == [("dev", "10.1.0.8"), ("prod", "10.1.0.10")]
    assert [one.priority for one in owned(made.domain).rules] == [100, 110, 120]


def test_where_a_mapping_of_the_whole_range_is_for_it_nothing_is_proposed_and_that_is_said(proposed: Make) -> None:
    text = STANDBY.replace("  supervisor: {source: 10.2.0.5", "  supervisor: {source: 10.2.0.0/24")
    made = proposed(text, [SUPERVISOR, DEV])
    assert not made.proposal.matters
    assert made.text == text
    assert made.proposal.already == ("mapping supervisor covers 2 egress addresses: nothing is to be added for them",)


def test_snat_rules_share_the_address_that_all_mappings_have(proposed: Make) -> None:
    made = proposed(STANDBY, [SUPERVISOR, DEV, PROD])
    assert {change.translated for change in made.proposal.changes} == {"10.1.0.4"}
    assert all(change.asks == () for change in made.proposal.changes), "nobody's address is taken"


def test_where_mappings_differ_the_address_of_most_is_shared_and_the_reviewer_is_asked(proposed: Make) -> None:
    text = STANDBY.replace("tier1s:", "  tkg: {source: 10.2.0.6, translated: 10.1.0.9}\ntier1s:")
    made = proposed(text, [SUPERVISOR, sender("t1-tkg", "10.2.0.6"), DEV])
    (change,) = made.proposal.changes
    assert change.translated == "10.1.0.4", "the first, as both have one"
    assert "1 of 2 mappings of site translate to 10.1.0.4" in change.why[1]
    assert change.asks == (
        "that nobody outside tells senders apart by their addresses (10.1.0.4, 10.1.0.9); otherwise write egress.pool with one for this",
    )
    again = proposed(made.text, [SUPERVISOR, sender("t1-tkg", "10.2.0.6"), DEV, PROD])
    assert again.proposal.changes[0].translated == "10.1.0.4", "and it stays that"


def test_a_pool_wins_over_the_shared_address(proposed: Make) -> None:
    text = STANDBY.replace("  ranges:", "  pool: [10.1.0.4, 10.1.0.60]\n  ranges:")
    (change,) = proposed(text, [SUPERVISOR, DEV]).proposal.changes
    assert change.translated == "10.1.0.60", "the HA VIP is taken"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            ACTIVE.replace("  pool: [10.1.0.8/29]\n", ""),
            "REFLEXIVE rules need a translated address each: write egress.pool: ",
        ),
        (
            STANDBY.replace(
                "  supervisor: {source: 10.2.0.5,", "  supervisor: {source: 10.2.0.5, destination: 10.9.0.0/16,"
            ),
            "there is no mapping whose address could be shared: write egress.pool",
        ),
        (
            ACTIVE.replace("10.1.0.8/29", "10.1.0.9"),
            "egress.pool (10.1.0.9) has no free address left: add addresses of 10.1.0.0/24",
        ),
    ],
    ids=["reflexive without pool", "snat without a mapping", "exhausted"],
)
def test_without_a_free_address_nothing_is_written_and_it_says_which_key(proposed: Make, text: str, says: str) -> None:
    made = proposed(text, [SUPERVISOR, DEV])
    assert made.text == text
    assert made.proposal.matters
    assert says in made.proposal.undecided[-1]
    assert made.proposal.undecided[-1].startswith("10.2.0.17 of Tier-1 t1-dev (namespace dev) has no mapping: ")


@pytest.mark.parametrize(
    "body",
    [
        {"subnets": [{"ip_addresses": ["10.1.0.8"], "prefix_len": 24}]},
        {"ha_vip_configs": [{"vip_subnets": [{"ip_addresses": ["10.1.0.8"], "prefix_len": 24}]}]},
        {"network": "0.0.0.0/0", "next_hops": [{"ip_address": "10.1.0.8"}]},
        {"action": "SNAT", "translated_network": "10.1.0.8"},
        {"action": "REFLEXIVE", "translated_network": "10.1.0.4-10.1.0.8, 10.9.0.0/30"},
        {"action": "DNAT", "destination_network": "10.1.0.8", "translated_network": "192.168.0.9"},
        {"ip_address": "10.1.0.8", "lb_service_path": "/infra/lb-services/x"},
        {"peer_address": "10.1.0.8"},
        {"neighbor_address": "10.1.0.8"},
        {"subnets": [{"gateway_address": "10.1.0.9/30"}]},
    ],
)
def test_an_address_that_the_manager_shows_with_somebody_is_never_proposed(
    proposed: Make, body: dict[str, Any]
) -> None:
    (change,) = proposed(ACTIVE, [SUPERVISOR, DEV], {"/infra/x": body}).proposal.changes
    assert change.translated not in ("10.1.0.8", "10.1.0.9")


@pytest.mark.parametrize(
    "body", [{"translated_network": "nonsense-x", "subnets": 7, "next_hops": ["a"]}, {"ip_address": "fe80::1"}]
)
def test_objects_that_cannot_be_read_take_nothing(proposed: Make, body: dict[str, Any]) -> None:
    (change,) = proposed(ACTIVE, [SUPERVISOR, DEV], {"/infra/x": body}).proposal.changes
    assert change.translated == "10.1.0.8"


def test_ends_of_subnets_routers_and_addresses_of_other_files_are_never_proposed(proposed: Make) -> None:
    text = ACTIVE.replace("10.1.0.8/29", "10.1.0.255, 10.1.0.0/29, 10.1.0.252/30")
    other = load(ACTIVE.replace("10.2.0", "10.3.0").replace("translated: 10.1.0.9", "translated: 10.1.0.1"), "other")
    (change,) = proposed(text, [SUPERVISOR, DEV], neighbours=[other]).proposal.changes
    assert change.translated == "10.1.0.4"


@pytest.mark.parametrize(
    ("more", "pool"),
    [
        ("", "10.1.0.2, 10.1.0.3, 10.1.0.253, 10.1.0.254, 10.1.0.9"),
        ("dns_servers: [10.1.0.66]\n", "10.1.0.66"),
        ("routes: {core: {network: 10.9.0.0/16, next_hops: [{address: 10.1.0.67}]}}\n", "10.1.0.67"),
        ("return_routes: [{host: upstream, to: 10.8.0.0/24, via: [10.1.0.68]}]\n", "10.1.0.68"),
        ("ingress: {range: 10.1.0.64/27}\n", "10.1.0.64/28"),
    ],
)
def test_an_address_that_the_file_itself_knows_with_somebody_is_never_proposed(
    proposed: Make, more: str, pool: str
) -> None:
    text = ACTIVE.replace("10.1.0.8/29", f"{pool}, 10.1.0.99") + more
    (change,) = proposed(text, [SUPERVISOR, DEV]).proposal.changes
    assert change.translated == "10.1.0.99"


def test_a_service_segment_and_an_egress_address_of_somebody_are_none_of_the_pool(proposed: Make) -> None:
    text = ACTIVE.replace("default_route:", "  service_interfaces: [{id: s, address: 10.7.0.1/24}]\ndefault_route:", 1)
    text = text.replace("[10.1.0.8/29]", "[10.7.0.9, 10.6.0.9, 10.6.0.10]\n  routed: [10.6.0.0/24, 10.7.0.0/24]")
    beside = sender("t1-own", "10.6.0.9", ["10.6.0.9/32"], translated=False)
    (change,) = proposed(text, [SUPERVISOR, DEV, beside]).proposal.changes
    assert change.translated == "10.6.0.10"
    assert change.asks == (), "a routed network is the domain's own"


def test_a_network_gets_one_of_its_size_where_rules_are_reflexive(proposed: Make) -> None:
    wide = sender("t1-dev", "10.2.0.32/30", ["10.246.0.0/24"])
    (change,) = proposed(ACTIVE, [SUPERVISOR, wide]).proposal.changes
    assert change.translated == "10.1.0.12/30", "10.1.0.8/30 holds the Supervisor's"
    (refused,) = proposed(ACTIVE, [SUPERVISOR, sender("t1-dev", "10.2.0.32/29")]).proposal.undecided
    assert "no free block of 8 addresses" in refused


def test_a_namespace_that_came_back_under_another_address_is_moved_and_keeps_what_it_had(proposed: Make) -> None:
    first = proposed(ACTIVE, [SUPERVISOR, DEV])
    now = sender("t1-dev-2", "10.2.0.40", ["10.248.0.0/24"], namespace="dev")
    made = proposed(first.text, [SUPERVISOR, now])
    (change,) = made.proposal.changes
    assert (change.kind, change.key, change.source, change.translated) == (Kind.MOVED, "dev", "10.2.0.40", "10.1.0.8")
    before, after = ({one.key: one for one in owned(text.domain).rules}["dev"] for text in (first, made))
    assert (after.identity, after.priority, after.translated) == (before.identity, before.priority, before.translated)
    assert made.domain.tier1s["t1-dev-2"].egress == now.network.network_address
    assert "that 10.2.0.40 of Tier-1 t1-dev-2 (namespace dev) is what mapping dev was made for" in change.asks[0]
    assert "tier1s.t1-dev still says 10.2.0.17" in change.why[-1]
    assert proposed(made.text, [SUPERVISOR, now]).proposal.changes == ()


def test_a_tier1_of_the_file_that_sends_with_another_address_is_moved_without_a_question(proposed: Make) -> None:
    now = sender("domain-c1", "10.2.0.6")
    made = proposed(ACTIVE, [now])
    (change,) = made.proposal.changes
    assert [edit.at for edit in change.edits] == [("egress", "supervisor", "source"), ("tier1s", "domain-c1", "egress")]
    assert change.asks == ()
    assert made.proposal.stale == ()


def test_a_vpc_whose_mapping_moves_is_no_tier1_of_the_file(proposed: Make) -> None:
    text = STANDBY.replace(
        "tier1s:", "  more: {shop: {source: 10.2.0.70, translated: 10.1.0.4, priority: 300}}\ntier1s:"
    )
    made = proposed(text, [SUPERVISOR, sender("shop", "10.2.0.71", ["172.16.0.0/20"], holder=Holder.VPC)])
    (change,) = made.proposal.changes
    assert change.edits == (Edit(("egress", "more", "shop", "source"), "10.2.0.71"),)


def test_two_that_move_to_one_address_share_a_mapping_and_the_other_one_is_stale(proposed: Make) -> None:
    first = proposed(ACTIVE, [SUPERVISOR, DEV, PROD])
    together = [replace(one, network=IPv4Network("10.2.0.40")) for one in (DEV, PROD)]
    made = proposed(first.text, [SUPERVISOR, *together])
    (change,) = made.proposal.changes
    assert (change.kind, change.key) == (Kind.MOVED, "dev")
    assert "mapping prod translates 10.2.0.18, which nothing sends with any more" in made.proposal.stale[0]
    assert check([made.domain]).errors == ()


def test_what_is_gone_is_told_and_stays(proposed: Make) -> None:
    first = proposed(ACTIVE, [SUPERVISOR, DEV])
    made = proposed(first.text, [SUPERVISOR])
    assert made.text == first.text
    assert made.proposal.stale == (
        "mapping dev translates 10.2.0.17, which nothing sends with any more: take it out if that stays so",
    )
    assert not made.proposal.matters


@pytest.mark.parametrize(
    ("address", "how"),
    [
        (sender("vpc-a", "10.2.0.64/28", holder=Holder.VPC), "External IP block"),
        (sender("t1-r", "10.249.0.0/24", ["10.249.0.0/24"], translated=False), "leaves with its own addresses"),
    ],
)
def test_what_others_are_to_reach_is_told_a_return_route_instead_of_a_mapping(
    proposed: Make, address: EgressAddress, how: str
) -> None:
    made = proposed(STANDBY, [SUPERVISOR, address])
    assert made.text == STANDBY
    (told,) = made.proposal.undecided
    assert how in told
    route = f"return_routes: [{{host: upstream, to: {address.network}, via: [10.1.0.4]}}]"
    assert route in told
    taken_over = proposed(f"{STANDBY}{route}\n", [SUPERVISOR, address])
    assert not taken_over.proposal.matters, "the advice is the cure"


def test_a_route_for_a_block_is_one_for_its_default_snat_address_too(proposed: Make) -> None:
    block = sender("vpc-a", "10.2.0.64/28", holder=Holder.VPC, translated=False)
    made = proposed(STANDBY, [SUPERVISOR, sender("vpc-a", "10.2.0.70", holder=Holder.VPC), block])
    (told,) = made.proposal.undecided
    assert "to: 10.2.0.64/28" in told


def test_two_namespaces_of_one_name_and_an_object_of_that_id_get_keys_of_their_own(proposed: Make) -> None:
    twin = sender("t1-dev-b", "10.2.0.18", ["10.247.0.0/24"], namespace="dev")
    keys = [change.key for change in proposed(ACTIVE, [SUPERVISOR, DEV, twin]).proposal.changes]
    assert keys == ["dev", "dev-2"]
    held = {
        f"{GATEWAY}/nat/USER/nat-rules/site-egress-dev": {
            "source_network": "10.7.7.7",
            "action": "SNAT",
            "sequence_number": 110,
        }
    }
    (change,) = proposed(ACTIVE, [SUPERVISOR, DEV], held).proposal.changes
    assert change.key == "dev-2"
    assert change.edits[0].value["priority"] == 120, "110 is taken"
    (named,) = proposed(ACTIVE, [SUPERVISOR, sender("tkg", "10.2.0.18")]).proposal.changes
    assert named.key == "tkg-namespace"


def test_an_address_that_an_exception_keeps_is_a_decision_and_no_patch(proposed: Make) -> None:
    text = STANDBY.replace(
        "tier1s:", "  exceptions: {dev: {source: 10.2.0.16/28, destination: any, priority: 20}}\ntier1s:"
    )
    made = proposed(text, [SUPERVISOR, DEV])
    assert made.text == text
    assert "is kept un-translated by exception dev of site" in made.proposal.undecided[0]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (
            {"source_network": "10.2.0.17", "sequence_number": 900},
            "translates it already: egress adopt site takes it over, or take it away",
        ),
        (
            {"source_network": "10.2.0.0/28,10.2.0.16/28", "sequence_number": 900},
            "translates it already, with others: a mapping would take it from there",
        ),
        ({"sequence_number": 2000}, "translates it already, with others"),
        (
            {"source_network": "10.2.0.16/28", "destination_network": "10.9.0.0/16", "sequence_number": 20},
            "takes some of its packets before a rule of priority 110 would",
        ),
        ({"action": "NO_SNAT", "destination_network": "10.9.0.0/16", "sequence_number": 5}, "narrow or move that rule"),
    ],
)
def test_a_rule_made_by_hand_that_is_in_the_way_is_told_and_nothing_is_proposed(
    proposed: Make, body: dict[str, Any], says: str
) -> None:
    hand = {"action": "SNAT", "translated_network": "10.1.0.50", "enabled": True, **body}
    made = proposed(STANDBY, [SUPERVISOR, DEV], {f"{GATEWAY}/nat/USER/nat-rules/by-hand": hand})
    assert made.text == STANDBY
    assert "rule by-hand on the manager, which no stack of this tool made" in made.proposal.undecided[0]
    assert says in made.proposal.undecided[0]


@pytest.mark.parametrize(
    "body",
    [
        {"action": "NO_SNAT", "destination_network": "10.9.0.0/16", "sequence_number": 900},
        {"source_network": "10.2.0.16/28", "destination_network": "10.9.0.0/16", "sequence_number": 900},
        {"source_network": "10.2.0.18", "sequence_number": 5},
        {"source_network": "10.2.0.17", "sequence_number": 5, "enabled": False},
    ],
)
def test_a_rule_made_by_hand_that_ours_would_come_before_or_that_is_for_others_is_in_nobodys_way(
    proposed: Make, body: dict[str, Any]
) -> None:
    hand = {"action": "SNAT", "translated_network": "10.1.0.50", "enabled": True, **body}
    made = proposed(STANDBY, [SUPERVISOR, DEV], {f"{GATEWAY}/nat/USER/nat-rules/by-hand": hand})
    assert len(made.proposal.changes) == 1


def test_a_rule_of_the_stack_itself_that_its_file_has_no_more_is_applied_first(proposed: Make) -> None:
    tags = [{"scope": "managed-by", "tag": "tier0-egress"}, {"scope": "stack", "tag": "site"}]
    left = {"action": "SNAT", "source_network": "10.2.0.17", "translated_network": "10.1.0.4", "tags": tags}
    made = proposed(STANDBY, [SUPERVISOR, DEV], {f"{GATEWAY}/nat/USER/nat-rules/site-egress-dev": left})
    assert (
        "site-egress-dev on the manager is this stack's, and not in its file any more: apply first"
        in made.proposal.undecided[0]
    )


def test_tier1s_that_share_an_address_share_a_mapping(proposed: Make) -> None:
    twin = sender("t1-dev-b", "10.2.0.17", ["10.247.0.0/24"], namespace="dev")
    made = proposed(ACTIVE, [SUPERVISOR, DEV, twin])
    (change,) = made.proposal.changes
    assert {edit.at for edit in change.edits} == {
        ("egress", "more", "dev"),
        ("tier1s", "t1-dev"),
        ("tier1s", "t1-dev-b"),
    }


def test_an_address_within_a_network_that_gets_its_mapping_needs_none(proposed: Make) -> None:
    wide, within = sender("t1-a", "10.2.0.32/30"), sender("t1-b", "10.2.0.33")
    (change,) = proposed(STANDBY, [SUPERVISOR, within, wide]).proposal.changes
    assert (change.key, change.source) == ("t1-a", "10.2.0.32/30")
    assert ("tier1s", "t1-b") in [edit.at for edit in change.edits]


def test_a_tier1_with_two_addresses_keeps_the_one_that_the_file_has(proposed: Make) -> None:
    second = sender("domain-c1", "10.2.0.6")
    made = proposed(ACTIVE, [SUPERVISOR, second])
    (change,) = made.proposal.changes
    assert [edit.at for edit in change.edits] == [("egress", "more", "domain-c1")]
    outside = sender("domain-c1", "10.99.0.6")
    assert "lies in no egress range" in proposed(ACTIVE, [SUPERVISOR, outside]).proposal.undecided[0]


def test_a_network_behind_that_the_file_has_for_others_is_left_out(proposed: Make) -> None:
    clash = sender("t1-dev", "10.2.0.17", ["10.244.0.128/25", "10.246.0.0/24"])
    (change,) = proposed(ACTIVE, [SUPERVISOR, clash]).proposal.changes
    assert change.edits[1] == Edit(("tier1s", "t1-dev"), {"networks": ["10.246.0.0/24"], "egress": "10.2.0.17"})
    assert "10.244.0.128/25 behind it stands in another range of the file" in change.why[-1]


def test_the_next_priority_is_behind_an_exception_and_never_the_largest_but_one(proposed: Make) -> None:
    text = STANDBY.replace("tier1s:", "  exceptions: {core: {destination: 10.9.0.0/16, priority: 25}}\ntier1s:")
    assert proposed(text, [SUPERVISOR, DEV]).proposal.changes[0].edits[0].value["priority"] == 110
    last = STANDBY.replace("translated: 10.1.0.4}", "translated: 10.1.0.4, priority: 2147481595}")
    assert proposed(last, [SUPERVISOR, DEV]).proposal.changes[0].edits[0].value["priority"] == 2147481596
    full = STANDBY.replace("translated: 10.1.0.4}", "translated: 10.1.0.4, priority: 2147481599}")
    assert "no priority is left" in proposed(full, [SUPERVISOR, DEV]).proposal.undecided[0]


@pytest.mark.parametrize(
    "spelled",
    [
        ("egress:\n", "egress: # its ranges\n"),
        ("  supervisor:", "  more:\n  supervisor:"),
        ("  supervisor:", "  more: {}\n  supervisor:"),
        ("  supervisor:", "  more: {old: {source: 10.2.0.9, translated: 10.1.0.4, priority: 300}}\n  supervisor:"),
        (
            "  supervisor:",
            "  more:\n    # of old\n    old: {source: 10.2.0.9, translated: 10.1.0.4, priority: 300}\n\n  supervisor:",
        ),
        ("tier1s:\n  domain-c1: {networks: [10.244.0.0/24], egress: 10.2.0.5}\n", ""),
        ("tier1s:\n  domain-c1: {networks: [10.244.0.0/24], egress: 10.2.0.5}\n", "tier1s: {}\n"),
        (
            "tier1s:\n  domain-c1: {networks: [10.244.0.0/24], egress: 10.2.0.5}\n",
            "tier1s: {t1-dev: {networks: [10.246.0.0/24]}} # dev\n",
        ),
        ("tier1s:\n", "tier1s:\n  t1-dev:\n    networks:\n      - 10.246.0.0/24\n"),
        (
            "egress:\n  ranges: [10.2.0.0/24]\n  supervisor: {source: 10.2.0.5, translated: 10.1.0.4} # the HA VIP\n",
            "egress: {ranges: [10.2.0.0/24], supervisor: {source: 10.2.0.5, translated: 10.1.0.4}} # the HA VIP\n",
        ),
    ],
)
def test_however_the_file_is_spelled_the_patch_fits_and_comments_stay(proposed: Make, spelled: tuple[str, str]) -> None:
    assert spelled[0] in STANDBY
    text = STANDBY.replace(*spelled)
    old = sender("t1-old", "10.2.0.9")
    made = proposed(text, [SUPERVISOR, DEV, *([old] if "old:" in text else [])])
    assert made.domain.tier1s["t1-dev"].egress == DEV.network.network_address
    assert made.domain.egress.more["dev"].source == DEV.network.network_address
    assert made.text.count("#") == text.count("#")
    assert check([made.domain]).errors == ()


NAMES = st.lists(st.integers(0, 30), unique=True, max_size=8)


@st.composite
def there(draw: st.DrawFn) -> list[EgressAddress]:
    """Egress addresses of the range, by Tier-1s and namespaces with names that may meet."""
    hosts = draw(st.lists(st.integers(6, 250), unique=True, max_size=8))
    return [
        sender(
            f"t1-{number}",
            f"10.2.0.{host}",
            [f"10.{200 + number}.0.0/24"] if draw(st.booleans()) else [],
            namespace=draw(st.sampled_from(["", "dev", "Prod_1", "supervisor", "näme"])),
        )
        for number, host in enumerate(hosts)
    ]


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(addresses=there(), taken_hosts=NAMES, active=st.booleans())
def test_a_proposal_that_is_written_covers_what_it_says_breaks_no_rule_and_is_the_last(
    proposed: Make, addresses: list[EgressAddress], taken_hosts: list[int], active: bool
) -> None:
    text = ACTIVE if active else STANDBY
    objects = {f"/infra/{host}": {"translated_network": f"10.1.0.{host}"} for host in taken_hosts}
    every = [SUPERVISOR, *addresses]
    made = proposed(text, every, objects)
    domain = made.domain
    assert check([domain]).errors == ()
    left = coverage(domain, (), every, complete=True).uncovered
    assert len(left) == len(made.proposal.undecided)
    assert len(made.proposal.changes) + len(left) == len(addresses)
    if active:
        translated = [one.translated for one in owned(domain).rules]
        assert len(set(translated)) == len(translated)
        assert not {IPv4Network(f"10.1.0.{host}").network_address for host in taken_hosts} & set(translated[1:])
    again = proposed(made.text, every, objects)
    assert again.proposal.changes == ()
    assert again.text == made.text


DAYS = st.lists(st.dictionaries(st.sampled_from("abcde"), st.integers(6, 14), max_size=4), min_size=1, max_size=5)
"""Namespaces of each day, and the host that each sends with: they come, go, move, and take addresses of those that went."""


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(days=DAYS, active=st.booleans(), anew=st.booleans())
def test_whatever_comes_and_goes_the_file_stays_sound_and_what_is_there_keeps_its_id(
    proposed: Make, days: list[dict[str, int]], active: bool, anew: bool
) -> None:
    text = (ACTIVE if active else STANDBY).replace("10.1.0.8/29", "10.1.0.8/29, 10.1.0.16/29")
    for number, day in enumerate(days):
        there = [
            sender(
                f"t1-{name}{number if anew else ''}", f"10.2.0.{host}", [f"10.{100 + ord(name)}.0.0/24"], namespace=name
            )
            for name, host in day.items()
        ]
        before = {rule.key: rule for rule in owned(load(text)).rules}
        made = proposed(text, [SUPERVISOR, *there])
        after = {rule.key: rule for rule in owned(made.domain).rules}
        assert check([made.domain]).errors == ()
        assert set(before) <= set(after), "nothing is removed by itself"
        for key, rule in before.items():
            kept = (rule.identity, rule.priority, rule.translated)
            assert (after[key].identity, after[key].priority, after[key].translated) == kept
        left = coverage(made.domain, (), [SUPERVISOR, *there], complete=True).uncovered
        assert len(left) == len(made.proposal.undecided)
        assert proposed(made.text, [SUPERVISOR, *there]).text == made.text
        text = made.text
