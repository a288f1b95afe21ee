"""One stand-in for every engine: sessions are apart, nothing is kept, and it ends with its lab."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from nsx_lab import Lab
from nsx_lab.manager.http.labfile import read_lab_file
from nsx_lab.provider.plugin import sessions
from nsx_lab.provider.plugin.server import serving
from nsx_lab.provider.provider import Provider
from tests.nsx_lab.provider.playback import Seen
from tests.nsx_lab.provider.policy import PolicyServer
from tests.nsx_lab.provider.residence import Talk, resident


@pytest.fixture
def stand_in(clean_environment: None) -> Iterator[Path]:
    with resident() as path:
        yield path


@pytest.fixture
def other_server(lab_context: object) -> Iterator[PolicyServer]:
    server = PolicyServer(lab_context)  # type: ignore[arg-type]
    server.policy.version = "3.2.0.0.0.9"
    yield server
    server.end()


def given(server: PolicyServer) -> dict[str, object]:
    return {"host": f"127.0.0.1:{server.port}", "username": "admin", "password": "p"}


def test_sessions_at_the_same_time_do_not_mix(
    stand_in: Path, policy_server: PolicyServer, other_server: PolicyServer
) -> None:
    with Talk(stand_in) as one, Talk(stand_in) as other:
        assert one.configure(**given(policy_server)) == []
        assert other.configure(**given(other_server)) == []
        for _ in range(5):
            assert (one.version(), other.version()) == ("4.2.1.0.0.1", "3.2.0.0.0.9")


def test_session_knows_nothing_of_an_earlier_one(stand_in: Path, policy_server: PolicyServer) -> None:
    with Talk(stand_in) as first:
        assert first.configure(**given(policy_server)) == []
        with Talk(stand_in) as beside:
            assert beside.version() == "the provider is not configured"
            assert beside.configure(host=f"127.0.0.1:{policy_server.port}") == ["username must be provided"]
            assert beside.configure(username="admin", password="p") == ["host must be provided"]
    with Talk(stand_in) as later:
        assert later.version() == "the provider is not configured"


def test_mark_of_a_lab_is_looked_for_in_every_session(
    stand_in: Path, policy_server: PolicyServer, pki: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pki / "other.pem", pki / "other.key")  # no lab's
    with Talk(stand_in) as one:
        assert one.configure(**given(policy_server)) == []
    stranger = PolicyServer(context)
    try:
        with Talk(stand_in) as other:
            (complaint,) = other.configure(**given(stranger))
    finally:
        stranger.end()
    assert "is not a lab" in complaint
    assert stranger.seen == [], "not a byte of a request"


def test_engine_that_has_gone_takes_its_requests_along(stand_in: Path, policy_server: PolicyServer) -> None:
    """As when the process of a provider ends with its engine: what hangs is hung up, and nothing is tried again."""
    asked, again, answering = threading.Event(), threading.Event(), threading.Event()
    exchange = policy_server.exchange
    with Talk(stand_in) as engine:
        assert engine.configure(**given(policy_server), max_retries=50, retry_max_delay=0) == []

        def hang(seen: Seen) -> dict[str, Any]:
            (again if asked.is_set() else asked).set()
            answering.wait(60)
            return {"status": 503}

        policy_server.exchange = hang  # type: ignore[method-assign]
        asking = threading.Thread(target=_ask_in_vain, args=(engine,), daemon=True)
        asking.start()
        assert asked.wait(60)
    asking.join(60)
    assert session_sockets(stand_in) == []
    answering.set()
    assert not again.wait(0.5)
    policy_server.exchange = exchange  # type: ignore[method-assign]
    with Talk(stand_in) as later:
        assert later.configure(**given(policy_server)) == []


def _ask_in_vain(engine: Talk) -> None:
    with contextlib.suppress(grpc.RpcError):
        engine.version()


def test_look_whether_anybody_is_there_costs_nothing(
    stand_in: Path, policy_server: PolicyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[object] = []

    def counted(provider: Provider) -> grpc.Server:
        made.append(provider)
        return serving(provider)

    monkeypatch.setattr(sessions, "serving", counted)
    for _ in range(3):
        with socket.socket(socket.AF_UNIX) as knocking:
            knocking.connect(str(stand_in))
    with Talk(stand_in) as one:
        assert one.configure(**given(policy_server)) == []
    assert len(made) == 1


def test_session_leaves_nothing_behind(stand_in: Path, policy_server: PolicyServer) -> None:
    for _ in range(3):
        with Talk(stand_in) as one:
            assert one.configure(**given(policy_server)) == []
    assert session_sockets(stand_in) == []


def session_sockets(stand_in: Path) -> list[str]:
    """What is beside the stand-in's own socket, once that is nothing, or after some seconds: a session clears away as its last act."""
    for _ in range(200):
        if [file.name for file in stand_in.parent.iterdir()] == [stand_in.name]:
            break
        threading.Event().wait(0.05)
    return [file.name for file in stand_in.parent.iterdir() if file.name != stand_in.name]


