"""One run at a time works on a stack: in another process, across kills, and with a note that informs and never decides."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from egress.domain import EgressError
from egress.toolchain.stack import stack_lock
from egress.toolchain.stack.stack_lock import end_engine, held, orphan

pytestmark = pytest.mark.slow

HOLD = """
import sys, pathlib
from egress.toolchain.stack.stack_lock import held
with held(pathlib.Path(sys.argv[1]), "wld01", "egress apply"):
    print("held", flush=True)
    sys.stdin.readline()
"""


def holding(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_holder_is_refused_by_the_name_of_the_first(tmp_path: Path) -> None:
    with holding(tmp_path) as process:
        with pytest.raises(EgressError, match=rf"egress apply \(process {process.pid}, since .*\) works on wld01"):
            held(tmp_path, "wld01", "egress plan").__enter__()
        with held(tmp_path, "wld02", "egress plan") as (_, left_by):
            assert left_by is None, "another stack is another lock"
        process.communicate("\n")
    with held(tmp_path, "wld01", "egress plan") as (_, left_by):
        assert left_by is None, "it ended by itself"


def test_a_holder_that_was_killed_is_told_and_its_lock_is_free(tmp_path: Path) -> None:
    with holding(tmp_path) as process:
        process.kill()
    with held(tmp_path, "wld01", "egress plan") as (_, left_by):
        assert left_by is not None
        assert (left_by.command, left_by.pid) == ("egress apply", process.pid)


@pytest.mark.parametrize("note", ["", "{", "[]", '{"pid": 1}', '{"command": 1}', "\xff"])
def test_a_note_that_cannot_be_read_neither_locks_nor_unlocks(tmp_path: Path, note: str) -> None:
    (tmp_path / "wld01.held.json").write_text(note, encoding="latin-1")
    with held(tmp_path, "wld01", "egress plan") as (_, left_by):
        assert left_by is None
    with holding(tmp_path) as process:
        (tmp_path / "wld01.held.json").write_text(note, encoding="latin-1")
        with pytest.raises(EgressError, match="another run works on wld01"):
            held(tmp_path, "wld01", "egress plan").__enter__()
        process.communicate("\n")


def test_a_child_that_inherits_the_lock_keeps_it(tmp_path: Path) -> None:
    with held(tmp_path, "wld01", "egress apply") as (lock, _):
        child = subprocess.Popen(
            [sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE, pass_fds=[lock.file]
        )
        lock.engine(child.pid)
        note = json.loads((tmp_path / "wld01.held.json").read_text())
        assert (note["pid"], note["engine"]) == (os.getpid(), child.pid)
    with child:
        with pytest.raises(EgressError, match="another run works on wld01"):
            held(tmp_path, "wld01", "egress plan").__enter__()
        child.communicate(b"")
    with held(tmp_path, "wld01", "egress plan"):
        pass


def test_waiting_ends_when_the_other_lets_go(tmp_path: Path) -> None:
    with holding(tmp_path) as process:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
        with held(tmp_path, "wld01", "egress plan", wait=60):
            pass


LEAVE = """
import pathlib, subprocess, sys
from egress.toolchain.stack.stack_lock import held
engine = "import signal, time\\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\\nprint('deaf', flush=True)\\ntime.sleep(600)"
with held(pathlib.Path(sys.argv[1]), "wld01", "egress apply") as (mine, _):
    child = subprocess.Popen([sys.executable, "-c", engine], pass_fds=[mine.file], start_new_session=True)
    mine.engine(child.pid)
    sys.stdin.readline()
"""
"""A command whose engine hears no interrupt and goes on without it."""


def test_a_lock_that_is_free_or_held_by_somebody_alive_has_no_orphan(tmp_path: Path) -> None:
    assert orphan(tmp_path, "wld01") is None
    with holding(tmp_path) as process:
        assert orphan(tmp_path, "wld01") is None
        end_engine(tmp_path, "wld01")
        assert process.poll() is None, "nobody alive is ended"
        process.communicate("\n")
    assert orphan(tmp_path, "wld01") is None


def test_an_engine_that_its_command_left_behind_is_ended_even_if_it_hears_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stack_lock, "GRACE", 0.2)
    command = [sys.executable, "-c", LEAVE, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "deaf\n"
        process.kill()
        process.wait()
        left = orphan(tmp_path, "wld01")
        assert left is not None
        assert left.pid == process.pid
        assert left.engine is not None
        note = tmp_path / "wld01.held.json"
        told = note.read_text()
        note.write_text(told.replace(f'"engine": {left.engine}', f'"engine": {os.getppid()}'))
        assert orphan(tmp_path, "wld01") is None, (
            "a process that does not hold the lock has the number of another by now"
        )
        note.write_text(told)
        with pytest.raises(
            EgressError, match=rf"process {left.engine}\) goes on: .*; if it hangs: egress unlock wld01"
        ):
            held(tmp_path, "wld01", "egress plan").__enter__()
        end_engine(tmp_path, "wld01")
    assert orphan(tmp_path, "wld01") is None
    with held(tmp_path, "wld01", "egress plan") as (_, left_by):
        assert left_by is not None
        assert left_by.engine == left.engine
