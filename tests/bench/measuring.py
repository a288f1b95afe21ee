"""Measuring programs: how long they take, in turns with what they are compared with, and how much memory they hold."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")


def seconds(work: Callable[[], object]) -> float:
    """Wall clock of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def in_turns(times: int, *peers: Callable[[], object]) -> list[float]:
    """The median seconds of each peer. They take turns, so that what else the machine does falls on all of them alike."""
    taken = [[seconds(peer) for peer in peers] for _ in range(times)]
    return [statistics.median(column) for column in zip(*taken, strict=True)]


def compared(times: int, ours: Callable[[], object], theirs: Callable[[], object], aim: float) -> dict[str, float]:
    """Both medians and how they stand to each other."""
    a, b = in_turns(times, ours, theirs)
    return {"ours s": round(a, 2), "peer s": round(b, 2), "times": round(a / b, 2), "aim times": aim, "runs": times}


def program(command: Sequence[str | Path], cwd: Path, env: Mapping[str, str], codes: Sequence[int] = (0,)) -> str:
    """Runs a program to its end and returns its output. Errors: RuntimeError with its words when its exit code is another."""
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    if done.returncode not in codes:
        raise RuntimeError(f"{command} ended with {done.returncode}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def together(commands: Sequence[tuple[Sequence[str | Path], Path, Mapping[str, str]]]) -> tuple[float, float]:
    """Runs programs at once; returns seconds until the last has ended, and the peak of their summed memory in MB.

    Memory is the resident set of the programs and all that they started, looked at every 50 ms; pages that processes share
    count once for each of them, so it is rather too much than too little.
    """
    start, peak = time.perf_counter(), 0
    with tempfile.TemporaryFile("w+") as words:
        running = [
            subprocess.Popen(command, cwd=cwd, env=env, stdout=words, stderr=words) for command, cwd, env in commands
        ]
        while any(process.poll() is None for process in running):
            peak = max(peak, sum(resident(process.pid) for process in running))
            time.sleep(0.05)
        taken = time.perf_counter() - start
        if any(process.returncode for process in running):
            words.seek(0)
            raise RuntimeError(f"ended with {[process.returncode for process in running]}: {words.read()[-2000:]}")
    return taken, peak / 1e6


def resident(pid: int) -> int:
    """Bytes of memory that a process and its children hold; 0 when it is gone."""
    try:
        own = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
        tasks = Path(f"/proc/{pid}/task").iterdir()
        children = {int(child) for task in tasks for child in (task / "children").read_text().split()}
    except (OSError, IndexError):
        return 0
    return own + sum(resident(child) for child in children)
