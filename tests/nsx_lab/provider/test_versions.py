"""The stand-in as 3.12.0+lab: what that version does otherwise than the recorded 3.11.1."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner

from nsx_lab.provider.plugin.mirror import launcher_of, mirror
from nsx_lab.provider.provider import Provider
from nsx_lab.provider.wire.errors import ProviderError
from nsx_lab.provider.wire.versions import NEWER, RECORDED, version
from tests.nsx_lab.provider.policy import PolicyServer, error, provider_config

SPANS = "/policy/api/v1/infra/network-spans"
DEFAULT = {"resource_type": "NetworkSpan", "id": "default", "path": "/infra/network-spans/default", "is_default": True}


def spans(*found: dict[str, Any]) -> dict[str, Any]:
    return {"status": 200, "response": {"results": list(found), "result_count": len(found)}}


def configured(server: PolicyServer, **given: Any) -> Provider:
    made = Provider(release=NEWER)
    made.configure(provider_config(made, server.port, **given))
    return made


@pytest.fixture
def on_9_1(policy_server: PolicyServer, clean_environment: None) -> PolicyServer:
    policy_server.policy.version = "9.1.0.0.0.24900003"
    return policy_server


def test_default_span_is_asked_for_at_each_start_from_9_1_on(on_9_1: PolicyServer) -> None:
    on_9_1.block("GET", "network-spans$", spans({**DEFAULT, "is_default": False}, DEFAULT))
    configured(on_9_1)
    assert on_9_1.sent() == [("GET", SPANS)]


def test_no_span_is_asked_for_below_9_1(policy_server: PolicyServer, clean_environment: None) -> None:
    configured(policy_server)
    assert policy_server.sent() == []


def test_recorded_version_asks_for_no_span(on_9_1: PolicyServer) -> None:
    made = Provider()
    made.configure(provider_config(made, on_9_1.port))
    assert on_9_1.sent() == []


@pytest.mark.parametrize(
    "answer, said",
    [
        (spans(), "no default span path found"),
        (spans({**DEFAULT, "is_default": False}), "no default span path found"),
        (error(404), "com.vmware.vapi.std.errors.not_found"),
    ],
)
def test_start_fails_without_a_default_span(on_9_1: PolicyServer, answer: dict[str, Any], said: str) -> None:
    on_9_1.block("GET", "network-spans$", answer)
    with pytest.raises(ProviderError) as told:
        configured(on_9_1)
    assert str(told.value) == said


def test_user_who_may_not_see_spans_does_without(on_9_1: PolicyServer) -> None:
    on_9_1.block("GET", "network-spans$", error(403))
    configured(on_9_1)
    assert on_9_1.sent() == [("GET", SPANS)]


def test_connection_on_demand_asks_for_the_span_all_the_same(on_9_1: PolicyServer) -> None:
    on_9_1.block("GET", "network-spans$", spans(DEFAULT))
    configured(on_9_1, on_demand_connection=True)
    assert on_9_1.sent("/")[-1] == ("GET", SPANS)


@pytest.mark.parametrize("release, taken", [(RECORDED, "4.2.0"), (NEWER, "9.1.0")])
def test_version_of_nsx_is_the_product_s(
    policy_server: PolicyServer, clean_environment: None, release: Any, taken: str
) -> None:
    answer = {"status": 200, "response": {"node_version": "4.2.0", "product_version": "9.1.0"}}
    policy_server.block("GET", "node/version$", answer, times=2)
    policy_server.block("GET", "network-spans$", spans(DEFAULT))
    made = Provider(release=release)
    made.configure(provider_config(made, policy_server.port))
    assert made.read_data("nsxt_manager_info", made.data_sources["nsxt_manager_info"].null())["version"] == taken


def test_answer_without_the_version_that_is_read_is_a_sentence(
    policy_server: PolicyServer, clean_environment: None
) -> None:
    policy_server.block("GET", "node/version$", {"status": 200, "response": {"node_version": "9.1.0"}})
    with pytest.raises(ProviderError, match="the answer has no product_version"):
        configured(policy_server)


@pytest.mark.parametrize(
    "release, end", [(RECORDED, "one (code 1) two (code 2) "), (NEWER, "one (code 1)\ntwo (code 2)\n")]
)
def test_related_errors_stand_one_in_a_line(
    policy_server: PolicyServer, clean_environment: None, release: Any, end: str
) -> None:
    made = Provider(release=release)
    made.configure(provider_config(made, policy_server.port, max_retries=0))
    related = [{"error_message": "one", "error_code": 1}, {"error_message": "two", "error_code": 2}]
    policy_server.block("GET", "static-routes/r$", error(500, "boom", related_errors=related))
    route = made.resources["nsxt_policy_static_route"].null() | {"id": "r", "gateway_path": "/infra/tier-0s/T0"}
    with pytest.raises(ProviderError) as told:
        made.read("nsxt_policy_static_route", route)
    assert str(told.value) == f" Failed to read Static Route r: boom\nRelated errors:\n{end}"


@pytest.mark.parametrize(
    "asked, words",
    [
        ({"id": "T0"}, "Error getting resource Tier0 with ID 'T0' : com.vmware.vapi.std.errors.internal_server_error"),
        ({"display_name": "T0"}, "Error getting resource Tier0 with name 'T0' : com.vmware.vapi.std.errors.internal_server_error"),
    ],
)  # fmt: skip
def test_failed_search_names_what_was_sought(
    policy_server: PolicyServer, clean_environment: None, asked: dict[str, str], words: str
) -> None:
    made = configured(policy_server, max_retries=0)
    policy_server.block("GET", "search/query$", error(500))
    config = made.data_sources["nsxt_policy_tier0_gateway"].null() | asked
    with pytest.raises(ProviderError) as told:
        made.read_data("nsxt_policy_tier0_gateway", config)
    assert str(told.value) == words


def test_mirror_of_the_newer_version_starts_it(tmp_path: Any) -> None:
    done = CliRunner().invoke(mirror, [str(tmp_path), "--provider-version", "3.12.0+lab"])
    assert done.exit_code == 0, done.output
    launchers = list(tmp_path.rglob("terraform-provider-nsxt_v3.12.0+lab"))
    assert len(launchers) == 2
    assert b"-m nsx_lab.provider 3.12.0+lab\n" in launchers[0].read_bytes()
    assert b"3.12" not in launcher_of(RECORDED)


def test_version_that_it_cannot_be_is_refused() -> None:
    assert version("3.12.0") is version("3.12.0+lab") is NEWER
    with pytest.raises(ValueError, match=r"cannot be version '3\.10\.0': allowed are 3\.11\.1\+lab, 3\.12\.0\+lab"):
        version("3.10.0")
