"""Ctrl-C, with real processes and real signals."""

import contextlib
import os
import pty
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from egress.domain import EgressError
from egress.toolchain.running.processes import run

pytestmark = pytest.mark.slow

CHILD = """
import pathlib, signal, sys, time
seen = []
def note(*_):
    seen.append(1)
signal.signal(signal.SIGINT, note)
pathlib.Path(sys.argv[1]).write_text("ready")
while not seen:
    signal.pause()
time.sleep(0.3)
pathlib.Path(sys.argv[2]).write_text(str(len(seen)))
"""

PARENT = """
import sys
from egress.toolchain.running.processes import run
try:
    run([sys.executable, "-c", sys.argv[1], sys.argv[2], sys.argv[3]])
except KeyboardInterrupt:
    sys.exit(130)
"""


def test_output_is_captured_and_the_code_returned() -> None:
    ended = run([sys.executable, "-c", "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"])
    assert (ended.code, ended.out, ended.err) == (3, "out\n", "err\n")


def test_ctrl_c_reaches_the_program_once_and_waits_for_its_end(tmp_path: Path) -> None:
    ready, ended = tmp_path / "ready", tmp_path / "ended"
    os.mkfifo(ready)
    command = [sys.executable, "-c", textwrap.dedent(PARENT), CHILD, str(ready), str(ended)]
    parent = subprocess.Popen(command, start_new_session=True)
    assert ready.read_text() == "ready"
    os.killpg(parent.pid, signal.SIGINT)
    assert parent.wait(timeout=20) == 130
    assert ended.read_text() == "1", "an engine that is interrupted twice gives up without saving its state"


def test_who_looks_meanwhile_may_end_the_program(tmp_path: Path) -> None:
    """As Ctrl-C would: asked once, and waited for."""
    ready, ended = tmp_path / "ready", tmp_path / "ended"

    def given_up() -> None:
        if ready.exists():
            raise EgressError("enough")

    with pytest.raises(EgressError, match="enough"):
        run([sys.executable, "-c", CHILD, ready, ended], meanwhile=given_up)
    assert ended.read_text() == "1"


def test_a_program_that_has_ended_meanwhile_is_not_given_up() -> None:
    begun: list[int] = []

    def too_late() -> None:
        os.waitid(os.P_PID, begun[0], os.WEXITED | os.WNOWAIT)
        raise EgressError("enough")

    slow = "import time; time.sleep(2); print('well')"
    done = run([sys.executable, "-c", slow], started=begun.append, meanwhile=too_late)
    assert (done.code, done.out) == (0, "well\n")


PASSED_ON = """
import sys
from egress.toolchain.running.processes import run
sys.exit(run([sys.executable, "-c", *sys.argv[1:]], capture=False).code)
"""


def passed_on(program: str, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Runs a program whose words are passed on."""
    command = [sys.executable, "-c", textwrap.dedent(PASSED_ON), textwrap.dedent(program), *arguments]
    return subprocess.run(command, text=True, check=False, **options)


def test_words_that_are_passed_on_keep_their_colours_and_do_nothing_else() -> None:
    program = r"""
        import sys
        for part in ("\x1b[1m\x1b[3", "1mred\x1b[0m \x1b", "]0;title\a", "\x1b[8mhidden", "\x9b2J", "\u202e", "\r", "\n\ttab\n"):
            sys.stdout.buffer.write(part.encode()); sys.stdout.flush()
        sys.stderr.buffer.write(b"\xff\x1b[2J end"); sys.exit(5)
    """
    shown = r"\x1b]0;title\x07\x1b[8mhidden\x9b2J\u202e"
    assert on_a_terminal(program) == f"\x1b[1m\x1b[31mred\x1b[0m {shown}\n\ttab\n\ufffd\\x1b[2J end"
    done = passed_on(program, capture_output=True)
    assert (done.stdout, done.stderr, done.returncode) == (f"red {shown}\n\ttab\n", "\ufffd\\x1b[2J end", 5)
    told_none = passed_on(program, "-no-color", capture_output=True)
    assert told_none.stdout == f"\\x1b[1m\\x1b[31mred\\x1b[0m {shown}\n\ttab\n"


def on_a_terminal(program: str) -> str:
    """What a terminal gets of a program whose words are passed on."""
    ours, its = pty.openpty()
    passed_on(program, stdout=its, stderr=its)
    os.close(its)
    parts = []
    with contextlib.suppress(OSError):  # Linux ends a terminal that nobody holds with an error
        while part := os.read(ours, 65536):
            parts.append(part)
    os.close(ours)
    return b"".join(parts).decode().replace("\r\n", "\n")


def test_a_line_that_a_ci_system_would_obey_is_none_any_more() -> None:
    program = r"""
        import sys
        for part in ("a\n  ::er", "ror::x\n", "##vso[task]\n", "::/0 ::1\n", "#", "#[command]y\n"):
            sys.stdout.write(part); sys.stdout.flush()
    """
    done = passed_on(program, capture_output=True)
    assert done.stdout.splitlines() == ["a", r"  \x3a:error::x", r"\x23#vso[task]", "::/0 ::1", r"\x23#[command]y"]


def test_both_streams_keep_their_order_where_they_lead_to_one_place() -> None:
    program = """
        import sys
        for number in range(200):
            print(number, file=(sys.stdout, sys.stderr)[number % 2], flush=True)
    """
    done = passed_on(program, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.stdout.split() == [str(number) for number in range(200)]


def test_a_reader_that_goes_away_stops_the_words_and_not_the_program(tmp_path: Path) -> None:
    program = f"""
        import pathlib
        for number in range(20000):
            print("word", number, flush=True)
        pathlib.Path({str(tmp_path / "ended")!r}).write_text("well")
    """
    command = [sys.executable, "-c", textwrap.dedent(PASSED_ON), textwrap.dedent(program)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.read(10)
    process.stdout.close()
    process.wait(timeout=60)
    assert (tmp_path / "ended").read_text() == "well"


def test_a_program_goes_on_when_the_one_that_passes_its_words_on_is_killed(tmp_path: Path) -> None:
    """As an engine does in the midst of an apply: words that find no reader do not end it."""
    ready, ended = tmp_path / "ready", tmp_path / "ended"
    os.mkfifo(ready)
    os.mkfifo(ended)
    program = f"""
        import pathlib, signal
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        assert pathlib.Path({str(ready)!r}).read_text() == "killed"
        for number in range(2000):
            print("word", number, flush=True)
        pathlib.Path({str(ended)!r}).write_text("well")
    """
    command = [sys.executable, "-c", textwrap.dedent(PASSED_ON), textwrap.dedent(program)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    with ready.open("w") as gate:  # opened by the program, so it runs
        process.kill()
        process.wait()
        gate.write("killed")
    assert ended.read_text() == "well"
