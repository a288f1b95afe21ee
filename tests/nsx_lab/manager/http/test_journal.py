"""The journal: everything that was asked, nothing that is secret."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import httpx

from nsx_lab import Lab

RULE = "/policy/api/v1/infra/tier-0s/T0-wld01/nat/USER/nat-rules/nat-vm-a"


def test_journal_holds_every_request_in_order(lab: Lab, api: httpx.Client, rule: dict[str, Any]) -> None:
    api.request("GET", "/infra/tier-0s/T0-wld01/nat/USER/nat-rules/nat-vm-a", json={})
    api.patch("/infra/tier-0s/T0-wld01/nat/USER/nat-rules/nat-vm-a", json=rule)
    api.get("/infra/tier-0s", params={"page_size": "5"})
    entries = lab.control.journal()
    assert [(e["method"], e["path"], e["status"], e["error_code"]) for e in entries] == [
        ("GET", RULE, 404, 600),
        ("PATCH", RULE, 200, None),
        ("GET", "/policy/api/v1/infra/tier-0s", 200, None),
    ]
    assert [e["body"] for e in entries] == [None, rule, None]
    assert entries[2]["query"] == "page_size=5"
    assert {e["who"] for e in entries} == {"admin"}


def test_journal_since_gives_only_what_came_later(lab: Lab, api: httpx.Client) -> None:
    api.get("/infra/tier-0s")
    mark = lab.control.mark()
    api.get("/infra/tier-1s")
    assert [e["path"] for e in lab.control.journal(mark)] == ["/policy/api/v1/infra/tier-1s"]


def test_journal_holds_no_credential(lab: Lab, client_of: Callable[..., httpx.Client]) -> None:
    client = client_of(lab, base="")
    form = {"content-type": "application/x-www-form-urlencoded"}
    made = client.post("/api/session/create", content=f"j_username=admin&j_password={lab.password}", headers=form)
    client.patch("/policy/api/v1/infra/tier-0s/x", json={"password": "hunter2", "nested": [{"api_token": "hunter3"}]})
    text = str(lab.control.journal())
    cookie = made.headers["set-cookie"].split(";")[0].removeprefix("JSESSIONID=")
    basic = base64.b64encode(f"admin:{lab.password}".encode()).decode()
    for secret in (lab.password, "hunter2", "hunter3", cookie, made.headers["x-xsrf-token"], basic, lab.control_token):
        assert secret not in text


def test_requests_that_were_not_let_in_have_no_name(lab: Lab, client_of: Callable[..., httpx.Client]) -> None:
    client_of(lab, auth=("admin", "wrong")).get("/infra/tier-0s")
    assert [(e["status"], e["who"]) for e in lab.control.journal()] == [(403, "")]
