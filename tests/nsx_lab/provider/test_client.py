"""Requests, sessions, retries, redirects and broken connections."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from nsx_lab.provider.provider import Provider
from nsx_lab.provider.wire.client import Client
from nsx_lab.provider.wire.errors import ApiError, ProviderError
from nsx_lab.provider.wire.settings import settings
from tests.nsx_lab.provider.policy import PolicyServer, error, provider_config

PATH = "/policy/api/v1/infra/tier-0s/T0"


def client(server: PolicyServer, **given: Any) -> Client:
    provider = Provider()
    made = Client(settings(provider.block, provider_config(provider, server.port, **given)))
    made.start()
    return made


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_a_session_is_made_with_escaped_credentials_and_used_from_then_on(
    policy_server: PolicyServer, clean_environment: None
) -> None:
    client(policy_server).call("GET", PATH)
    login, version, get = policy_server.seen
    assert login.body == "j_username=admin&j_password=p+w%26%C3%BC"
    assert login.headers["Authorization"] == basic("admin", "p+w%26%C3%BC")
    assert login.headers["User-Agent"] == "terraform-provider-nsxt"
    for seen in (version, get):
        assert seen.headers["Authorization"] == basic("admin", "p w&ü")
        assert (seen.headers["Cookie"], seen.headers["X-Xsrf-Token"]) == ("JSESSIONID=S1;", "x1")
        assert seen.headers["Content-Length"] == "2"
        assert "Accept" not in seen.headers
    assert version.headers["Vapi-Ctx-Opid"] != get.headers["Vapi-Ctx-Opid"]


def test_headers_leave_in_gos_order(policy_server: PolicyServer, clean_environment: None) -> None:
    client(policy_server).call("GET", PATH)
    assert list(policy_server.seen[-1].headers) == [
        *("Host", "User-Agent", "Content-Length", "Authorization", "Content-Type", "Cookie", "Vapi-Ctx-Opid"),
        *("X-Xsrf-Token", "Accept-Encoding"),
    ]


def test_a_refused_session_is_passed_over(policy_server: PolicyServer, clean_environment: None) -> None:
    policy_server.block("POST", "session", error(403), times=9)
    client(policy_server).call("GET", PATH)
    assert policy_server.sent("/api/session") == [("POST", "/api/session/create")]
    assert "Cookie" not in policy_server.seen[-1].headers


@pytest.mark.parametrize("retries, sends", [(0, 2), (1, 2), (4, 4), (6, 6)])
def test_an_unavailable_session_is_asked_for_as_often_as_the_old_sdk_does(
    policy_server: PolicyServer, retries: int, sends: int, clean_environment: None
) -> None:
    policy_server.block("POST", "session", error(503), times=99)
    client(policy_server, max_retries=retries)
    assert len(policy_server.sent("/api/session")) == sends


@pytest.mark.parametrize("status", [400, 409, 429, 500, 503, 504])
def test_these_are_sent_five_times_in_all(policy_server: PolicyServer, status: int, clean_environment: None) -> None:
    asked = client(policy_server)
    policy_server.block("PATCH", "tier-0s", error(status), times=99)
    with pytest.raises(ApiError):
        asked.call("PATCH", PATH, {"a": 1})
    patches = [s for s in policy_server.seen if s.key[0] == "PATCH"]
    assert len(patches) == 5
    assert len({s.headers["Vapi-Ctx-Opid"] for s in patches}) == 1


@pytest.mark.parametrize("status", [401, 403, 404, 412, 502])
def test_these_are_sent_once(policy_server: PolicyServer, status: int, clean_environment: None) -> None:
    asked = client(policy_server)
    policy_server.block("PATCH", "tier-0s", error(status), times=99)
    with pytest.raises(ApiError):
        asked.call("PATCH", PATH, {"a": 1})
    assert policy_server.sent().count(("PATCH", PATH)) == 1


def test_equal_delays_fail_with_a_sentence_where_the_real_provider_crashes(
    policy_server: PolicyServer, clean_environment: None
) -> None:
    asked = client(policy_server, retry_min_delay=5, retry_max_delay=5)
    policy_server.block("GET", "tier-0s", error(503))
    with pytest.raises(ProviderError, match="both 5: the real provider crashes here"):
        asked.call("GET", PATH)


def test_a_reset_read_on_a_used_connection_is_sent_again_silently(
    policy_server: PolicyServer, clean_environment: None
) -> None:
    asked = client(policy_server, max_retries=0)
    policy_server.block("GET", "tier-0s", {"reset": True})
    assert asked.call("GET", PATH)["id"] == "T0"
    assert policy_server.sent() == [("GET", PATH)] * 2


def test_a_reset_write_is_left_to_the_retries(policy_server: PolicyServer, clean_environment: None) -> None:
    asked = client(policy_server, max_retries=1)
    policy_server.block("PATCH", "tier-0s", {"reset": True}, times=99)
    with pytest.raises(ApiError) as caught:
        asked.call("PATCH", PATH, {"a": 1})
    assert policy_server.sent() == [("PATCH", PATH)] * 2
    assert "connection reset by peer" in caught.value.messages[0]
    assert caught.value.messages[0].startswith("Error completing client request 'Patch \"https://127.0.0.1:")


def test_a_307_is_followed_with_method_and_body(policy_server: PolicyServer, clean_environment: None) -> None:
    asked = client(policy_server)
    there = {"Location": f"{PATH}/static-routes/x"}
    policy_server.block("PATCH", "T0$", {"status": 307, "response_headers": there})
    asked.call("PATCH", PATH, {"a": 1})
    assert policy_server.sent() == [("PATCH", PATH), ("PATCH", f"{PATH}/static-routes/x")]
    assert policy_server.seen[-1].body == {"a": 1}
    assert policy_server.seen[-1].headers["Referer"].endswith(PATH)


def test_a_302_turns_a_write_into_a_read(policy_server: PolicyServer, clean_environment: None) -> None:
    asked = client(policy_server)
    policy_server.block("PATCH", "x$", {"status": 302, "response_headers": {"Location": PATH}})
    asked.call("PATCH", f"{PATH}/x", {"a": 1})
    assert policy_server.sent() == [("PATCH", f"{PATH}/x"), ("GET", PATH)]
    assert policy_server.seen[-1].body is None
    assert "Content-Type" not in policy_server.seen[-1].headers


def test_redirects_end_after_ten(policy_server: PolicyServer, clean_environment: None) -> None:
    asked = client(policy_server, max_retries=0)
    policy_server.block("GET", "tier-0s", {"status": 302, "response_headers": {"Location": PATH}}, times=99)
    with pytest.raises(ApiError) as caught:
        asked.call("GET", PATH)
    assert "stopped after 10 redirects" in caught.value.messages[0]
    assert len(policy_server.sent()) == 10


def test_client_certificates_send_no_credentials(
    policy_server: PolicyServer, pki: Any, clean_environment: None
) -> None:
    files = {"client_auth_cert_file": str(pki / "client.pem"), "client_auth_key_file": str(pki / "client.key")}
    client(policy_server, username=None, password=None, **files)
    assert all("Authorization" not in seen.headers for seen in policy_server.seen)
    assert policy_server.seen[0].body == "j_username=&j_password="


def test_settings_show_no_secret() -> None:
    provider = Provider()
    made = settings(provider.block, provider_config(provider, 443, password="s3cret"))
    assert "s3cret" not in repr(made)


@pytest.mark.parametrize(
    "given, said",
    [
        ({"host": None}, "host must be provided"),
        ({"username": None}, "username must be provided"),
        ({"password": ""}, "password must be provided"),
        ({"client_auth_cert_file": "x"}, "Please provide key file for client certificate"),
        ({"client_auth_cert": "x"}, "Please provide key for client certificate"),
        ({"ca_file": "/nowhere/ca.pem"}, "open /nowhere/ca.pem: no such file or directory"),
        ({"max_retries": -1}, "max_retries is -1: 0 and more is allowed"),
        ({"vmc_token": "x"}, "vmc_token: VMware Cloud on AWS is not known"),
    ],
)
def test_a_provider_block_that_lacks_something_is_refused(
    given: dict[str, Any], said: str, clean_environment: None
) -> None:
    provider = Provider()
    with pytest.raises(ProviderError, match=said):
        settings(provider.block, provider_config(provider, 443, **given))


def test_the_environment_fills_in_what_is_left_out(monkeypatch: pytest.MonkeyPatch, clean_environment: None) -> None:
    for name, value in {
        "MANAGER_HOST": "h:1",
        "USERNAME": "u",
        "PASSWORD": "p",
        "SESSION_AUTH": "0",
        "MAX_RETRIES": "9",
    }.items():
        monkeypatch.setenv(f"NSXT_{name}", value)
    provider = Provider()
    made = settings(provider.block, provider.block.null())
    assert (made.url, made.username, made.session_auth, made.max_retries) == ("https://h:1", "u", False, 9)
    assert made.retry_statuses == (400, 409, 429, 500, 503, 504)


@pytest.mark.parametrize(
    "text, hint", [("yes", "$"), ("T", "$"), ("True", '; to convert from string, use lowercase "true"$')]
)
def test_a_variable_of_the_wrong_type_is_refused(
    text: str, hint: str, monkeypatch: pytest.MonkeyPatch, clean_environment: None
) -> None:
    monkeypatch.setenv("NSXT_SESSION_AUTH", text)
    provider = Provider()
    with pytest.raises(ProviderError, match=f'error setting default for "session_auth": a bool is required{hint}'):
        provider.validate_config(provider.block.null())


def test_remote_authentication_is_sent_twice_at_login_as_by_the_real_provider(
    policy_server: PolicyServer, clean_environment: None
) -> None:
    client(policy_server, remote_auth=True).call("GET", PATH)
    login, version, _ = policy_server.seen
    assert login.headers["Authorization"].startswith("Remote ")
    assert version.headers["Authorization"] == basic("admin", "p w&ü").replace("Basic", "Remote")


def test_an_answer_that_ends_early_is_told_apart_from_a_reset(
    policy_server: PolicyServer, clean_environment: None
) -> None:
    asked = client(policy_server, max_retries=0)
    policy_server.block("PATCH", "tier-0s", {"hang_up": True})
    with pytest.raises(ApiError) as caught:
        asked.call("PATCH", PATH, {"a": 1})
    assert caught.value.messages[0].endswith(": EOF'")


@pytest.mark.parametrize("location", ["https://[::1", "https://127.0.0.1:x/", "https://a b/"])
def test_a_redirect_to_nowhere_is_told(policy_server: PolicyServer, location: str, clean_environment: None) -> None:
    asked = client(policy_server, max_retries=0)
    policy_server.block("GET", "tier-0s", {"status": 307, "response_headers": {"Location": location}})
    with pytest.raises((ApiError, ProviderError)):
        asked.call("GET", PATH)


def test_a_version_of_the_wrong_type_is_told(policy_server: PolicyServer, clean_environment: None) -> None:
    policy_server.policy.version = 4  # type: ignore[assignment]
    with pytest.raises(
        ProviderError, match="Invalid field 'node_version' in structure 'com.vmware.nsx.model.node_version'"
    ):
        client(policy_server)
