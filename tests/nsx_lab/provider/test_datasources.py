"""Data sources: search, realization, versions."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest

from nsx_lab.provider.provider import Provider
from nsx_lab.provider.realization import wait_for
from nsx_lab.provider.wire.errors import ProviderError
from tests.nsx_lab.provider.fast_clock import FastClock
from tests.nsx_lab.provider.policy import PolicyServer, error, provider_config

TIER0 = "nsxt_policy_tier0_gateway"
INFO = "nsxt_policy_realization_info"
INTERFACE = "nsxt_policy_gateway_interface_realization"
EDGE_CLUSTER = "/infra/sites/default/enforcement-points/default/edge-clusters/ec"


def read(provider: Provider, kind: str, **given: Any) -> dict[str, Any]:
    block = provider.data_sources[kind]
    return provider.read_data(kind, {**block.null(), **{n: [] for n in block.blocks}, **given})


def hit(name: str, kind: str = "Tier0", **more: Any) -> dict[str, Any]:
    return {"resource_type": kind, "id": name.lower(), "display_name": name, "path": f"/infra/tier-0s/{name}", **more}


def answering(server: PolicyServer, part: str, answer: Callable[[str], Any] | Any) -> list[str]:
    """Answer requests whose path contains `part`; returns the queries that came."""
    asked: list[str] = []

    def other(path: str, query: str) -> dict[str, Any] | None:
        if part not in path:
            return None
        asked.append(query)
        return {"status": 200, "response": answer(query) if callable(answer) else answer}

    server.policy.other = other
    return asked


def found(*hits: dict[str, Any]) -> dict[str, Any]:
    return {"results": list(hits), "result_count": len(hits)}


def test_a_gateway_is_found_by_id_with_its_edge_cluster(provider: Provider, policy_server: PolicyServer) -> None:
    policy_server.policy.put("/infra/tier-0s/T0/locale-services/default", {"edge_cluster_path": EDGE_CLUSTER})
    asked = answering(policy_server, "search", found(hit("T0", id="T0")))
    state = read(provider, TIER0, id="T0")
    assert asked == ["query=id:T0 AND marked_for_delete:false AND path:\\/infra*"]
    assert state == {
        "id": "T0",
        "display_name": "T0",
        "description": "",
        "path": "/infra/tier-0s/T0",
        "edge_cluster_path": EDGE_CLUSTER,
        "context": None,
        "vrf_config": None,
    }


@pytest.mark.parametrize(
    "names, asked, said",
    [
        (["T0-a", "T0-b"], "T0", "Found multiple Tier0 with name starting with 'T0'"),
        (["T0", "T0"], "T0", "Found multiple Tier0 with name 'T0'"),
        ([], "T0", "Tier0 with name 'T0' was not found"),
        (["other"], "T0", "Tier0 with name 'T0' was not found"),
    ],
)
def test_a_name_that_is_not_one_gateway_is_refused(
    provider: Provider, policy_server: PolicyServer, names: list[str], asked: str, said: str
) -> None:
    answering(policy_server, "search", found(*(hit(name) for name in names)))
    with pytest.raises(ProviderError, match=said):
        read(provider, TIER0, display_name=asked)


@pytest.mark.parametrize("names", [["T0", "T0-b"], ["T0-only"]])
def test_an_exact_name_wins_else_the_only_prefix(
    provider: Provider, policy_server: PolicyServer, names: list[str]
) -> None:
    answering(policy_server, "search", found(*(hit(name) for name in names)))
    assert read(provider, TIER0, display_name="T0")["display_name"] == names[0]


def test_pages_follow_the_cursor(provider: Provider, policy_server: PolicyServer) -> None:
    def page(query: str) -> dict[str, Any]:
        if "cursor" in query:
            return {"results": [hit("T0-b")], "result_count": 2}
        return {"results": [hit("T0-a")], "result_count": 2, "cursor": "c 1"}

    asked = answering(policy_server, "search", page)
    assert read(provider, TIER0, display_name="T0-b")["id"] == "t0-b"
    assert "cursor=c 1" in unquote(asked[1])


@pytest.mark.parametrize(
    "answer, said",
    [
        ({"results": []}, "no result_count \\(the real provider crashes here\\)"),
        ({"results": [{"resource_type": "Tier0", "id": "x"}], "result_count": 1}, "has no display_name"),
        ({"results": [{"id": "x"}], "result_count": 1}, "has no resource_type"),
        ({"results": [], "result_count": 3}, "promised 3 search results and gave 0"),
        ({"results": "x", "result_count": 1}, "Expected a value of type 'LIST'"),
        ([1], "Expected a value of type 'STRUCTURE'"),
    ],
)
def test_a_broken_search_answer_is_a_sentence(
    provider: Provider, policy_server: PolicyServer, answer: Any, said: str
) -> None:
    answering(policy_server, "search", answer)
    with pytest.raises(ProviderError, match=said):
        read(provider, TIER0, display_name="T0")


def test_neither_id_nor_name_is_refused(provider: Provider) -> None:
    with pytest.raises(ProviderError, match="No 'id' or 'display_name' specified for Tier0"):
        read(provider, TIER0)


def test_without_a_default_locale_service_the_first_with_an_edge_cluster_counts(
    provider: Provider, policy_server: PolicyServer
) -> None:
    services = {"results": [{"id": "a"}, {"id": "b", "edge_cluster_path": "/x"}], "result_count": 2}

    def other(path: str, query: str) -> dict[str, Any] | None:
        if path.endswith("search/query"):
            return {"status": 200, "response": found(hit("T0"))}
        return {"status": 200, "response": services} if path.endswith("locale-services") else None

    policy_server.policy.other = other
    assert read(provider, TIER0, id="T0")["edge_cluster_path"] == "/x"


def entity(state: str | None, kind: str = "A", **more: Any) -> dict[str, Any]:
    return {"state": state, "entity_type": kind, **more}


def test_the_first_entity_counts_and_its_id_is_new_each_time(provider: Provider, policy_server: PolicyServer) -> None:
    answer = {"results": [entity("REALIZED", realization_specific_identifier="r"), entity("ERROR")]}
    asked = answering(policy_server, "realized-entities", answer)
    first, second = (read(provider, INFO, path="/infra/x/y", delay=0) for _ in range(2))
    assert asked[0] == "intent_path=/infra/x/y"
    assert (first["state"], first["entity_type"], first["realized_id"]) == ("REALIZED", "A", "r")
    assert (first["delay"], first["timeout"], first["context"]) == (0, 1200, None)
    assert first["id"] != second["id"]


def test_an_entity_type_is_waited_for(provider: Provider, policy_server: PolicyServer) -> None:
    answer = {"results": [entity("UNREALIZED"), entity("REALIZED", "B")]}
    answering(policy_server, "realized-entities", answer)
    assert read(provider, INFO, path="/infra/x/y", delay=0, entity_type="B")["state"] == "REALIZED"


def test_error_is_a_success(provider: Provider, policy_server: PolicyServer) -> None:
    answering(policy_server, "realized-entities", {"results": [entity("ERROR")]})
    assert read(provider, INFO, path="/infra/x/y", delay=0)["state"] == "ERROR"


def test_another_word_fails_at_once(provider: Provider, policy_server: PolicyServer) -> None:
    answering(policy_server, "realized-entities", {"results": [entity("IN_PROGRESS")]})
    said = "unexpected state 'IN_PROGRESS', wanted target 'REALIZED, ERROR'. last error: %!s\\(<nil>\\)"
    with pytest.raises(ProviderError, match=said):
        read(provider, INFO, path="/infra/x/y", delay=0)


def test_a_timeout_tells_the_last_state(provider: Provider, policy_server: PolicyServer) -> None:
    answering(policy_server, "realized-entities", {"results": []})
    said = "state to become 'REALIZED, ERROR' \\(last state: 'UNKNOWN', timeout: 1s\\)"
    with pytest.raises(ProviderError, match=said):
        read(provider, INFO, path="/infra/x/y", delay=0, timeout=1)


def test_stopping_ends_the_wait() -> None:
    stop = threading.Event()

    def look() -> str:
        stop.set()
        return "UNREALIZED"

    with pytest.raises(ProviderError, match="stopped while waiting"):
        wait_for(look, 0, 3600, stop)


def test_pauses_double_between_one_and_ten_seconds() -> None:
    clock = FastClock()
    states = iter(["UNREALIZED"] * 8 + ["REALIZED"])
    wait_for(lambda: next(states), 5, 3600, threading.Event(), clock)
    assert clock.waits == [5, 1, 2, 4, 8, 10, 10, 10, 10]


@pytest.mark.parametrize(
    "found_late, said",
    [
        (lambda: "ODD", "\\(last state: 'ODD', timeout: 1s\\): unexpected state 'ODD'"),
        (lambda: (_ for _ in ()).throw(ProviderError("broken")), "\\(timeout: 1s\\): broken"),
    ],
)
def test_what_goes_wrong_too_late_is_told_with_the_timeout(found_late: Callable[[], str], said: str) -> None:
    clock = FastClock()

    def look() -> str:
        clock.wait(9, threading.Event())  # it takes so long
        return found_late()

    with pytest.raises(ProviderError, match=said):
        wait_for(look, 0, 1, threading.Event(), clock)


INTERFACES = {
    "results": [
        entity("REALIZED", id="i0", display_name="zero"),
        entity(
            "REALIZED",
            id="i1",
            display_name="if-one",
            extended_attributes=[
                {"key": "IpAddresses", "values": ["10.0.0.1/24"]},
                {"key": "MacAddress", "values": ["02:00:00:00:00:01"]},
            ],
        ),
        entity("ERROR", id="i2", display_name="if-one-b"),
    ]
}


@pytest.mark.parametrize(
    "given, identifier",
    [({}, "i1"), ({"display_name": "if-one"}, "i1"), ({"display_name": "one-b"}, "i2")],
)
def test_a_realized_interface_is_found(
    provider: Provider, policy_server: PolicyServer, given: dict[str, Any], identifier: str
) -> None:
    answering(policy_server, "realized-entities", INTERFACES)
    state = read(provider, INTERFACE, gateway_path="/infra/tier-0s/T0", delay=0, **given)
    assert state["id"] == identifier
    assert state["ip_address"] == (["10.0.0.1/24"] if identifier == "i1" else None)


def test_an_ambiguous_interface_is_refused(provider: Provider, policy_server: PolicyServer) -> None:
    answering(policy_server, "realized-entities", INTERFACES)
    with pytest.raises(ProviderError, match="Found multiple gateway interfaces whose name contains 'if'"):
        read(provider, INTERFACE, gateway_path="/infra/tier-0s/T0", delay=0, display_name="if")


def test_manager_info_tells_the_version(provider: Provider) -> None:
    assert read(provider, "nsxt_manager_info") == {"id": "nsxversion", "version": "4.2.1.0.0.1"}


def test_on_demand_the_version_is_asked_for_by_the_first_operation(
    policy_server: PolicyServer, clean_environment: None
) -> None:
    provider = Provider()
    provider.configure(provider_config(provider, policy_server.port, on_demand_connection=True))
    assert policy_server.seen == []
    answering(policy_server, "realized-entities", {"results": [entity("REALIZED")]})
    for _ in range(2):
        read(provider, INFO, path="/infra/x/y", delay=0)
    assert policy_server.sent("/api") == [("GET", "/api/v1/node/version")]


def test_licences_that_are_missing_are_added(policy_server: PolicyServer, clean_environment: None) -> None:
    old, new = "-".join(["AAAAA"] * 5), "-".join(["BBBBB"] * 5)
    answering(policy_server, "licenses", {"results": [{"license_key": old}], "result_count": 1})
    provider = Provider()
    provider.configure(provider_config(provider, policy_server.port, license_keys=[old, new]))
    assert [s.body for s in policy_server.seen if s.key[:2] == ("POST", "/api/v1/licenses")] == [{"license_key": new}]


def test_a_search_that_is_refused_is_told_by_its_class(provider: Provider, policy_server: PolicyServer) -> None:
    policy_server.block("GET", "search", error(403, "secret detail"))
    with pytest.raises(ProviderError, match="^com.vmware.vapi.std.errors.unauthorized$"):
        read(provider, TIER0, id="T0")


def test_every_data_source_of_the_schema_file_is_there(provider: Provider) -> None:
    from nsx_lab.provider.values.schema import load

    raw = load()
    assert set(provider.data_sources) == set(raw["data_source_schemas"])
    assert set(provider.resources) == set(raw["resource_schemas"])
    assert json.dumps(sorted(provider.block.attributes)) == json.dumps(sorted(raw["provider"]["block"]["attributes"]))
