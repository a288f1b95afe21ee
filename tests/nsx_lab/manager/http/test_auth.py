"""Who may come in, and who may write."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import httpx
import pytest

from nsx_lab import Lab

ClientOf = Callable[..., httpx.Client]
RULE = "/infra/tier-0s/T0-wld01/nat/USER/nat-rules/nat-vm-a"


def log_in(client: httpx.Client, lab: Lab, password: str | None = None) -> httpx.Response:
    body = f"j_username={lab.username}&j_password={quote_plus(password or lab.password)}"
    return client.post(
        "/api/session/create", content=body, headers={"content-type": "application/x-www-form-urlencoded"}
    )


def test_session_with_its_token_opens_the_api(lab: Lab, client_of: ClientOf) -> None:
    client = client_of(lab, auth=None, base="")
    made = log_in(client, lab)
    assert made.headers["set-cookie"].startswith("JSESSIONID=")
    assert "Path=/; Secure; HttpOnly" in made.headers["set-cookie"]
    cookie = made.headers["set-cookie"].split(";")[0] + ";"
    headers = {"Cookie": cookie, "X-XSRF-TOKEN": made.headers["x-xsrf-token"]}
    bare = client_of(lab, auth=None, base="")
    assert bare.get("/api/v1/node/version", headers=headers).json()["product_version"].startswith("4.2.")


def test_session_without_its_token_is_refused(lab: Lab, client_of: ClientOf) -> None:
    client = client_of(lab, auth=None, base="")
    log_in(client, lab)
    for headers in ({}, {"X-XSRF-TOKEN": "wrong"}):
        answer = client.get("/api/v1/node/version", headers=headers)
        assert (answer.status_code, answer.json()["error_code"]) == (403, 98)


def test_session_is_ended_by_its_owner_only(lab: Lab, client_of: ClientOf) -> None:
    nobody = client_of(lab, auth=None, base="")
    assert nobody.post("/api/session/destroy").status_code == 403
    assert nobody.post("/api/session/destroy", headers={"Cookie": "JSESSIONID=ABC"}).status_code == 403
    lab.add_user("eve", "looking only", "auditor")
    owner = client_of(lab, auth=None, base="")
    made = owner.post("/api/session/create", data={"j_username": "eve", "j_password": "looking only"})
    token = {"X-XSRF-TOKEN": made.headers["x-xsrf-token"]}
    assert owner.post("/api/session/destroy").json()["error_code"] == 98
    assert owner.get("/api/v1/node/version", headers=token).status_code == 200
    assert owner.post("/api/session/destroy", headers=token).status_code == 200
    assert owner.post("/api/session/destroy", headers=token).status_code == 403


def test_expired_session_answers_403_beside_good_basic(lab: Lab, client_of: ClientOf) -> None:
    client = client_of(lab, base="")
    headers = {"X-XSRF-TOKEN": log_in(client, lab).headers["x-xsrf-token"]}
    assert client.get("/api/v1/node/version", headers=headers).status_code == 200
    lab.world.manager.clock.advance(1801)
    answer = client.get("/api/v1/node/version", headers=headers)
    assert (answer.status_code, answer.json()["error_code"]) == (403, 403)


def test_length_of_a_session_can_be_set(lab: Lab, client_of: ClientOf) -> None:
    lab.control.settings(session_seconds=5)
    client = client_of(lab, base="")
    headers = {"X-XSRF-TOKEN": log_in(client, lab).headers["x-xsrf-token"]}
    codes = []
    for seconds in (4, 4, 6):
        lab.control.clock(hold=True, advance=seconds)
        codes.append(client.get("/api/v1/node/version", headers=headers).status_code)
    assert codes == [200, 200, 403]


def test_destroyed_session_opens_nothing(lab: Lab, client_of: ClientOf) -> None:
    client = client_of(lab, base="")
    headers = {"X-XSRF-TOKEN": log_in(client, lab).headers["x-xsrf-token"]}
    assert client.post("/api/session/destroy", headers=headers).status_code == 200
    assert client.get("/api/v1/node/version", headers=headers).status_code == 403


def test_wrong_password_answers_403(lab: Lab, client_of: ClientOf) -> None:
    for auth in (("admin", "wrong"), ("nobody", lab.password), ("admin", "")):
        answer = client_of(lab, auth=auth, base="").get("/api/v1/node/version")
        assert answer.status_code == 403
        message = "The credentials were incorrect or the account specified has been locked."
        assert answer.json()["error_message"] == message
    assert log_in(client_of(lab, auth=None, base=""), lab, "wrong").status_code == 403


def test_no_credentials_answer_403(lab: Lab, client_of: ClientOf) -> None:
    assert client_of(lab, auth=None).get("/infra/tier-0s").status_code == 403


@pytest.mark.parametrize(
    "header", ["Basic", "Basic !!!", "Digest abc", "Basic " + base64.b64encode(b"\xff:\xff").decode()]
)
def test_odd_authorization_answers_403(lab: Lab, client_of: ClientOf, header: str) -> None:
    assert client_of(lab, auth=None).get("/infra/tier-0s", headers={"Authorization": header}).status_code == 403


def test_remote_authorization_is_taken_like_basic(lab: Lab, client_of: ClientOf) -> None:
    encoded = base64.b64encode(f"{lab.username}:{lab.password}".encode()).decode()
    answer = client_of(lab, auth=None).get("/infra/tier-0s", headers={"Authorization": f"Remote {encoded}"})
    assert answer.status_code == 200


def test_auditor_reads_and_does_not_write(lab: Lab, client_of: ClientOf, rule: dict[str, Any]) -> None:
    lab.add_user("eve", "looking only", "auditor")
    eve = client_of(lab, auth=("eve", "looking only"))
    assert eve.get("/infra/tier-0s/T0-wld01").status_code == 200
    assert eve.patch(RULE, json=rule).status_code == 403
    assert eve.delete("/infra/tier-1s/domain-c8").status_code == 403
    assert eve.get(RULE).status_code == 404


def test_changes_carry_the_name_of_their_author(
    lab: Lab, api: httpx.Client, client_of: ClientOf, rule: dict[str, Any]
) -> None:
    lab.add_user("ned", "networks", "network_engineer")
    api.patch(RULE, json=rule)
    client_of(lab, auth=("ned", "networks")).patch(RULE, json=rule)
    got = api.get(RULE).json()
    assert (got["_create_user"], got["_last_modified_user"]) == ("admin", "ned")


def test_client_certificate_opens_the_api(lab: Lab, tmp_path: Path) -> None:
    for user, status in (("admin", 200), ("stranger", 403)):
        made = lab.client_certificate(user)
        file = tmp_path / f"{user}.pem"
        file.write_text(made.certificate + made.key)
        context = ssl.create_default_context(cadata=lab.ca_pem)
        context.load_cert_chain(file)
        with httpx.Client(base_url=lab.url, verify=context, trust_env=False) as client:
            assert client.get("/api/v1/node/version").status_code == status


def test_tls_is_verified_against_the_labs_own_authority(lab: Lab) -> None:
    with (
        httpx.Client(base_url=lab.url, trust_env=False) as client,
        pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY"),
    ):
        client.get("/api/v1/node/version")


@pytest.mark.parametrize(
    "shown", ["Basic \xe4", "Basic !", "Basic", "Basic " + "A" * 5, "Basic /w==", "Remote \xff", "x", "\xe4 \xe4"]
)
def test_authorization_that_cannot_be_read_is_refused(lab: Lab, client_of: ClientOf, shown: str) -> None:
    answer = client_of(lab, auth=None).get("/infra/tier-0s", headers={b"Authorization": shown.encode("latin-1")})
    assert answer.status_code == 403
