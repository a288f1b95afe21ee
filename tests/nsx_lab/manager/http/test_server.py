"""Starting and stopping: the command, the lab file, the exit codes."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from nsx_lab import Lab
from nsx_lab.manager.http.labfile import read_lab_file
from nsx_lab.owner import when_gone

pytestmark = pytest.mark.slow

SEED = Path(__file__).parents[2] / "wld01-seed.json"
COMMAND = [sys.executable, "-m", "nsx_lab.cli"]


class Served:
    """A lab in a process of its own."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, "serve", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.line = self.process.stdout.readline()

    def end(self, number: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        self.process.communicate(timeout=30)
        return self.process.returncode


@pytest.fixture
def serve() -> Iterator[Any]:
    running: list[Served] = []

    def start(*arguments: str) -> Served:
        running.append(Served(*arguments))
        return running[-1]

    yield start
    for served in running:
        served.end(signal.SIGKILL)


def get(file: Path, path: str) -> httpx.Response:
    lab = read_lab_file(file)
    with httpx.Client(
        verify=ssl.create_default_context(cadata=lab.ca), trust_env=False, auth=(lab.username, lab.password)
    ) as client:
        return client.get(f"https://{lab.host}{path}")


def test_serve_is_ready_when_it_says_so(serve: Any, tmp_path: Path) -> None:
    file = tmp_path / "lab.json"
    served = serve(str(SEED), "--lab-file", str(file))
    lab = read_lab_file(file)
    assert served.line == f"lab ready at https://{lab.host}, lab file {file}\n"
    assert lab.host.startswith("127.0.0.1:")
    assert lab.pid == served.process.pid
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert get(file, "/policy/api/v1/infra/tier-0s/T0-wld01").status_code == 200
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("number, code", [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_signals_end_it_cleanly(serve: Any, tmp_path: Path, number: int, code: int) -> None:
    file = tmp_path / "lab.json"
    served = serve("--lab-file", str(file))
    assert served.end(number) == code
    assert not file.exists()


def test_lab_file_of_another_lab_is_left_alone(serve: Any, tmp_path: Path) -> None:
    file = tmp_path / "lab.json"
    first = serve("--lab-file", str(file))
    serve("--lab-file", str(file))
    second = file.read_text()
    first.end()
    assert file.read_text() == second


def test_lab_ends_with_its_owner_however_that_ends(serve: Any, tmp_path: Path) -> None:
    file = tmp_path / "lab.json"
    owner = subprocess.Popen(["sleep", "600"])
    served = serve("--lab-file", str(file), "--owner", str(owner.pid))
    host, _, port = read_lab_file(file).host.rpartition(":")
    owner.kill()
    owner.wait()
    assert served.process.wait(timeout=30) == 0
    assert not file.exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), timeout=5)


def test_lab_of_an_owner_that_is_gone_does_not_start() -> None:
    owner = subprocess.Popen(["true"])
    owner.wait()
    run = subprocess.run([*COMMAND, "serve", "--owner", str(owner.pid)], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (1, "")
    assert f"--owner {owner.pid}: there is no such process any more" in run.stderr


def test_owner_is_noticed_where_the_system_cannot_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pidfd_open", raising=False)
    gone = threading.Event()
    owner = subprocess.Popen(["sleep", "600"])
    when_gone(owner.pid, gone.set)
    assert not gone.wait(0.1)
    owner.kill()
    owner.wait()
    assert gone.wait(30)
    with pytest.raises(ProcessLookupError):
        when_gone(owner.pid, gone.set)


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["serve", "missing.json"], "missing.json: No such file or directory"),
        (["serve", "--profile", "5.0"], "allowed are 3.2, 4.2, 9.1"),
        (["serve", "--port", "x"], "not a valid integer"),
        (["serve", "--port", "99999"], "not in the range 0<=x<=65535"),
        (["serve", "--set", "index_lag=NaN"], "NAME=VALUE is expected"),
        (["serve", "--set", "index_lag=-1"], "index_lag -1: a number from 0"),
        (["serve", "--set", "echo_any=1"], "echo_any 1: true or false is expected"),
        (["mirror", "/dev/null/x"], "no mirror can be written there"),
        (["journal", "--since", "-1", "--lab-file", "x"], "not in the range x>=0"),
        (["serve", "--set", "echo_any"], "NAME=VALUE is expected"),
        (["serve", "--set", "nope=1"], "unknown setting 'nope'"),
        (["bogus"], "No such command 'bogus'"),
        (["journal", "--lab-file", "missing.json"], "is the lab running?"),
    ],
)
def test_what_cannot_be_answered_is_exit_1(arguments: list[str], words: str, tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "EGRESS_LAB"}
    run = subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, cwd=tmp_path, env=environment, check=False
    )
    assert run.returncode == 1
    assert words in run.stderr
    assert "Traceback" not in run.stderr


