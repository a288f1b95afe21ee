"""Running other programs: their own words pass through, Ctrl-C reaches them once, and nothing is left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from egress.domain import EgressError
from egress.toolchain.running.passing import Pipes, passing_on

GRACE = 30.0
"""Seconds that a program gets to end by itself after an interrupt, before it is killed."""
_TICK = 1.0
"""Seconds between two looks at what goes on beside a program."""


@dataclass(frozen=True)
class Ended:
    """How a program ended. `out` and `err` are empty where they were passed through."""

    code: int
    out: str = ""
    err: str = ""


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    capture: bool = True,
    ask: bool = False,
    keep_open: Sequence[int] = (),
    started: Callable[[int], None] | None = None,
    meanwhile: Callable[[], None] | None = None,
) -> Ended:
    """Runs a program to its end. With `capture=False` its words are passed on, with `ask` it may read our input as well.

    keep_open: open files that the program inherits. started: is told the program's process number. meanwhile: is called once a second; an
    EgressError of it ends the program, as Ctrl-C would, unless it has ended.

    The program gets a process group of its own, so that Ctrl-C reaches it exactly once, from here: an engine that is
    interrupted twice gives up without saving its state. Errors: FileNotFoundError; KeyboardInterrupt, and that of `meanwhile`, after it
    has ended.
    """
    if capture:
        pipes = Pipes(subprocess.PIPE, subprocess.PIPE, ())
        return _run(command, cwd, env, ask, keep_open, started, meanwhile, pipes)
    with passing_on(told_no_colours="-no-color" in command) as pipes:
        return _run(command, cwd, env, ask, keep_open, started, meanwhile, pipes)


def _run(
    command: Sequence[str | Path],
    cwd: Path | None,
    env: Mapping[str, str] | None,
    ask: bool,
    keep_open: Sequence[int],
    started: Callable[[int], None] | None,
    meanwhile: Callable[[], None] | None,
    pipes: Pipes,
) -> Ended:
    process = subprocess.Popen(
        [str(part) for part in command],
        cwd=cwd,
        env=None if env is None else dict(env),
        stdin=None if ask else subprocess.DEVNULL,
        stdout=pipes.out,
        stderr=pipes.err,
        start_new_session=not ask,
        pass_fds=(*keep_open, *pipes.inherited),
    )
    try:
        if started:
            started(process.pid)
        out, err = _communicated(process, meanwhile)
    except BaseException:
        _end(process, reached=ask)
        raise
    return Ended(process.returncode, _text(out), _text(err))


def _communicated(
    process: subprocess.Popen[bytes], meanwhile: Callable[[], None] | None
) -> tuple[bytes | None, bytes | None]:
    """What a program said, once it has ended."""
    while meanwhile:
        try:
            return process.communicate(timeout=_TICK)
        except subprocess.TimeoutExpired:
            pass
        try:
            meanwhile()
        except EgressError:
            if process.poll() is None:
                raise
    return process.communicate()


def _text(raw: bytes | None) -> str:
    return (raw or b"").decode("utf-8", "replace").replace("\r\n", "\n")


def _end(process: subprocess.Popen[bytes], *, reached: bool) -> None:
    """Ends a program politely, then by force. `reached`: Ctrl-C has reached it already, as it shares our terminal."""
    try:
        if not reached:
            process.send_signal(signal.SIGINT)
        process.communicate(timeout=GRACE)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        with contextlib.suppress(ProcessLookupError):
            if reached:
                process.kill()
            else:
                os.killpg(process.pid, signal.SIGKILL)
        process.wait()
