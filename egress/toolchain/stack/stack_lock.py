"""One run at a time works on a stack of this checkout: an exclusive lock, and who holds it.

The operating system holds the lock for as long as any process has the file open. The engine inherits it: where `egress` was
killed and its engine goes on, the stack stays locked until the engine ends. A process that died leaves nothing behind but a note.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

import portalocker

from egress.domain import EgressError

_PAUSE = 0.1
"""Seconds between two tries while waiting."""
GRACE = 5.0
"""Seconds that an engine gets to end after each signal."""
_WAIT = "wait until it has ended, or give --lock-timeout 5m"


@dataclass(frozen=True)
class Holder:
    """Who holds a lock: the command, its process and machine, since when (seconds since 1970), and the engine it runs."""

    command: str
    pid: int
    machine: str
    since: float
    engine: int | None = None

    def __str__(self) -> str:
        since = datetime.fromtimestamp(self.since).astimezone()
        day = "" if since.date() == datetime.now().astimezone().date() else f"{since:%Y-%m-%d} "
        elsewhere = "" if self.machine == socket.gethostname() else f" on {self.machine}"
        return f"{self.command} (process {self.pid}{elsewhere}, since {day}{since:%H:%M:%S})"

    @property
    def gone(self) -> bool:
        """Whether the process has ended, as far as this machine can know."""
        return self.machine == socket.gethostname() and not is_alive(self.pid)


class Held:
    """A lock that this process holds."""

    def __init__(self, file: int, note: Path, holder: Holder) -> None:
        self.file = file
        """The open file that carries the lock; a process that inherits it keeps the lock."""
        self._note, self._holder = note, holder

    def engine(self, pid: int) -> None:
        """Remembers which process the engine is, for those who meet the lock after this process was killed."""
        self._holder = replace(self._holder, engine=pid)
        self.write()

    def write(self) -> None:
        """Writes who holds the lock beside it."""
        self._note.write_text(json.dumps(asdict(self._holder)) + "\n", encoding="utf-8")


@contextmanager
def held(
    folder: Path, stack: str, command: str, wait: float = 0, way_out: str = _WAIT
) -> Iterator[tuple[Held, Holder | None]]:
    """Holds the lock of a stack; yields it, and the holder that died without letting go, if the last one did.

    folder: where locks lie. wait: seconds to wait for another holder. way_out: what to do meanwhile, in words.
    Errors: EgressError that names the holder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    note = folder / f"{stack}.held.json"
    file = os.open(folder / f"{stack}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _lock(file, stack, note, wait, way_out)
        left_by = _holder(note)
        mine = Held(file, note, Holder(command, os.getpid(), socket.gethostname(), time.time()))
        mine.write()
        try:
            yield mine, left_by
        finally:
            note.unlink(missing_ok=True)
    finally:
        os.close(file)


def orphan(folder: Path, stack: str) -> Holder | None:
    """The holder that was killed while its engine goes on and keeps the lock of a stack; None where the lock is free, or somebody is alive."""
    try:
        file = os.open(folder / f"{stack}.lock", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        portalocker.lock(file, portalocker.LockFlags.EXCLUSIVE | portalocker.LockFlags.NON_BLOCKING)
    except portalocker.exceptions.AlreadyLocked:
        holder = _holder(folder / f"{stack}.held.json")
        if holder is None or not holder.gone or holder.engine is None:
            return None
        return holder if _has_open(holder.engine, folder / f"{stack}.lock") else None
    finally:
        os.close(file)
    return None


def _has_open(pid: int, file: Path) -> bool:
    """Whether a process has a file open: a number may be another process's by now. True where the system does not tell."""
    opened = Path(f"/proc/{pid}/fd")
    try:
        return any(_same(one, file) for one in opened.iterdir())
    except OSError:
        return is_alive(pid)


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:  # closed meanwhile, or no file
        return False


def end_engine(folder: Path, stack: str) -> None:
    """Ends the engine that its command left behind: asks it twice, as Ctrl-C would, so that it saves its state, then kills it with what it started.

    Errors: EgressError where there is none any more, or it does not end.
    """
    for number in (signal.SIGINT, signal.SIGINT, signal.SIGKILL):
        holder = orphan(folder, stack)
        if holder is None or holder.engine is None:
            return
        with contextlib.suppress(ProcessLookupError):
            if number is signal.SIGKILL:
                os.killpg(holder.engine, number)  # every engine leads a process group of its own
            else:
                os.kill(holder.engine, number)
        deadline = time.monotonic() + GRACE
        while time.monotonic() < deadline and orphan(folder, stack):
            time.sleep(_PAUSE)
    if orphan(folder, stack):
        raise EgressError(f"the engine that works on {stack} does not end: look at that machine")


def _lock(file: int, stack: str, note: Path, wait: float, way_out: str) -> None:
    deadline = time.monotonic() + wait
    while True:
        try:
            portalocker.lock(file, portalocker.LockFlags.EXCLUSIVE | portalocker.LockFlags.NON_BLOCKING)
            return
        except portalocker.exceptions.AlreadyLocked:
            if time.monotonic() >= deadline:
                raise EgressError(_refusal(stack, _holder(note), wait, way_out)) from None
        time.sleep(_PAUSE)


def _refusal(stack: str, holder: Holder | None, waited: float, way_out: str) -> str:
    still = f", still after {waited:g} s" if waited else ""
    if holder is None:
        return f"another run works on {stack}{still}: {way_out}"
    if holder.gone and holder.engine is not None:
        return (
            f"{holder} was killed while its engine worked on {stack}, and the engine (process {holder.engine}) goes on"
            f"{still}: {way_out}; if it hangs: egress unlock {stack}"
        )
    return f"{holder} works on {stack}{still}: {way_out}"


def _holder(note: Path) -> Holder | None:
    """Who says to hold the lock. The note only informs, so one that cannot be read is none."""
    try:
        return Holder(**json.loads(note.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def is_alive(pid: int) -> bool:
    """Whether a process of this machine goes on."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
