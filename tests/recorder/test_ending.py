"""A program on the recorder ends as any other does, though what it made is not taken apart."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ENDS = """
import atexit, sys, threading
from concurrent.futures import ThreadPoolExecutor

atexit.register(print, "at the end")
kept = ThreadPoolExecutor(1)
kept.submit(print, "in a pool")
threading.Timer(0.1, print, ["in a thread"]).start()
print("at last", end=" ")
sys.stderr.write("a note")
"""


def test_threads_pools_and_what_was_registered_for_the_end_come_to_theirs(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(ENDS)
    ended = [
        subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
        for command in (
            [sys.executable, "main.py"],
            [sys.executable, "-m", "egress.recorder", "main.py", "why"],
        )
    ]
    (alone, recorded) = [(done.returncode, sorted(done.stdout.split()), done.stderr) for done in ended]
    assert recorded == alone
    assert ended[1].stdout.endswith("at the end\n")


def test_output_that_cannot_be_written_is_told_as_python_tells_it(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("print('much')\n")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "egress.recorder", "main.py", "why"],
            cwd=tmp_path,
            env={key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 120
    assert "No space left on device" in done.stderr
