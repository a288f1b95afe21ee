"""A Python program in a process forked from this one: what is loaded here it need not load once more.

For what it does the process is a new one: its directory, environment, arguments, input, output and signals are its own, and what was to
happen at the end of this process happens here alone.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import signal
import sys
import tempfile
import time
import traceback
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, NoReturn

from egress.ending import end_of_program
from egress.toolchain.running.processes import GRACE, Ended
from egress.toolchain.running.worker import signals_held

_STREAMS = {1: "stdout", 2: "stderr"}


@dataclass
class Forked:
    """A process that was begun, and the files that its words go into."""

    pid: int
    files: Mapping[int, IO[bytes]]
    _code: int | None = field(default=None, init=False)

    def ended(self) -> Ended:
        """How it ended, once it has."""
        if self._code is None:
            _, status = os.waitpid(self.pid, 0)
            self._code = os.waitstatus_to_exitcode(status)
        return Ended(self._code, *(_read(self.files[stream]) for stream in _STREAMS))

    def end(self) -> None:
        """Ends it, if it goes on: politely, and after a while by force."""
        if self._code is not None:
            return
        try:
            os.kill(self.pid, signal.SIGINT)
            deadline = time.monotonic() + GRACE
            while not self._gone() and time.monotonic() < deadline:
                time.sleep(0.01)
        finally:
            if not self._gone():
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                self._code = -signal.SIGKILL

    def _gone(self) -> bool:
        if self._code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._code = os.waitstatus_to_exitcode(status)
        return self._code is not None


@contextmanager
def forked(program: Callable[[], None], *, cwd: Path, env: Mapping[str, str]) -> Iterator[Forked]:
    """Begins a program in a process of its own and goes on; what still runs of it when the context ends is ended.

    program: what it does; an exception of it ends it with a traceback and 1, as it would at a program's top. Only where `workers.can_fork`.
    """
    with contextlib.ExitStack() as held:
        files = {stream: held.enter_context(tempfile.TemporaryFile()) for stream in _STREAMS}
        for name in _STREAMS.values():
            getattr(sys, name).flush()
        with signals_held():
            pid = os.fork()
            if pid == 0:
                _be(program, files, cwd, env)
        process = Forked(pid, files)
        try:
            yield process
        finally:
            process.end()


def _be(program: Callable[[], None], files: Mapping[int, IO[bytes]], cwd: Path, env: Mapping[str, str]) -> NoReturn:
    """All that the process ever does."""
    code = 1
    try:
        gc.disable()  # whatever is there stays, and the end is near
        os.setsid()
        _forget_ends()
        _stand_alone(files, cwd, env)
        code = _run(program)
    finally:
        os._exit(code)


def _forget_ends() -> None:
    """What is to happen at the end of this process's origin is not to happen here: folders would be removed that it still needs. The
    libraries have no public way to say so."""
    atexit._clear()
    weakref.finalize._registry.clear()  # type: ignore[attr-defined]
    weakref.finalize._registered_with_atexit = False  # type: ignore[attr-defined]


def _stand_alone(files: Mapping[int, IO[bytes]], cwd: Path, env: Mapping[str, str]) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - it is there to the end
    for stream, name in _STREAMS.items():
        os.dup2(files[stream].fileno(), stream)
        before = getattr(sys, f"__{name}__") or getattr(sys, name)
        errors = "backslashreplace" if stream == 2 else before.errors  # as Python opens them
        setattr(sys, name, open(stream, "w", encoding=before.encoding, errors=errors, closefd=False))  # noqa: SIM115 - as above
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    for polite in ("SIGTERM", "SIGHUP"):
        signal.signal(getattr(signal, polite), signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _run(program: Callable[[], None]) -> int:
    """The exit code of a program, once all that it began has come to its end, as the interpreter would have it."""
    code = 0
    try:
        program()
    except SystemExit as end:
        code = _code(end)
    except BaseException:
        traceback.print_exc()
        code = 1
    end_of_program()
    return code


def _code(end: SystemExit) -> int:
    if end.code is None or isinstance(end.code, int):
        return (end.code or 0) & 0xFF
    sys.stderr.write(f"{end.code}\n")
    return 1


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "replace").replace("\r\n", "\n")