# of a lab


def process_of(lab_pid: int) -> int:
    """The resident stand-in among the children of a lab's process."""
    for task in Path(f"/proc/{lab_pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            if b"nsx_lab.provider.resident" in Path(f"/proc/{child}/cmdline").read_bytes():
                return int(child)
    raise AssertionError("no resident stand-in")


def gone(process: int) -> bool:
    """Whether a process that was there ends within half a minute."""
    try:
        descriptor = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    ended = bool(poll.poll(30_000))
    os.close(descriptor)
    return ended


def configured(lab: Lab, talk: Talk) -> str:
    """The lab's version by a session with the lab's own credentials, which the process has from its lab."""
    assert talk.configure(host=lab.host, ca=lab.ca_pem, allow_unverified_ssl=False) == []
    return talk.version()


def test_lab_file_says_where_it_is_and_nobody_else_gets_there(tmp_path: Path) -> None:
    with Lab() as lab:
        lab.write_lab_file(tmp_path / "lab.json")
        document = json.loads((tmp_path / "lab.json").read_text())
        path = Path(document["stand_in"]["socket"])
        assert document["stand_in"] == {"socket": str(path), "protocol": 6}
        assert read_lab_file(tmp_path / "lab.json").stand_in == path
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert stat.S_IMODE((tmp_path / "lab.json").stat().st_mode) == 0o600
        assert path.is_socket()
    assert not path.parent.exists()


@pytest.mark.slow
def test_process_starts_when_it_is_needed_and_holds_no_secret_on_its_command_line() -> None:
    with Lab(password="very secret 31415") as lab:
        path = lab.lab_file().stand_in
        assert path is not None
        with pytest.raises(AssertionError, match="no resident"):
            process_of(os.getpid())
        with Talk(path) as talk:
            assert configured(lab, talk).startswith("4.2.")
        process = process_of(os.getpid())
        command = Path(f"/proc/{process}/cmdline").read_bytes()
        assert b"secret" not in command
        assert lab.control_token.encode() not in command
    assert gone(process)


@pytest.mark.slow
def test_process_that_was_killed_is_started_anew() -> None:
    with Lab() as lab:
        path = lab.lab_file().stand_in
        assert path is not None
        with Talk(path) as talk:
            configured(lab, talk)
            first = process_of(os.getpid())
            os.kill(first, signal.SIGKILL)
            with contextlib.suppress(grpc.RpcError):  # or it is with the next process already, which knows of nothing
                assert talk.version() == "the provider is not configured"
        with Talk(path) as talk:
            version = _again(lambda: configured(lab, talk))
        assert version.startswith("4.2.")
        assert process_of(os.getpid()) != first


def _again(ask: object) -> str:
    """Asks until it is answered: the place of a process that was killed is taken in a moment."""
    for _ in range(100):
        try:
            return ask()  # type: ignore[no-any-return,operator]
        except grpc.RpcError:
            threading.Event().wait(0.1)
    raise AssertionError("no answer")


@pytest.mark.slow
def test_it_ends_with_a_lab_that_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "nsx_lab", "serve", "--lab-file", str(tmp_path / "lab.json")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as lab:
        assert lab.stdout is not None
        assert lab.stdout.readline().startswith("lab ready")
        path = read_lab_file(tmp_path / "lab.json").stand_in
        assert path is not None
        with Talk(path) as talk:
            assert talk.configure(host="127.0.0.1:1") != []
            process = process_of(lab.pid)
            lab.send_signal(signal.SIGKILL)
            lab.wait()
            assert gone(process)
            assert not path.parent.exists(), "nothing is left behind for a lab that could not clear away"


@pytest.mark.slow
def test_process_that_cannot_start_ends_what_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "")
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with Lab() as lab:
        path = lab.lab_file().stand_in
        assert path is not None
        with Talk(path) as talk, pytest.raises(grpc.RpcError):
            talk.version()


def test_lab_without_room_for_a_socket_does_without(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    long = tmp_path / ("long" * 30)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    with Lab() as lab:
        assert lab.lab_file().stand_in is None
        lab.write_lab_file(tmp_path / "lab.json")
    assert list(long.iterdir()) == []


def test_lab_file_of_an_older_and_of_a_newer_lab_is_read(tmp_path: Path) -> None:
    with Lab() as lab:
        lab.write_lab_file(tmp_path / "lab.json", stand_in=False)
        document = json.loads((tmp_path / "lab.json").read_text())
    assert "stand_in" not in document
    assert read_lab_file(tmp_path / "lab.json").stand_in is None
    (tmp_path / "lab.json").write_text(json.dumps({**document, "news": 1}))
    assert read_lab_file(tmp_path / "lab.json").host == document["host"]
    (tmp_path / "lab.json").write_text(json.dumps({**document, "pid": "x"}))
    with pytest.raises(ValueError, match="not a lab file: pid 'x': an integer"):
        read_lab_file(tmp_path / "lab.json")
