"""The control plane: its token, and what it can do."""

from __future__ import annotations

import contextlib
import json
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from nsx_lab import Lab
from nsx_lab.manager.http.client import Control, ControlError

ClientOf = Callable[..., httpx.Client]
RULE = "/infra/tier-0s/T0-wld01/nat/USER/nat-rules/nat-vm-a"


def test_policy_credentials_do_not_open_the_control_plane(lab: Lab, client_of: ClientOf) -> None:
    client = client_of(lab, base="")
    for path in ("/_lab/health", "/_lab/journal", "/_lab/objects"):
        assert client.get(path).status_code == 401
    assert client.post("/_lab/reset").status_code == 401


def test_control_token_does_not_open_the_policy_api(lab: Lab, client_of: ClientOf) -> None:
    client = client_of(lab, auth=None)
    headers = {"Authorization": f"Bearer {lab.control_token}"}
    assert client.get("/infra/tier-0s", headers=headers).status_code == 403


def test_wrong_control_token_is_refused(lab: Lab) -> None:
    with (
        contextlib.closing(Control(lab.host, lab.ca_pem, "wrong")) as asked,
        pytest.raises(ControlError, match="control token"),
    ):
        asked.health()


def test_reset_goes_back_to_the_seed(lab: Lab, api: httpx.Client, rule: dict[str, Any]) -> None:
    api.patch(RULE, json=rule)
    api.patch("/infra/tier-0s/other", json={})
    lab.control.reset()
    assert api.get(RULE).status_code == 404
    assert [t0["id"] for t0 in api.get("/infra/tier-0s").json()["results"]] == ["T0-wld01"]
    assert api.get("/infra/realized-state/realized-entities", params={"intent_path": RULE}).status_code == 404


def test_seed_adds_to_what_is_there(lab: Lab, api: httpx.Client) -> None:
    tree = {"resource_type": "Infra", "children": [{"resource_type": "ChildTier0", "Tier0": {"id": "second"}}]}
    lab.control.seed({"format": "nsx-lab-seed", "version": 1, "infra": tree})
    assert {t0["id"] for t0 in api.get("/infra/tier-0s").json()["results"]} == {"T0-wld01", "second"}


@pytest.mark.parametrize(
    "document, words",
    [
        ({}, '"format": "nsx-lab-seed"'),
        ({"format": "nsx-lab-seed", "version": 2, "infra": {}}, "version 2 is not known"),
        ({"format": "nsx-lab-seed", "version": 1}, '"infra" is missing'),
    ],
)
def test_unknown_seed_is_refused(lab: Lab, document: dict[str, Any], words: str) -> None:
    with pytest.raises(ControlError, match=words):
        lab.control.seed(document)


def test_objects_can_be_looked_up_by_type_and_place(lab: Lab) -> None:
    uplinks = lab.control.objects(below="/infra/tier-0s/T0-wld01/", type="Tier0Interface")
    assert {obj["id"] for obj in uplinks.values()} == {"edge01-uplink1", "edge02-uplink1", "services"}


def test_users_and_certificates_by_the_control_plane(lab: Lab, client_of: ClientOf, tmp_path: Path) -> None:
    lab.control.add_user("eve", "looking only", "auditor")
    assert client_of(lab, auth=("eve", "looking only")).delete("/infra/tier-1s/domain-c8").status_code == 403
    file = tmp_path / "eve.pem"
    file.write_text("".join(lab.control.client_certificate("eve")))
    context = ssl.create_default_context(cadata=lab.ca_pem)
    context.load_cert_chain(file)
    with httpx.Client(base_url=lab.url, verify=context, trust_env=False) as eve:
        assert eve.get("/policy/api/v1/infra/tier-0s").status_code == 200
    for action, words in (
        (lambda: lab.control.add_user("x", "y", "king"), "allowed are enterprise_admin"),
        (lambda: lab.control.client_certificate("nobody"), "known are admin, eve"),
        (lambda: lab.control.ask("POST", "/users", {"name": "x"}), "password is missing"),
    ):
        with pytest.raises(ControlError, match=words):
            action()


def control(lab: Lab, method: str, name: str, content: bytes | str | None = None, query: str = "") -> httpx.Response:
    """The control plane's raw answer."""
    context = ssl.create_default_context(cadata=lab.ca_pem)
    token = {"Authorization": f"Bearer {lab.control_token}"}
    with httpx.Client(base_url=lab.url, verify=context, trust_env=False, headers=token) as client:
        return client.request(method, f"/_lab/{name}{query}", content=content)


