"""Passing on what a program says while it runs, made fit for a terminal: colours stay, nothing else in it acts.

The program gets the reading end of its own pipes as well. So it finds a reader even where `egress` was killed: an engine whose
words find none would be ended by SIGPIPE in the midst of an apply.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from egress.escape import Colours, Stream

_SECONDS = 5.0
"""How long the last words of an ended program are waited for: a child of its own may hold its output open for ever."""
_HELD_BYTES = 1 << 20
"""Room for the words of a program whose egress was killed (the most that Linux gives without being asked by root)."""


@dataclass(frozen=True)
class Pipes:
    """What a program gets: files for its output and its errors, and the files that it is to inherit."""

    out: int
    err: int
    inherited: tuple[int, ...]


@contextmanager
def passing_on(*, told_no_colours: bool) -> Iterator[Pipes]:
    """While this lasts, what is written into the pipes is passed on. Where both of our own streams lead to one place, there is one
    pipe, and the words keep their order. told_no_colours: whatever looks like a colour then is a value, and is shown."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    readers, writers, threads = [], [], []
    try:
        for target in (1,) if _one_place() else (1, 2):
            reader, writer = os.pipe()
            readers.append(reader)
            writers.append(writer)
            _widen(writer)
            arguments = (reader, target, _colours(target, told_no_colours))
            threads.append(threading.Thread(target=_pass, args=arguments, daemon=True))
            threads[-1].start()
        yield Pipes(writers[0], writers[-1], tuple(readers))
    finally:
        for writer in writers:
            os.close(writer)
        for thread, reader in zip(threads, readers, strict=True):
            thread.join(_SECONDS)
            if not thread.is_alive():
                os.close(reader)


def _pass(source: int, target: int, colours: Colours) -> None:
    """To the end of the words, whatever becomes of ours: a reader that goes away stops the words and nothing else."""
    decoder, stream = codecs.getincrementaldecoder("utf-8")("replace"), Stream(colours)
    while raw := os.read(source, 1 << 16):
        _write(target, stream.feed(decoder.decode(raw)))
    _write(target, stream.feed(decoder.decode(b"", final=True)) + stream.end())


def _write(target: int, text: str) -> None:
    raw = text.encode("utf-8", "backslashreplace")
    with contextlib.suppress(OSError):
        while raw:
            raw = raw[os.write(target, raw) :]


def _widen(pipe: int) -> None:
    with contextlib.suppress(ImportError, OSError, AttributeError):  # Linux alone has it
        import fcntl

        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _HELD_BYTES)


def _colours(target: int, told_none: bool) -> Colours:
    if told_none:
        return Colours.SHOWN
    shown = (sys.stdout if target == 1 else sys.stderr).isatty()
    return Colours.KEPT if shown and not os.environ.get("NO_COLOR") else Colours.LEFT_OUT


def _one_place() -> bool:
    try:
        return os.path.sameopenfile(1, 2)
    except OSError:
        return False
