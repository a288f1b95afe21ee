"""Several stacks at once: each is worked on in another process, forked from this one, with no more of a manager than its share.

A worker has output of its own, so that no word of it stands among another's, and a group of its own, so that Ctrl-C reaches it from
here and once. A stack ends in it as a command of one stack does: its engine first, then lock and folder. One whose stack has ended well
takes the next. Where this process is killed its workers end themselves (docs/decisions/0027).
"""

from __future__ import annotations

import contextlib
import heapq
import os
import pickle
import selectors
import signal
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import IO, Protocol

from egress import limits
from egress.toolchain.running.worker import LENGTH, Came, Work, be_a_worker, send, signals_held

_TICK = 1.0
"""Seconds between two looks at the clock while nothing is told."""


@dataclass(frozen=True)
class Job:
    """A stack to work on. manager: whose limits count. chain: the jobs of one are done one after the other, in their order. retry: what to do
    where its process dies; left out: look at its plan."""

    name: str
    manager: str
    chain: Hashable
    retry: str = ""


class Watching(Protocol):
    """Who is told how far the work is."""

    def begun(self, name: str) -> None:
        """A job was begun."""

    def said(self, name: str, text: str) -> None:
        """What a job is at."""

    def ended(self, came: Came) -> None:
        """A job has ended."""

    def tick(self) -> None:
        """A moment has passed."""


def can_fork(patience: float = _TICK) -> bool:
    """Whether this process can be forked: one with threads cannot, as a lock that one of them holds would never open.

    Nor can any on macOS, where the system's own libraries start threads (Python, multiprocessing, "Contexts and start methods").
    patience: seconds to wait for each other thread, as one that turned a spinner may be about to end; with 0 none is waited for, so that any
    thread may ask.
    """
    if not hasattr(os, "fork") or sys.platform == "darwin":
        return False
    for thread in threading.enumerate() if patience else ():
        if thread is not threading.current_thread():
            thread.join(patience)
    return threading.active_count() == 1


def slots(jobs: Sequence[Job], at_once: int) -> dict[str, int]:
    """How many jobs of each manager may be under way at a time."""
    chains: dict[str, set[Hashable]] = {}
    for job in jobs:
        chains.setdefault(job.manager, set()).add(job.chain)
    return {manager: min(at_once, len(found), limits.ALTOGETHER) for manager, found in chains.items()}


def work_on(jobs: Sequence[Job], work: Work, at_once: int, watching: Watching, *, go_on: bool) -> None:
    """Works on all jobs, so many at once; `watching` is told of each. go_on: after one that failed others are still begun.

    Errors: KeyboardInterrupt, once every worker was interrupted, has ended and was told; whatever `watching` raises, once every worker has
    come to its end.
    """
    pool = _Pool(jobs, work, at_once, watching, go_on=go_on)
    try:
        pool.run()
    except KeyboardInterrupt:
        pool.end()
        raise
    except BaseException:  # nobody listens any more: no reason to cut an apply off
        pool.finish()
        raise


class Waiting:
    """The jobs that wait, by number, and whose turn it is: the first one whose chain is idle and whose manager takes one more.

    Of each chain the first alone is looked at, and one whose manager takes no more stands aside until a job of that manager has ended.
    So none is looked at twice in vain, however many wait.
    """

    def __init__(self, jobs: Sequence[Job], slots: Mapping[str, int]) -> None:
        self._jobs, self._free = jobs, dict(slots)
        self._chains: dict[Hashable, deque[int]] = {}
        for number, job in enumerate(jobs):
            self._chains.setdefault(job.chain, deque()).append(number)
        self._first = [chain[0] for chain in self._chains.values()]  # in order, so it is a heap
        self._aside: dict[str, list[int]] = {manager: [] for manager in slots}

    def next(self) -> int | None:
        """Takes the one whose turn it is; None where every job that waits has to wait for one that was taken."""
        while self._first:
            number = heapq.heappop(self._first)
            job = self._jobs[number]
            if self._free[job.manager]:
                self._free[job.manager] -= 1
                self._chains[job.chain].popleft()
                return number
            heapq.heappush(self._aside[job.manager], number)
        return None

    def ended(self, number: int) -> None:
        """One that was taken has ended: the next of its chain may follow, and the first of its manager that stands aside."""
        job = self._jobs[number]
        self._free[job.manager] += 1
        if chain := self._chains[job.chain]:
            heapq.heappush(self._first, chain[0])
        if aside := self._aside[job.manager]:
            heapq.heappush(self._first, heapq.heappop(aside))

    def clear(self) -> None:
        """Nobody waits any more."""
        self._first.clear()
        for numbers in (*self._chains.values(), *self._aside.values()):
            numbers.clear()


@dataclass(eq=False)
class _Worker:
    """A process. orders: where it gets its jobs from. number: of its job; None where it waits for one."""

    pid: int
    orders: int
    pipe: int
    files: dict[int, IO[bytes]]
    read: bytearray = field(default_factory=bytearray)
    number: int | None = None