@pytest.mark.parametrize(
    "name, body, words",
    [
        ("faults", {"status": "503"}, "status '503': an integer from 200 to 599 is expected"),
        ("faults", {"status": 503.0}, "status 503.0: an integer from 200 to 599 is expected"),
        ("faults", {"status": 99}, "status 99: an integer from 200 to 599 is expected"),
        ("faults", {"status": 503, "times": "two"}, "times 'two': an integer from 0 to 2147483647 is expected"),
        ("faults", {"status": 503, "times": True}, "times true: an integer"),
        ("faults", {"status": 503, "after": -1}, "after -1: an integer from 0"),
        ("faults", {"delay": "1"}, "delay '1': a number from 0 to 3600.0 is expected"),
        ("faults", {"delay": 1e300}, "a number from 0 to 3600.0 is expected"),
        ("faults", {"delay": 10**400}, "a number from 0 to 3600.0 is expected"),
        ("faults", {"status": 503, "probability": 2}, "probability 2: a number from 0 to 1 is expected"),
        ("faults", {"status": 503, "path": ["x"]}, 'path ["x"]: text that is not empty is expected'),
        ("faults", {"status": 503, "method": "patch"}, "method 'patch': allowed are *, GET,"),
        ("faults", {"hang": "yes"}, "hang 'yes': true or false is expected"),
        ("faults", {"realize": 5}, "realize 5: text is expected"),
        ("faults", {"status": 503, "headers": ["x"]}, 'headers ["x"]: an object is expected'),
        ("faults", {"status": 503, "headers": {"a b": "c"}}, "headers 'a b': the name of a header"),
        (
            "faults",
            {"status": 503, "headers": {"Content-Length": "7"}},
            "headers 'Content-Length': the name of a header",
        ),
        ("faults", {"status": 503, "headers": {"X": "a\r\nb: c"}}, "text of visible ASCII characters"),
        ("faults", {"status": 503, "content_type": "größe"}, "text of visible ASCII characters"),
        ("faults", {"faults": "x"}, "faults 'x': a list is expected"),
        ("faults", {"faults": [{"status": 503}, {"status": "x"}]}, "faults[1]: status 'x': an integer"),
        ("faults", {"faults": [7]}, "faults[0]: 7: an object is expected"),
        ("faults", {"faults": [], "seed": "x"}, "seed 'x': an integer"),
        ("faults", {"faults": [], "sed": 1}, "unknown key 'sed': allowed are faults, seed"),
        ("realization", {"delay": "x"}, "delay 'x': a number"),
        ("realization", {"state": 5}, "state 5: text that is not empty is expected"),
        ("realization", {"state": "ERROR", "when": "later"}, "when 'later': allowed are now, next"),
        ("realization", {"state": "ERROR", "polls": -1}, "polls -1: an integer from 0"),
        ("realization", {"state": "ERROR", "path": None}, "path null: text that is not empty is expected"),
        ("limits", {"rate": "x"}, "rate 'x': an integer from 0"),
        ("limits", {"outstanding": True}, "outstanding true: an integer from 0"),
        ("clock", {"hold": "no"}, "hold 'no': true or false is expected"),
        ("clock", {"advance": -1}, "advance -1: a number from 0"),
        ("clock", {"advanced": 1}, "unknown key 'advanced': allowed are hold, advance"),
        ("settings", {"echo_any": 1}, "echo_any 1: true or false is expected"),
        ("users", {"name": "x"}, "password is missing"),
        ("users", {"name": 5, "password": "secret"}, "name 5: text of 1 to 255 characters is expected"),
        ("users", {"name": "a:b", "password": "secret"}, "must not be empty nor contain ':'"),
        ("certificates", {}, "user is missing"),
        ("certificates", {"user": 5}, "user 5: text is expected"),
        ("failover", {"seconds": "x"}, "seconds 'x': a number"),
        ("failover", {"seconds": -1}, "seconds -1: a number from 0"),
        ("reset", {"hard": True}, "unknown key 'hard': allowed are none"),
        ("seed", {"format": "nsx-lab-seed", "version": 1, "infra": {"children": 5}}, "children is not a list"),
        ("restore", {"format": "nsx-lab-state", "version": 1, "objects": [], "settings": []}, "settings []: an object"),
    ],
)
def test_every_value_of_the_control_plane_is_typed_at_the_door(lab: Lab, name: str, body: Any, words: str) -> None:
    before = lab.control.snapshot(), lab.control.faults(), lab.control.settings()
    answer = control(lab, "POST", name, json.dumps(body))
    assert (answer.status_code, words in answer.json()["error"]) == (400, True), answer.text
    assert (lab.control.snapshot(), lab.control.faults(), lab.control.settings()) == before


