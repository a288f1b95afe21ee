"""The way to a manager, step by step: each step that goes wrong is the last one, and has a remedy of its own."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from egress.deadline import Deadline
from egress.domain import WorkloadDomain, load_domains
from egress.manager.reach import Step, steps
from tests.manager.servers import Authority, Script, answering, ok, serving, silent

REPOSITORY = Path(__file__).resolve().parents[2]
AUTHORITY = Authority()
GATEWAY = json.dumps({"id": "T0-wld01", "ha_mode": "ACTIVE_ACTIVE"}).encode()


def tried(folder: Path, host: str, seconds: float = 20, **env: str) -> list[Step]:
    (folder / "ca.pem").write_text(AUTHORITY.pem)
    golden = load_domains(REPOSITORY, ["wld01"])[0]
    nsx = golden.nsx.model_copy(update={"host": host, "ca_file": "ca.pem"})
    domain: WorkloadDomain = golden.model_copy(update={"nsx": nsx})
    login = {"NSXT_USERNAME": "u", "NSXT_PASSWORD": "p"}
    return list(steps(domain, folder, None, login | env, Deadline(seconds)))


def served(folder: Path, script: Script, authority: Authority = AUTHORITY) -> list[Step]:
    with serving(script, authority.issued()) as host:
        return tried(folder, host)


def names(found: list[Step]) -> str:
    """The steps that went well, then the one that did not."""
    return " ".join(f"{step.name}!" if step.fix else step.name for step in found)


def refused(status: bytes, message: str) -> Script:
    return answering(ok(json.dumps({"error_message": message}).encode()).replace(b"200 OK", status))


def test_a_way_that_is_open_is_told_step_by_step(tmp_path: Path) -> None:
    found = served(tmp_path, answering(ok(GATEWAY)))
    assert names(found) == "name connection certificate login Tier-0"
    assert found[-1].found.endswith("answers and has /infra/tier-0s/T0-wld01, ACTIVE_ACTIVE")


def test_a_name_that_does_not_resolve(tmp_path: Path) -> None:
    (step,) = tried(tmp_path, "nsx.invalid")
    assert "'nsx.invalid' does not resolve" in step.found
    assert "DNS" in step.fix


def test_a_port_that_takes_no_connections(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    found = tried(tmp_path, f"127.0.0.1:{port}")
    assert names(found) == "name connection!"
    assert "cannot be reached on port" in found[-1].found


def test_a_certificate_that_is_not_trusted(tmp_path: Path) -> None:
    found = served(tmp_path, answering(ok(GATEWAY)), Authority())
    assert names(found) == "name connection certificate!"
    assert found[-1].fix.startswith("name its authority in nsx.ca_file")


def test_a_handshake_that_never_ends(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        found = tried(tmp_path, f"127.0.0.1:{listener.getsockname()[1]}", seconds=0.3)
    assert names(found) == "name connection certificate!"
    assert "no answer in time" in found[-1].found


@pytest.mark.parametrize(
    ("script", "expected", "words"),
    [
        (refused(b"401 No", ""), "name connection certificate login!", "check user and password"),
        (refused(b"403 No", "The credentials were incorrect"), "name connection certificate login!", "check user and password"),
        (refused(b"403 No", "User is not authorized"), "name connection certificate login Tier-0!", "the role Auditor is enough"),
        (refused(b"404 No", "not found"), "name connection certificate login Tier-0!", "check the ids in the domain file"),
        (answering(ok(b"<html>")), "name connection certificate answer!", "is it an NSX Manager?"),
        (answering(ok(GATEWAY.replace(b"ACTIVE_ACTIVE", b"ACTIVE_STANDBY"))), "name connection certificate login Tier-0!", "correct tier0.ha_mode"),
    ],
    ids=["login", "login 403", "role", "absent", "no manager", "ha_mode"],
)  # fmt: skip
def test_a_manager_that_does_not_serve(tmp_path: Path, script: Script, expected: str, words: str) -> None:
    found = served(tmp_path, script)
    assert names(found) == expected
    assert words in found[-1].fix


def test_a_manager_that_never_answers_is_left_at_the_deadline(tmp_path: Path) -> None:
    with serving(silent, AUTHORITY.issued()) as host:
        found = tried(tmp_path, host, seconds=1)
    assert names(found) == "name connection certificate answer!"
    assert "within the 1 s" in found[-1].found


def test_credentials_for_another_host_are_the_first_and_last_step(tmp_path: Path) -> None:
    (step,) = tried(tmp_path, "nsx.invalid", NSXT_HOST="nsx.example.com")
    assert step.name == "access"
    assert "are for 'nsx.example.com' only" in step.found
    assert "add the host to NSXT_HOST" in step.fix
