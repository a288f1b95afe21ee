"""A worker: a process that works on one stack after the other, and brings back what came of each, and what it printed."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, NoReturn

from egress import limits
from egress.domain import EgressError, PlanAgainError

_HELD = (signal.SIGINT, signal.SIGTERM, *((signal.SIGHUP,) if hasattr(signal, "SIGHUP") else ()))
LENGTH = 8
"""Bytes of the length before a message."""
_SAID = 500
"""Characters of a line that says how far a worker is. Threads say it, and Ctrl-C may come meanwhile: it has to go through the pipe at once,
which 4,096 bytes do (PIPE_BUF, pipe(7))."""


@dataclass(frozen=True)
class Came:
    """What came of a job.

    value: what the work returned. along: what it is to bring besides, however it ended. words: what it printed, by stream (1
    output, 2 errors). failed: why it did not come to its end. again: the plan it was for is missing or stale.
    """

    name: str
    value: Any = None
    along: Any = None
    failed: str = ""
    again: bool = False
    interrupted: bool = False
    words: tuple[tuple[int, str], ...] = ()

    @property
    def well(self) -> bool:
        """Whether it came to its end."""
        return not self.failed and not self.interrupted


@dataclass(frozen=True)
class Work:
    """What a worker does.

    act: works on the job of this number; it gets what tells this process how far it is. along: what to bring besides, asked for when it
    has ended, and then no more this process's. at_a_terminal: somebody reads its output at one. columns: how wide that is.
    """

    act: Callable[[int, Callable[[str], None]], Any]
    along: Callable[[], Any] = lambda: None
    at_a_terminal: bool = False
    columns: int | None = None


@contextmanager
def signals_held() -> Iterator[None]:
    """What would end us waits until this has ended."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _HELD)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def be_a_worker(work: Work, orders: int, pipe: int, files: Mapping[int, IO[bytes]], alive: int) -> NoReturn:
    """All that a worker ever does: whatever comes out of `orders`, until that is closed. Signals are held but for the work, so that nothing
    else is cut off."""
    try:
        os.setsid()
        _stand_alone(work, files)
        threading.Thread(target=_end_with, args=(alive,), daemon=True).start()
        while (order := received(orders)) is not None:
            number, share = order
            limits.take(share)
            came = _acted(number, work, pipe)
            try:
                send(pipe, came)
            except (pickle.PicklingError, TypeError, AttributeError) as error:
                send(pipe, Came("", failed=f"this is a defect: what was found cannot be brought back: {error}"))
    except BaseException:
        os._exit(1)
    finally:
        os._exit(0)


def _stand_alone(work: Work, files: Mapping[int, IO[bytes]]) -> None:
    """No input, and output that is nobody else's."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - it is there to the end
    for stream, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(files.get(stream, files[1]).fileno(), stream)
        setattr(sys, name, _Kept(stream, getattr(sys, name).encoding, shown=stream == 1 and work.at_a_terminal))
    if work.columns:
        os.environ["COLUMNS"] = str(work.columns)


class _Kept(io.TextIOWrapper):
    """A stream that is kept for later. shown: at a terminal, so that whoever writes may use colours."""

    def __init__(self, file: int, encoding: str | None, *, shown: bool) -> None:
        raw = open(file, "wb", buffering=0, closefd=False)  # noqa: SIM115 - it is there to the end
        super().__init__(raw, encoding or "utf-8", errors="backslashreplace", write_through=True)
        self._shown = shown

    def isatty(self) -> bool:
        """What the stream is at in the end."""
        return self._shown


def _end_with(alive: int) -> None:
    """Ends this worker, politely, when the process that began it is gone."""
    os.read(alive, 1)  # it never writes: this returns when its end of the pipe is closed
    os.kill(os.getpid(), signal.SIGINT)


def _acted(number: int, work: Work, pipe: int) -> Came:
    value, failed, again, interrupted = None, "", False, False
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HELD)
        value = work.act(number, lambda text: send(pipe, text[:_SAID]))
    except KeyboardInterrupt:
        interrupted = True
    except EgressError as error:
        failed, again = str(error), isinstance(error, PlanAgainError)
    except OSError as error:
        failed = f"cannot go on: {error.filename or ''} {error.strerror or error}".replace("  ", " ")
    except Exception as error:
        failed = f"this is a defect: {type(error).__name__}: {error}"
        if os.environ.get("EGRESS_DEBUG") == "1":
            traceback.print_exc()
    finally:
        signal.pthread_sigmask(signal.SIG_BLOCK, _HELD)
    return Came("", value, work.along(), failed, again, interrupted)


def send(pipe: int, message: Any) -> None:
    """Puts a message into a pipe. Nothing is wrong where nobody listens any more: the work is brought to its end."""
    raw = pickle.dumps(message)
    raw = len(raw).to_bytes(LENGTH) + raw
    with contextlib.suppress(BrokenPipeError):
        while raw:
            raw = raw[os.write(pipe, raw) :]


def received(pipe: int) -> Any:
    """The next message of a pipe that carries one at a time; None once its other end is closed."""
    length = os.read(pipe, LENGTH)
    return pickle.loads(os.read(pipe, int.from_bytes(length))) if length else None  # noqa: S301 - from the process that forked this one