def test_password_of_the_wrong_type_is_not_repeated(lab: Lab) -> None:
    answer = control(lab, "POST", "users", '{"name": "x", "password": 31415}')
    assert (answer.status_code, answer.json()["error"]) == (400, "password: text of 0 to 1000 characters is expected")


@pytest.mark.parametrize(
    "content, words",
    [
        ("[" * 100_000 + "]" * 100_000, "nested deeper than 64 levels"),
        ('{"a":' * 70 + "1" + "}" * 70, "nested deeper than 64 levels"),
        ('{"delay": NaN}', "NaN is no JSON"),
        ('{"delay": Infinity}', "Infinity is no JSON"),
        ('{"delay": 1e999}', "1e999 is too large a number"),
        ('{"delay": ' + "1" * 5000 + "}", "4300"),
        ('{"body": "\\ud800", "status": 500}', "\\ud800 is half of a surrogate pair"),
        (b'{"id": "\xff"}', "not UTF-8"),
        ("[]", "a JSON object is expected"),
        ("{", "Expecting property name"),
    ],
)
@pytest.mark.parametrize("name", ["faults", "clock", "restore", "seed", "settings"])
def test_what_is_no_json_object_is_refused(lab: Lab, name: str, content: bytes | str, words: str) -> None:
    answer = control(lab, "POST", name, content)
    assert (answer.status_code, words in answer.json()["error"]) == (400, True), answer.text


@pytest.mark.parametrize(
    "query, words",
    [
        ("journal?since=x", "since 'x': the number of a journal entry is expected"),
        ("journal?since=-1", "since '-1': the number of a journal entry is expected"),
        (f"journal?since={'9' * 5000}", "the number of a journal entry is expected"),
        ("journal?sinze=1", "unknown key 'sinze': allowed are since"),
        ("objects?typ=Tier0", "unknown key 'typ': allowed are below, type"),
    ],
)
def test_query_of_the_control_plane_is_typed_too(lab: Lab, query: str, words: str) -> None:
    answer = control(lab, "GET", query)
    assert (answer.status_code, words in answer.json()["error"]) == (400, True), answer.text


def test_operation_that_is_not_there_is_said_in_json(lab: Lab) -> None:
    assert control(lab, "GET", "nope").json() == {"error": "/_lab/nope: there is no such operation"}
    assert control(lab, "PUT", "faults").json() == {"error": "/_lab/faults: PUT is not for this operation"}
    assert [control(lab, "GET", "nope").status_code, control(lab, "PUT", "faults").status_code] == [404, 405]


def test_body_that_is_too_large_is_refused(lab: Lab, api: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nsx_lab.manager.http.app.MAX_BODY", 1000)
    monkeypatch.setattr("nsx_lab.manager.http.control.MAX_BODY", 1000)
    large = {"format": "x" * 1000}
    assert control(lab, "POST", "seed", json.dumps(large)).status_code == 413
    answer = api.patch("/infra/tier-0s/x", json={"description": "x" * 1000})
    assert (answer.status_code, answer.json()["error_message"]) == (413, "The request body is larger than 1000 bytes.")
    assert api.get("/infra/tier-0s/x").status_code == 404
    assert lab.control.journal()[0]["status"] == 413


def test_bug_of_the_control_plane_is_seen_in_the_answer_and_in_the_journal(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lab.world.manager.realization, "realized", lambda: dict[str, Any]()["planted"])
    answer = control(lab, "GET", "realized")
    assert (answer.status_code, answer.json()["error"]) == (500, "This is a bug in the lab: KeyError: 'planted'")
    entry = lab.control.journal()[0]
    assert (entry["path"], entry["status"], entry["note"]) == (
        "/_lab/realized",
        500,
        "bug in the lab: KeyError: 'planted'",
    )


def test_bug_outside_of_the_api_is_seen_in_the_answer_and_in_the_journal(
    lab: Lab, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lab.world.faults, "decide", lambda method, path: dict[str, Any]()["planted"])
    answer = client_of(lab, event_hooks={}).get("/infra/tier-0s")
    assert answer.status_code == 500
    assert answer.json()["error_message"] == "This is a bug in the lab: KeyError: 'planted'"
    assert [(entry["status"], entry["note"]) for entry in lab.control.journal()] == [
        (500, "bug in the lab: KeyError: 'planted'")
    ]
