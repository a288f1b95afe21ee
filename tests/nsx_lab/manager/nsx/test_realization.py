"""From intent to what is realized."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from nsx_lab import Lab
from nsx_lab.manager.store.store import Change

T0 = "/infra/tier-0s/T0-wld01"
RULE = f"{T0}/nat/USER/nat-rules/nat-vm-a"
ROUTE = f"{T0}/static-routes/default-route"


@pytest.fixture
def state(api: httpx.Client) -> Callable[[str], str]:
    """The state of the first realized entity of a path; "" when there is none."""

    def look(path: str) -> str:
        answer = api.get("/infra/realized-state/realized-entities", params={"intent_path": path}).json()
        return str(answer["results"][0]["state"]) if answer.get("results") else ""

    return look


def test_write_is_realized_at_once_by_default(
    api: httpx.Client, state: Callable[[str], str], rule: dict[str, Any]
) -> None:
    api.patch(RULE, json=rule)
    assert state(RULE) == "REALIZED"


def test_entity_types(api: httpx.Client, rule: dict[str, Any], route: dict[str, Any]) -> None:
    api.patch(RULE, json=rule)
    api.patch(ROUTE, json=route)
    expected = {
        T0: "RealizedLogicalRouter",
        f"{T0}/locale-services/default/interfaces/services": "RealizedLogicalRouterPort",
        RULE: "RealizedLogicalRouterNatRule",
        ROUTE: "RealizedStaticRoute",
    }
    for path, entity_type in expected.items():
        answer = api.get("/infra/realized-state/realized-entities", params={"intent_path": path}).json()
        assert answer["result_count"] == 1
        assert answer["results"][0]["entity_type"] == entity_type
        assert answer["results"][0]["intent_paths"] == [path]


def test_entities_of_a_path_that_is_gone_answer_404(lab: Lab, api: httpx.Client, rule: dict[str, Any]) -> None:
    def asked() -> tuple[int, list[str]]:
        answer = api.get("/infra/realized-state/realized-entities", params={"intent_path": RULE})
        return answer.status_code, [entity["id"] for entity in answer.json().get("results", [])]

    there = (200, ["nat-vm-a-RealizedLogicalRouterNatRule"])
    assert asked() == (404, [])
    api.patch(RULE, json=rule)
    assert asked() == there
    lab.control.clock(hold=True)
    lab.control.realization(delay=5)
    api.delete(RULE)
    assert asked() == there
    lab.control.clock(advance=5)
    assert asked() == (404, [])


def test_delay_by_the_logical_clock(
    lab: Lab, api: httpx.Client, state: Callable[[str], str], rule: dict[str, Any]
) -> None:
    clock = lab.world.manager.clock
    clock.hold()
    lab.control.realization(delay=5)
    api.patch(RULE, json=rule)
    clock.advance(4.9)
    assert state(RULE) == "UNREALIZED"
    clock.advance(0.2)
    assert state(RULE) == "REALIZED"


def test_old_realized_is_shown_for_a_while_after_an_update(
    lab: Lab, api: httpx.Client, state: Callable[[str], str], rule: dict[str, Any]
) -> None:
    api.patch(RULE, json=rule)
    clock = lab.world.manager.clock
    clock.hold()
    lab.control.realization(delay=5, stale=2)
    api.patch(RULE, json={**rule, "source_network": "30.0.0.6"})
    assert state(RULE) == "REALIZED"
    assert lab.realized()[RULE]["source_network"] == "30.0.0.5"
    clock.advance(3)
    assert state(RULE) == "UNREALIZED"
    clock.advance(3)
    assert state(RULE) == "REALIZED"
    assert lab.realized()[RULE]["source_network"] == "30.0.0.6"


def test_state_turns_realized_after_so_many_looks(
    lab: Lab, api: httpx.Client, state: Callable[[str], str], rule: dict[str, Any]
) -> None:
    lab.control.realization(RULE, "UNREALIZED", polls=2)
    api.patch(RULE, json=rule)
    assert [state(RULE) for _ in range(4)] == ["UNREALIZED", "UNREALIZED", "REALIZED", "REALIZED"]


def test_error_comes_with_an_alarm(lab: Lab, api: httpx.Client, rule: dict[str, Any]) -> None:
    api.patch(RULE, json=rule)
    assert lab.control.realization(RULE, "ERROR", "no edge left") == [RULE]
    entity = api.get("/infra/realized-state/realized-entities", params={"intent_path": RULE}).json()["results"][0]
    assert (entity["state"], entity["alarms"][0]["message"]) == ("ERROR", "no edge left")
    alarms = api.get("/infra/realized-state/alarms").json()["results"]
    assert [alarm["source_reference"] for alarm in alarms] == [RULE]


def test_failed_update_keeps_what_was_realized(
    lab: Lab, api: httpx.Client, state: Callable[[str], str], rule: dict[str, Any]
) -> None:
    api.patch(RULE, json=rule)
    lab.control.realization(RULE, "ERROR", "boom", when="next")
    assert state(RULE) == "REALIZED"
    api.patch(RULE, json={**rule, "source_network": "30.0.0.6"})
    assert state(RULE) == "ERROR"
    assert lab.realized()[RULE]["source_network"] == "30.0.0.5"
    api.patch(RULE, json={**rule, "source_network": "30.0.0.7"})
    assert state(RULE) == "REALIZED"
    assert lab.realized()[RULE]["source_network"] == "30.0.0.7"


def test_failed_object_can_be_deleted(
    lab: Lab, api: httpx.Client, state: Callable[[str], str], rule: dict[str, Any]
) -> None:
    lab.control.realization(RULE, "ERROR", "boom")
    api.patch(RULE, json=rule)
    assert state(RULE) == "ERROR"
    assert api.delete(RULE).status_code == 200
    assert state(RULE) == ""


def test_hold_and_release(lab: Lab, api: httpx.Client, state: Callable[[str], str], rule: dict[str, Any]) -> None:
    lab.control.realization("*/nat-rules/*", "hold")
    api.patch(RULE, json=rule)
    assert state(RULE) == "UNREALIZED"
    lab.control.realization("*/nat-rules/*", "REALIZED")
    assert state(RULE) == "REALIZED"


@pytest.mark.parametrize("word, shown", [("EMPTY", ""), ("IN_PROGRESS", "IN_PROGRESS"), ("UNAVAILABLE", "UNAVAILABLE")])
def test_words_and_gaps_a_client_must_digest(
    lab: Lab, api: httpx.Client, state: Callable[[str], str], rule: dict[str, Any], word: str, shown: str
) -> None:
    api.patch(RULE, json=rule)
    lab.control.realization(RULE, word)
    assert state(RULE) == shown


def test_status_of_an_intent(lab: Lab, api: httpx.Client, rule: dict[str, Any]) -> None:
    api.patch(RULE, json=rule)
    api.patch(RULE, json=rule)
    got = api.get("/infra/realized-state/status", params={"intent_path": RULE}).json()
    assert (got["publish_status"], got["consolidated_status"], got["intent_version"]) == (
        "REALIZED",
        {"consolidated_status": "SUCCESS"},
        "1",
    )


def test_hook_hears_of_each_realized_change(lab: Lab, api: httpx.Client, rule: dict[str, Any]) -> None:
    heard: list[Change] = []
    end = lab.on_realized(heard.extend)
    api.patch(RULE, json=rule)
    lab.control.realization(RULE, "ERROR", when="next")
    api.patch(RULE, json={**rule, "logging": True})
    api.delete(RULE)
    end()
    api.patch(ROUTE, json={"network": "0.0.0.0/0", "next_hops": [{"ip_address": "10.27.51.1"}]})
    kinds = [(change.path, change.before is None, change.after is None) for change in heard]
    assert kinds == [(RULE, True, False), (RULE, False, True)]


def test_deleted_object_is_marked_until_it_has_left(lab: Lab, api: httpx.Client, rule: dict[str, Any]) -> None:
    def seen() -> list[list[bool]]:
        rules = RULE.rpartition("/")[0]
        answers = (
            api.get(rules),
            api.get(rules, params={"include_mark_for_delete_objects": "true"}),
            api.get("/search/query?query=resource_type:PolicyNatRule"),
            api.get("/search/query?query=resource_type:PolicyNatRule%20AND%20marked_for_delete:false"),
        )
        return [[obj["marked_for_delete"] for obj in answer.json()["results"]] for answer in answers]

    api.patch(RULE, json=rule)
    assert seen() == [[False]] * 4
    lab.control.clock(hold=True)
    lab.control.realization(delay=5)
    api.delete(RULE)
    assert seen() == [[], [True], [True], []]
    assert api.get(RULE).status_code == 404
    assert RULE in lab.realized()
    lab.control.clock(advance=5)
    assert seen() == [[]] * 4
    assert RULE not in lab.realized()


def test_reset_empties_the_data_plane_at_once(lab: Lab, api: httpx.Client, rule: dict[str, Any]) -> None:
    api.patch(RULE, json=rule)
    lab.control.clock(hold=True)
    lab.control.realization(delay=5)
    heard: list[Change] = []
    lab.on_realized(heard.extend)
    lab.control.reset()
    assert RULE in {change.path for change in heard if change.after is None}
    assert T0 in lab.realized()
