"""Ctrl-C, with real processes and real signals."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

from egress.toolchain.processes import run

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
from egress.toolchain.processes import run
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
