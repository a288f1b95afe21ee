"""Plans have the SDK's rules, its oddities included."""

from __future__ import annotations

from typing import Any

import pytest

from nsx_lab.provider.provider import Provider
from nsx_lab.provider.values.plan import plan
from nsx_lab.provider.values.record import Record
from nsx_lab.provider.values.schema import Block
from nsx_lab.provider.values.values import UNKNOWN


@pytest.fixture(scope="module")
def rule() -> Block:
    return Provider().resources["nsxt_policy_nat_rule"]


@pytest.fixture(scope="module")
def route() -> Block:
    return Provider().resources["nsxt_policy_static_route"]


def configured(block: Block, **given: Any) -> dict[str, Any]:
    """A configuration: blocks that are not there are empty lists, everything else is null."""
    config = {**block.null(), **{name: [] for name in block.blocks}}
    config.update(display_name="a", gateway_path="/infra/tier-0s/T0")
    return {**config, **given}


def stored(block: Block, **given: Any) -> dict[str, Any]:
    """A state as it is after an apply and a read."""
    state = configured(block, id="a", nsx_id="a", path="/p", revision=0, description="")
    for name, attribute in block.attributes.items():
        if attribute.trait.default is not None:
            state[name] = attribute.trait.default
    if "type" in state:
        state.update(type="USER", scope=[], policy_based_vpn_mode="", service="", translated_ports="")
    return {**state, **given}


def proposed(block: Block, prior: dict[str, Any], **given: Any) -> dict[str, Any]:
    """What the engine proposes: the configuration, and prior values for what is computed and not configured."""
    config = configured(block, **given)
    for name, attribute in block.attributes.items():
        if attribute.computed and config[name] is None:
            config[name] = prior[name]
    return config


def test_a_new_object_has_defaults_and_unknowns(rule: Block) -> None:
    values = plan(rule, None, configured(rule, action="SNAT")).values
    assert {n for n, v in values.items() if v is UNKNOWN} == {
        *("id", "nsx_id", "path", "revision", "scope", "type", "policy_based_vpn_mode")
    }
    assert (values["enabled"], values["logging"], values["rule_priority"], values["firewall_match"]) == (
        True,
        False,
        100,
        "BYPASS",
    )
    assert (values["description"], values["service"], values["source_networks"]) == (None, None, None)


def test_an_empty_list_of_a_new_object_stays_empty(rule: Block) -> None:
    assert plan(rule, None, configured(rule, action="SNAT", source_networks=[])).values["source_networks"] == []


def test_an_unchanged_object_is_planned_as_it_is(rule: Block) -> None:
    prior = stored(rule, action="SNAT", source_networks=["10.0.0.1"])
    planned = plan(rule, prior, proposed(rule, prior, action="SNAT", source_networks=["10.0.0.1"], nsx_id="a"))
    assert planned.values == prior
    assert planned.replace == []


def test_an_update_leaves_nothing_unknown(rule: Block) -> None:
    prior = stored(rule, action="SNAT")
    values = plan(rule, prior, proposed(rule, prior, action="DNAT")).values
    assert UNKNOWN not in values.values()
    assert values["revision"] == 0


def test_a_list_that_leaves_the_configuration_is_planned_as_empty(rule: Block) -> None:
    prior = stored(rule, action="SNAT", source_networks=["10.0.0.1"])
    assert plan(rule, prior, proposed(rule, prior, action="SNAT")).values["source_networks"] == []


def test_a_text_that_leaves_the_configuration_is_planned_as_null(rule: Block) -> None:
    prior = stored(rule, action="SNAT", description="x")
    assert plan(rule, prior, proposed(rule, prior, action="SNAT")).values["description"] is None


@pytest.mark.parametrize("name, value", [("nsx_id", "b"), ("gateway_path", "/infra/tier-0s/T9"), ("type", "INTERNAL")])
def test_a_new_identity_replaces_the_object(rule: Block, name: str, value: str) -> None:
    prior = stored(rule, action="SNAT")
    given = {"action": "SNAT", name: value}
    assert plan(rule, prior, proposed(rule, prior, **given)).replace == [(name,), ("id",)]


