"""Trouble on purpose."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from nsx_lab import Lab
from nsx_lab.manager.http.client import ControlError
from nsx_lab.manager.http.faults import FaultEngine

RULE = "/infra/tier-0s/T0-wld01/nat/USER/nat-rules/nat-vm-a"
RULES = "*/nat-rules/*"


def test_status_so_many_times(lab: Lab, api: httpx.Client, rule: dict[str, Any]) -> None:
    lab.control.fault(method="PATCH", path=RULES, status=503, times=3)
    assert [api.patch(RULE, json=rule).status_code for _ in range(5)] == [503, 503, 503, 200, 200]
    assert api.get(RULE).json()["_revision"] == 1


def test_nth_match_only(lab: Lab, api: httpx.Client) -> None:
    lab.control.fault(method="GET", path="*/tier-0s", status=500, after=1)
    assert [api.get("/infra/tier-0s").status_code for _ in range(3)] == [200, 500, 200]


def test_status_after_the_write(lab: Lab, api: httpx.Client, rule: dict[str, Any]) -> None:
    lab.control.fault(method="PATCH", path=RULES, status=504, when="after")
    assert api.patch(RULE, json=rule).status_code == 504
    assert api.get(RULE).status_code == 200


def test_body_and_headers_of_ones_own(lab: Lab, api: httpx.Client) -> None:
    lab.control.fault(
        path="*/tier-0s", status=502, body="<html>", content_type="text/html", headers={"Retry-After": "1"}
    )
    answer = api.get("/infra/tier-0s")
    assert (answer.status_code, answer.text, answer.headers["retry-after"]) == (502, "<html>", "1")
    assert answer.headers["content-type"] == "text/html"


@pytest.mark.parametrize("when, stored", [("before", 404), ("after", 200)])
def test_reset_before_and_after_the_write(
    lab: Lab, api: httpx.Client, rule: dict[str, Any], when: str, stored: int
) -> None:
    lab.control.fault(method="PATCH", path=RULES, reset=True, when=when)
    with pytest.raises(httpx.TransportError):
        api.patch(RULE, json=rule)
    assert api.get(RULE).status_code == stored
    assert lab.control.journal()[0]["status"] is None


def test_hang_ends_when_the_client_gives_up(lab: Lab, api: httpx.Client, rule: dict[str, Any]) -> None:
    lab.control.fault(method="PATCH", path=RULES, hang=True)
    with pytest.raises(httpx.ReadTimeout):
        api.patch(RULE, json=rule, timeout=0.3)
    assert api.patch(RULE, json=rule).status_code == 200


def test_delay_lets_others_pass(
    lab: Lab, api: httpx.Client, client_of: Callable[..., httpx.Client], rule: dict[str, Any]
) -> None:
    lab.control.fault(method="PATCH", path=RULES, delay=30)
    slow = threading.Thread(target=lambda: _ignore(client_of(lab, timeout=1), RULE, rule))
    slow.start()
    assert api.get("/infra/tier-0s").status_code == 200
    slow.join()
    assert api.get(RULE).status_code == 404


def _ignore(client: httpx.Client, path: str, body: dict[str, Any]) -> None:
    with pytest.raises(httpx.ReadTimeout):
        client.patch(path, json=body)


def test_truncated_answer(lab: Lab, api: httpx.Client) -> None:
    lab.control.fault(path="*/tier-0s", truncate=True)
    with pytest.raises(httpx.TransportError):
        api.get("/infra/tier-0s")
    assert api.get("/infra/tier-0s").status_code == 200


def test_expired_session(lab: Lab, client_of: Callable[..., httpx.Client]) -> None:
    client = client_of(lab, base="")
    form = {"content-type": "application/x-www-form-urlencoded"}
    made = client.post("/api/session/create", content=f"j_username=admin&j_password={lab.password}", headers=form)
    headers = {"X-XSRF-TOKEN": made.headers["x-xsrf-token"]}
    lab.control.fault(path="*/tier-0s", expire=True)
    codes = [
        client.get(f"/policy/api/v1/infra/{name}", headers=headers).status_code
        for name in ("tier-1s", "tier-0s", "tier-1s")
    ]
    assert codes == [200, 403, 403]


def test_write_that_is_realized_as_error(lab: Lab, api: httpx.Client, rule: dict[str, Any]) -> None:
    lab.control.fault(method="PATCH", path=RULES, realize="edge is down")
    assert api.patch(RULE, json=rule).status_code == 200
    entity = api.get("/infra/realized-state/realized-entities", params={"intent_path": RULE}).json()["results"][0]
    assert (entity["state"], entity["alarms"][0]["message"]) == ("ERROR", "edge is down")


def test_journal_proves_that_a_fault_fired(lab: Lab, api: httpx.Client) -> None:
    lab.control.fault(id="outage", path="*/tier-0s", status=503)
    api.get("/infra/tier-0s")
    api.get("/infra/tier-0s")
    assert [entry["fault"] for entry in lab.control.journal()] == ["outage: 503 before", ""]
    assert [(fault["matched"], fault["fired"]) for fault in lab.control.faults()] == [(2, 1)]


def test_probability_is_repeatable() -> None:
    def run(seed: int) -> list[bool]:
        engine = FaultEngine(seed)
        engine.add({"status": 500, "probability": 0.3, "times": 0})
        return [engine.decide("GET", "/x") is not None for _ in range(200)]

    assert run(7) == run(7)
    assert run(7) != run(8)
    assert 30 < sum(run(7)) < 90


@pytest.mark.parametrize(
    "fault, words",
    [
        ({"status": 500, "nth": 1}, "unknown key 'nth'"),
        ({"path": "*"}, "does nothing"),
        ({"reset": True, "when": "now"}, "allowed are before, after"),
    ],
)
def test_wrong_faults_are_refused(lab: Lab, fault: dict[str, Any], words: str) -> None:
    with pytest.raises(ControlError, match=words):
        lab.control.fault(**fault)


@pytest.mark.parametrize("status", [204, 304])
def test_status_without_a_body_keeps_the_connection_in_step(lab: Lab, api: httpx.Client, status: int) -> None:
    lab.control.fault(path="*/tier-0s", status=status)
    assert [api.get("/infra/tier-0s").status_code for _ in range(2)] == [status, 200]


def test_path_of_many_stars_is_answered(lab: Lab, api: httpx.Client) -> None:
    """The shell patterns of the control plane meet paths that any client chooses."""
    lab.control.fault(path="*a" * 20 + "b", status=503)
    lab.control.realization("*a" * 20 + "b", "ERROR")
    assert api.patch("/infra/tier-0s/" + "a" * 255, json={}, timeout=10).status_code == 200


@pytest.mark.parametrize(
    "faults, words",
    [
        ("{status: '503'}", "faults[0]: status '503': an integer from 200 to 599 is expected"),
        ("{status: 503, times: two}", "faults[0]: times 'two': an integer"),
        ("{delay: .inf}", "faults[0]: delay Infinity: a number from 0"),
        ("{delay: .nan}", "faults[0]: delay NaN: a number from 0"),
        ("{status: 503, body: 2026-01-01}", "faults[0]: body: text, or what JSON can say, is expected"),
        ("{status: 503, body: [.nan]}", "faults[0]: body: text, or what JSON can say, is expected"),
        ("{status: 503, headers: {1: x}}", "faults[0]: headers 1: the name of a header"),
        ("{1: 2, x: 3, status: 503}", "faults[0]: unknown key '1': allowed are id, method"),
        ("[" * 5000, "nested too deep"),
    ],
)
def test_fault_file_is_typed_at_the_door(tmp_path: Path, faults: str, words: str) -> None:
    file = tmp_path / "faults.yaml"
    file.write_text(f"format: nsx-lab-faults\nversion: 1\nfaults: [{faults}]\n")
    with pytest.raises(ValueError, match=re.escape(words)):
        Lab(faults=file)


def test_faults_from_a_file(tmp_path: Path, client_of: Callable[..., httpx.Client]) -> None:
    file = tmp_path / "faults.yaml"
    file.write_text(
        "format: nsx-lab-faults\nversion: 1\nseed: 3\nfaults:\n  - {path: '*/tier-0s', status: 503, times: 1}\n"
    )
    with Lab(faults=file) as lab:
        client = client_of(lab)
        assert [client.get("/infra/tier-0s").status_code for _ in range(2)] == [503, 200]
    file.write_text("faults: []\n")
    with pytest.raises(ValueError, match="not a fault file"):
        Lab(faults=file)


def test_fail_over_refuses_then_answers(lab: Lab, client_of: Callable[..., httpx.Client]) -> None:
    client = client_of(lab, timeout=5)
    lab.control.fail_over(0.2)
    seen: list[str] = []
    while seen[-2:] != ["refused", "200"]:
        try:
            word = str(client.get("/infra/tier-0s").status_code)
        except httpx.ConnectError:
            word = "refused"
        except httpx.TransportError:
            word = "cut"
        seen += [word] if seen[-1:] != [word] else []
    assert set(seen) <= {"200", "refused", "cut"}


def test_reset_of_the_lab_takes_the_faults_away(lab: Lab, api: httpx.Client) -> None:
    lab.control.fault(path="*", status=503, times=0)
    lab.control.reset()
    assert api.get("/infra/tier-0s").status_code == 200
