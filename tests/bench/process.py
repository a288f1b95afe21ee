"""Runs a program to its end and says what it cost, with all that it started: python tests/bench/process.py OUTPUT COMMAND...

A process of its own, because what a program leaves behind (jsii's Node) has to come to somebody who waits for it: its CPU would be missed else.
Writes {"code", "wall", "cpu", "peak"} to OUTPUT: seconds, seconds, MB. Linux.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

LOOKS = 0.03
"""Seconds between two looks at the memory, at least."""
BETWEEN = 50
"""So many times as long as a look takes nobody looks: the kernel counts all pages of a process for it, and several hundred megabytes take a core."""
PR_SET_CHILD_SUBREAPER = 36  # prctl(2)


def main(output: Path, command: Sequence[str]) -> int:
    """The program's own output goes where ours goes. Exit code: the program's."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    start = time.perf_counter()
    with Peak() as peak, subprocess.Popen(command) as running:
        running.wait()  # without a limit of time, as Python would look for the end of it only now and then
        wall = time.perf_counter() - start
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = spent.ru_utime + spent.ru_stime
    output.write_text(json.dumps({"code": running.returncode, "wall": wall, "cpu": cpu, "peak": peak.bytes / 1e6}))
    return running.returncode


class Peak:
    """The most memory that what this process starts holds at a time, looked at now and then in a thread of its own."""

    def __init__(self) -> None:
        self.bytes = 0
        self._enough = threading.Event()
        self._looking = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._looking.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self._looking.join()

    def _look(self) -> None:
        pause = LOOKS
        while not self._enough.wait(pause):
            start = time.perf_counter()
            self.bytes = max(self.bytes, below(os.getpid()) - resident(os.getpid()))
            pause = max(LOOKS, BETWEEN * (time.perf_counter() - start))


def resident(pid: int) -> int:
    """Bytes of memory that a process holds, of pages that several share its part (Pss, proc(5)); 0 when it is gone."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def below(pid: int) -> int:
    """The same of a process and all that it started."""
    children: set[int] = set()
    with contextlib.suppress(OSError):
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = {int(child) for task in tasks for child in (task / "children").read_text().split()}
    return resident(pid) + sum(below(child) for child in children)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