def test_a_new_project_replaces_the_object(route: Block) -> None:
    prior = stored(route, network="0.0.0.0/0", context=[{"project_id": "p"}], next_hop=[])
    given = proposed(route, prior, network="0.0.0.0/0", context=[{"project_id": "q"}])
    assert plan(route, prior, given).replace == [("context", 0, "project_id"), ("id",)]


def test_an_unset_field_of_a_new_hop_is_null_and_of_an_old_one_as_stored(route: Block) -> None:
    hop = {"admin_distance": 1, "ip_address": "10.0.0.1", "interface": ""}
    asked = {"admin_distance": None, "ip_address": "10.0.0.1", "interface": None}
    prior = stored(route, network="0.0.0.0/0", next_hop=[hop])
    given = proposed(route, prior, network="0.0.0.0/0", next_hop=[asked, {**asked, "ip_address": "10.0.0.2"}])
    first, second = plan(route, prior, given).values["next_hop"]
    assert first == hop
    assert second == {"admin_distance": 1, "ip_address": "10.0.0.2", "interface": None}


def test_of_the_tags_that_stay_the_unset_fields_become_null(route: Block) -> None:
    prior = stored(route, network="0.0.0.0/0", tag=[{"scope": "", "tag": "stays"}, {"scope": "a", "tag": "goes"}])
    tags = [{"scope": None, "tag": "stays"}, {"scope": None, "tag": "comes"}]
    planned = plan(route, prior, proposed(route, prior, network="0.0.0.0/0", tag=tags)).values["tag"]
    assert sorted(planned, key=lambda t: t["tag"]) == [{"scope": "", "tag": "comes"}, {"scope": None, "tag": "stays"}]


def test_tags_in_another_order_are_no_change(route: Block) -> None:
    one, two = {"scope": "a", "tag": "1"}, {"scope": "b", "tag": "2"}
    prior = stored(route, network="0.0.0.0/0", tag=[one, two])
    assert plan(route, prior, proposed(route, prior, network="0.0.0.0/0", tag=[two, one])).values == prior


def test_a_list_with_one_unknown_element_is_unknown_as_a_whole(rule: Block) -> None:
    given = configured(rule, action="SNAT", source_networks=[UNKNOWN, "1.1.1.1"], description=UNKNOWN)
    values = plan(rule, None, given).values
    assert values["source_networks"] is UNKNOWN
    assert values["description"] is UNKNOWN


def test_scope_removed_from_the_configuration_keeps_its_value(rule: Block) -> None:
    prior = stored(rule, action="SNAT", scope=["/infra/x/y"])
    assert plan(rule, prior, proposed(rule, prior, action="SNAT")).values["scope"] == ["/infra/x/y"]


def test_a_state_after_an_apply_is_smoothed_against_the_plan(rule: Block) -> None:
    planned = plan(rule, None, configured(rule, action="SNAT", nsx_id="a")).values
    record = Record.planned(rule, None, planned)
    record.id = "a"
    record.set("description", None)
    record.set("enabled", None)
    state = record.state(planned, applying=True)
    assert state is not None
    assert state["description"] == ""  # null was planned, "" is what a missing text reads as
    assert state["enabled"] is False
    assert state["context"] == []
    assert state["destination_networks"] is None


def test_a_failed_update_leaves_the_planned_values(rule: Block) -> None:
    prior = stored(rule, action="SNAT", description="old", source_networks=["1.1.1.1"])
    planned = plan(rule, prior, proposed(rule, prior, action="DNAT")).values
    state = Record.planned(rule, prior, planned).state(planned, applying=True)
    assert state is not None
    assert (state["action"], state["description"], state["source_networks"]) == ("DNAT", "", [])


def test_a_project_that_leaves_the_configuration_replaces_the_object(route: Block) -> None:
    prior = stored(route, network="0.0.0.0/0", context=[{"project_id": "p"}], next_hop=[])
    planned = plan(route, prior, proposed(route, prior, network="0.0.0.0/0"))
    assert planned.values["context"] == []
    assert planned.replace == [("context",), ("context", 0, "project_id"), ("id",)]


def test_a_set_that_was_unknown_reads_as_empty_while_applying(rule: Block) -> None:
    planned = plan(rule, None, configured(rule, action="SNAT")).values
    record = Record.planned(rule, None, planned)
    record.id = "a"
    assert record.values()["scope"] == []
    assert record.values()["type"] is None
