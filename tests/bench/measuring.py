"""Measuring programs and calls: what they take, in turns with what they are compared with."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
_OURS = ("EGRESS_", "NSXT_", "TF_", "CDKTF_", "PYTHONDONTWRITEBYTECODE")
"""Where the last is set every command compiles its own source anew, and measures that."""
CLEAN = {key: value for key, value in os.environ.items() if not key.startswith(_OURS)}
CORES = 2


@dataclass(frozen=True)
class Program:
    """A command, where it runs, what its environment has on top of a clean one, and the exit codes that are well."""

    command: Sequence[str | Path]
    cwd: Path
    env: Mapping[str, str] = field(default_factory=dict)
    codes: Sequence[int] = (0,)


@dataclass(frozen=True)
class Taken:
    """What a program took with all that it started: seconds, CPU seconds (user and system), MB at the most."""

    wall: float
    cpu: float
    peak: float


def run(program: Program) -> Taken:
    """Runs it to its end. Errors: RuntimeError with its last words when its exit code is another."""
    with tempfile.TemporaryDirectory(prefix="egress-bench-") as folder:
        output = Path(folder) / "taken.json"
        _run(program, sys.executable, HERE / "process.py", output, *program.command)
        taken = json.loads(output.read_text())
    return Taken(taken["wall"], taken["cpu"], taken["peak"])


def _run(program: Program, *command: str | Path) -> None:
    """Runs a command as a program would be. Errors: as of `run`."""
    done = subprocess.run(
        list(map(str, command)),
        cwd=program.cwd,
        env=CLEAN | dict(program.env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode not in program.codes:
        raise RuntimeError(f"{_short(program.command)} ended with {done.returncode}: {done.stdout.strip()[-2000:]}")


def _short(command: Sequence[str | Path]) -> str:
    return " ".join((Path(command[0]).name, *map(str, command[1:])))


def in_turns(times: int, *programs: Program) -> list[Taken]:
    """The medians of each. They take turns, so that what else the machine does falls on all of them alike."""
    rounds = [[run(program) for program in programs] for _ in range(times)]
    return [median(column) for column in zip(*rounds, strict=True)]


def median(taken: Sequence[Taken]) -> Taken:
    return Taken(*(statistics.median(getattr(one, name) for one in taken) for name in ("wall", "cpu", "peak")))


def at_once(programs: Sequence[Program], workers: int = CORES) -> Taken:
    """Runs programs, so many at a time: seconds until the last has ended, CPU seconds of all, the sum of their peaks as far as they ran together."""
    start = time.perf_counter()
    with ThreadPoolExecutor(workers) as pool:
        taken = list(pool.map(run, programs))
    peaks = sorted((one.peak for one in taken), reverse=True)
    return Taken(time.perf_counter() - start, sum(one.cpu for one in taken), sum(peaks[:workers]))


def seconds_at_once(programs: Sequence[Program], workers: int = CORES) -> float:
    """Seconds until the last of some programs has ended, so many at a time, with nobody beside them: who measures the memory of each is a
    process, too, and costs as much as a third of a short one."""
    start = time.perf_counter()
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(lambda program: _run(program, *program.command), programs))
    return time.perf_counter() - start


def seconds(work: Callable[[], object]) -> float:
    """Wall clock of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def cpu_seconds(work: Callable[[], object]) -> float:
    """CPU of this process for one call."""
    start = time.process_time()
    work()
    return time.process_time() - start


def calls_in_turns(times: int, *calls: Callable[[], object]) -> list[float]:
    """The median seconds of each call, in turns."""
    rounds = [[seconds(call) for call in calls] for _ in range(times)]
    return [statistics.median(column) for column in zip(*rounds, strict=True)]
