"""A program in a fork is, for what it does, in a process of its own."""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from egress.toolchain.running.forked import forked
from egress.toolchain.running.processes import Ended

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")]


def ended(program: Callable[[], None], cwd: Path, **env: str) -> Ended:
    with forked(program, cwd=cwd, env=env) as process:
        return process.ended()


@pytest.mark.parametrize(
    ("leaves", "code", "says"),
    [(None, 0, ""), (0, 0, ""), (2, 2, ""), (256 + 3, 3, ""), ("no such domain", 1, "no such domain\n")],
)
def test_a_program_ends_as_it_says(tmp_path: Path, leaves: object, code: int, says: str) -> None:
    assert ended(lambda: sys.exit(leaves), tmp_path) == Ended(code, "", says)  # type: ignore[arg-type]


def test_an_error_ends_a_program_with_its_traceback(tmp_path: Path) -> None:
    def program() -> None:
        raise LookupError("of its own")

    done = ended(program, tmp_path)
    assert done.code == 1
    assert done.err.startswith("Traceback")
    assert done.err.endswith("LookupError: of its own\n")


def test_directory_environment_and_streams_are_its_own(tmp_path: Path) -> None:
    def program() -> None:
        sys.stdout.write(
            f"{Path.cwd()} {sorted(os.environ.items())} {sys.stdin.read()!r} {os.getpgid(0) == os.getpid()}"
        )
        sys.stderr.write("aside\n")
        os.environ["LEFT"] = "behind"
        os.system("echo of a child")  # noqa: S605 - as a main.py might

    done = ended(program, tmp_path, ONLY="this", PATH=os.environ["PATH"])
    path = os.environ["PATH"]
    assert done.err == "aside\n"
    assert "of a child\n" in done.out
    assert f"{tmp_path} {[('ONLY', 'this'), ('PATH', path)]} '' True" in done.out
    assert "LEFT" not in os.environ
    assert Path.cwd() != tmp_path


def test_what_is_to_happen_at_an_end_happens_once_and_where_it_was_asked_for(tmp_path: Path) -> None:
    folder = tempfile.TemporaryDirectory(dir=tmp_path)
    file = tmp_path / "ends"

    def note(whose: str) -> None:
        with file.open("a") as stream:
            stream.write(f"{whose}\n")

    atexit.register(note, "origin")
    own: list[str] = []

    def program() -> None:
        atexit.register(note, "program")
        own.append(tempfile.TemporaryDirectory(dir=tmp_path).name)
        threading.Timer(0.2, note, ["thread"]).start()

    try:
        assert ended(program, tmp_path) == Ended(0)
    finally:
        atexit.unregister(note)
    assert file.read_text() == "thread\nprogram\n"
    assert Path(folder.name).is_dir(), "a folder of the origin outlives the fork"
    assert [one for one in tmp_path.iterdir() if one.is_dir()] == [Path(folder.name)], "and one of the fork does not"
    folder.cleanup()


def test_a_program_that_lets_no_pool_go_ends_when_its_work_is_done(tmp_path: Path) -> None:
    kept: list[ThreadPoolExecutor] = []

    def program() -> None:
        kept.append(ThreadPoolExecutor(1))
        for name in ("begun", "done"):
            kept[0].submit((tmp_path / name).touch)

    assert ended(program, tmp_path) == Ended(0)
    assert (tmp_path / "done").exists()


def waits(tmp_path: Path) -> None:
    (tmp_path / "begun").touch()
    signal.pause()


def until_begun(tmp_path: Path) -> None:
    while not (tmp_path / "begun").exists():
        time.sleep(0.01)


def test_what_goes_on_when_nobody_waits_any_more_is_ended(tmp_path: Path) -> None:
    with forked(lambda: waits(tmp_path), cwd=tmp_path, env={}) as process:
        until_begun(tmp_path)
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)


def test_what_does_not_end_when_asked_to_is_killed_with_what_it_began(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("egress.toolchain.running.forked.GRACE", 0.1)

    def stubborn() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        (tmp_path / "child").write_text(str(subprocess.Popen(["sleep", "60"]).pid))
        while True:
            waits(tmp_path)

    with forked(stubborn, cwd=tmp_path, env={"PATH": os.environ["PATH"]}):
        until_begun(tmp_path)
    child = int((tmp_path / "child").read_text())
    deadline = time.monotonic() + 30
    while is_running(child):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