class _Pool:
    """The workers, those that wait among them, and the jobs that wait."""

    def __init__(self, jobs: Sequence[Job], work: Work, at_once: int, watching: Watching, *, go_on: bool) -> None:
        self._jobs, self._work, self._at_once, self._watching, self._go_on = jobs, work, at_once, watching, go_on
        self._slots = slots(jobs, at_once)
        self._waiting = Waiting(jobs, self._slots)
        self._workers: list[_Worker] = []
        self._selector = selectors.DefaultSelector()
        self._alive: tuple[int, ...] = os.pipe()
        self._untold: list[Callable[[], None]] = []

    def run(self) -> None:
        self._begin_all()
        while self._working:
            self._listen()
            self._begin_all()
        self._close()

    @property
    def _working(self) -> list[_Worker]:
        return [worker for worker in self._workers if worker.number is not None]

    def _begin_all(self) -> None:
        """Begins as many as may be under way."""
        while len(self._working) < self._at_once and (number := self._waiting.next()) is not None:
            self._begin(number)

    def finish(self) -> None:
        """Begins no more, and waits for whoever works."""
        self._waiting.clear()
        try:
            self._wait()
        except KeyboardInterrupt:
            self.end()
            raise
        self._close()

    def end(self) -> None:
        """Interrupts whoever works, and waits for them; once more where it is interrupted itself."""
        self._waiting.clear()
        while self._working:
            for worker in self._working:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(worker.pid, signal.SIGINT)
            with contextlib.suppress(KeyboardInterrupt):
                self._wait()
        self._close()

    def _wait(self) -> None:
        while self._working or self._untold:
            with contextlib.suppress(OSError, ValueError):  # our own output may be what is gone
                self._listen()

    def _close(self) -> None:
        """Lets the workers end, which all wait for a job by now. Once more does nothing."""
        with signals_held():
            self._dismiss(*self._workers)
            self._selector.close()
            for end in self._alive:
                os.close(end)
            self._alive = ()

    def _begin(self, number: int) -> None:
        """Gives a job to a worker that waits, or to a new one."""
        job = self._jobs[number]
        waiting = next((worker for worker in self._workers if worker.number is None), None)
        worker = waiting or self._forked()
        with signals_held():  # one that is said to work, and was told of nothing, would be waited for without end
            worker.number = number
            send(worker.orders, (number, limits.Share.of(self._slots[job.manager])))
        self._watching.begun(job.name)

    def _forked(self) -> _Worker:
        streams = (1,) if _one_place() else (1, 2)
        files: dict[int, IO[bytes]] = {stream: tempfile.TemporaryFile(buffering=0) for stream in streams}  # noqa: SIM115 - `_forget` closes them
        (reader, writer), (orders, ordering) = os.pipe(), os.pipe()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        with signals_held():
            pid = os.fork()
            if pid == 0:
                # whoever is at the other end of one is to see that its origin is gone, though this process goes on
                for end in (self._alive[1], ordering, reader, *self._ends()):
                    os.close(end)
                be_a_worker(self._work, orders, writer, files, self._alive[0])
            os.close(writer)
            os.close(orders)
            worker = _Worker(pid, ordering, reader, files)
            self._workers.append(worker)
            self._selector.register(reader, selectors.EVENT_READ, worker)
        return worker

    def _ends(self) -> list[int]:
        """The ends of the workers' pipes that are this process's."""
        return [end for worker in self._workers for end in (worker.orders, worker.pipe)]

    def _listen(self) -> None:
        """Takes what workers say, or lets a moment pass."""
        ready = self._selector.select(_TICK)
        if not ready:
            self._watching.tick()
        with signals_held():
            for key, _ in ready:
                self._hear(key.data)
        while self._untold:
            self._untold.pop(0)()

    def _hear(self, worker: _Worker) -> None:
        raw = os.read(worker.pipe, 1 << 16)
        worker.read += raw
        if not raw:
            self._died(worker)
            return
        while len(worker.read) >= LENGTH:
            end = LENGTH + int.from_bytes(worker.read[:LENGTH])
            if len(worker.read) < end:
                return
            message = pickle.loads(worker.read[LENGTH:end])  # noqa: S301 - our own process, on a pipe that nobody else has
            del worker.read[:end]
            if isinstance(message, Came):
                self._ended(worker, message)
                if not message.well:  # whatever it was, the next job is not to find it
                    self._dismiss(worker)
                return
            if worker.number is not None:
                self._untold.append(partial(self._watching.said, self._jobs[worker.number].name, message))

    def _ended(self, worker: _Worker, came: Came) -> None:
        """The job of a worker has ended, which now waits for another one."""
        number, worker.number = worker.number, None
        if number is None:
            return
        self._waiting.ended(number)
        words = tuple((stream, _taken(file)) for stream, file in worker.files.items())
        came = replace(came, name=self._jobs[number].name, words=words)
        if not came.well and not self._go_on:
            self._waiting.clear()
        self._untold.append(partial(self._watching.ended, came))

    def _died(self, worker: _Worker) -> None:
        """A worker has ended by itself, with its job if it had one."""
        os.close(worker.orders)
        _, status = os.waitpid(worker.pid, 0)
        if worker.number is not None:
            job = self._jobs[worker.number]
            self._ended(worker, Came("", failed=_how_it_died(job.name, status, job.retry)))
        self._forget(worker)

    def _dismiss(self, *workers: _Worker) -> None:
        """Lets workers end that wait for a job, all at once: each has much to give back."""
        for worker in workers:
            os.close(worker.orders)
        for worker in workers:
            os.waitpid(worker.pid, 0)
            self._forget(worker)

    def _forget(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        self._selector.unregister(worker.pipe)
        os.close(worker.pipe)
        for file in worker.files.values():
            file.close()


def _how_it_died(name: str, status: int, retry: str) -> str:
    code = os.waitstatus_to_exitcode(status)
    how = f"was killed by signal {-code}" if code < 0 else f"ended with {code}"
    return f"{name}: the process that worked on it {how} and said nothing: look at this machine, and {retry or f'then egress plan {name}'}"


def _taken(file: IO[bytes]) -> str:
    """What a worker wrote. Its file is empty then, and begins anew: the place in it is the same here and there."""
    file.seek(0)
    text = file.read().decode("utf-8", "backslashreplace")
    file.seek(0)
    file.truncate()
    return text


def _one_place() -> bool:
    try:
        return os.path.sameopenfile(1, 2)
    except OSError:
        return False