def test_seed_that_is_no_seed_is_exit_1(tmp_path: Path) -> None:
    file = tmp_path / "seed.json"
    file.write_text("{}")
    run = subprocess.run([*COMMAND, "serve", str(file)], capture_output=True, text=True, check=False)
    assert (run.returncode, "not a seed" in run.stderr) == (1, True)


def test_journal_and_reset_commands(serve: Any, tmp_path: Path) -> None:
    file = tmp_path / "lab.json"
    serve(str(SEED), "--lab-file", str(file))
    get(file, "/policy/api/v1/infra/tier-0s")
    environment = {**os.environ, "EGRESS_LAB": str(file)}
    shown = subprocess.run([*COMMAND, "journal", "--json"], capture_output=True, text=True, env=environment, check=True)
    assert [entry["path"] for entry in json.loads(shown.stdout)["entries"]] == ["/policy/api/v1/infra/tier-0s"]
    reset = subprocess.run([*COMMAND, "reset"], capture_output=True, text=True, env=environment, check=True)
    assert reset.stdout == "lab is back at its seed\n"


def test_control_command_and_settings(serve: Any, tmp_path: Path) -> None:
    file = tmp_path / "lab.json"
    serve("--lab-file", str(file), "--set", "echo_any=true")
    command = [*COMMAND, "control", "--lab-file", str(file)]
    shown = subprocess.run([*command, "GET", "settings"], capture_output=True, text=True, check=True)
    assert json.loads(shown.stdout)["echo_any"] is True
    refused = subprocess.run([*command, "POST", "settings", '{"nope": 1}'], capture_output=True, text=True, check=False)
    assert (refused.returncode, "unknown setting 'nope'" in refused.stderr) == (1, True)
    for body, words in (
        ("{", "is no JSON"),
        ("[1]", "a JSON object is expected"),
        ("[" * 2000, "nested deeper than 64"),
    ):
        refused = subprocess.run([*command, "POST", "clock", body], capture_output=True, text=True, check=False)
        assert (refused.returncode, words in refused.stderr, "Traceback" in refused.stderr) == (1, True, False)


def test_lab_in_process_writes_the_same_file(lab: Lab, tmp_path: Path) -> None:
    lab.write_lab_file(tmp_path / "lab.json")
    document = json.loads((tmp_path / "lab.json").read_text())
    first = {"format", "version", "host", "ca", "username", "password", "control_token", "pid"}
    assert set(document) == first | {"stand_in"}, "what came later is optional"
    assert (document["format"], document["version"], document["pid"]) == ("nsx-lab", 1, os.getpid())


def test_import_of_the_package_is_cheap() -> None:
    code = "import sys, nsx_lab; print(sorted(set(sys.modules) & {'uvicorn', 'starlette', 'trustme', 'httpx', 'cryptography'}))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"


def test_port_that_is_taken_is_said(lab: Lab) -> None:
    with pytest.raises(OSError, match="in use"):
        Lab(port=int(lab.host.rpartition(":")[2]))


def test_lab_that_was_never_started_can_be_stopped() -> None:
    lab = Lab()
    lab.stop()
    with Lab(port=int(lab.host.rpartition(":")[2])) as other:
        assert other.control.health()["ok"] is True


def test_pytest_plugin(tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text(
        "import pytest\n"
        "@pytest.fixture\n"
        "def nsx_lab_seed():\n"
        f"    from pathlib import Path\n    return Path({str(SEED)!r})\n"
        "def test_it(nsx_lab):\n"
        "    assert '/infra/tier-0s/T0-wld01' in nsx_lab.control.objects()\n"
        "def test_it_is_fresh(nsx_lab):\n"
        "    assert nsx_lab.control.journal() == []\n"
    )
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "nsx_lab.pytest_plugin",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(tmp_path),
        str(tmp_path),
    ]
    run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (run.returncode, "2 passed" in run.stdout) == (0, True), run.stdout
