"""Passing on what a program says while it runs, made fit for a terminal: colours stay, nothing else in it acts.

A process of its own does it (`python -m egress.toolchain.passing`), in a session of its own: where `egress` is killed, the engine
goes on, and an engine whose words find no reader would be ended by SIGPIPE in the midst of an apply.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from egress.escape import Colours, Stream

_SECONDS = 5.0
"""How long the last words of an ended program are waited for: a child of its own may hold its output open for ever."""


@contextmanager
def passing_on(*, told_no_colours: bool) -> Iterator[tuple[int, int]]:
    """Yields two files for a program to write its output and its errors to. Where both of ours lead to one place, they are
    one, and the words keep their order. told_no_colours: whatever looks like a colour then is a value, and is shown."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    helpers: list[subprocess.Popen[bytes]] = []
    ends: list[int] = []
    try:
        for target in (1,) if _one_place() else (1, 2):
            read, write = os.pipe()
            ends.append(write)
            try:
                helpers.append(_helper(read, target, _colours(target, told_no_colours)))
            finally:
                os.close(read)
        yield ends[0], ends[-1]
    finally:
        for end in ends:
            os.close(end)
        for helper in helpers:
            with contextlib.suppress(subprocess.TimeoutExpired):
                helper.wait(_SECONDS)


def _colours(target: int, told_none: bool) -> Colours:
    if told_none:
        return Colours.SHOWN
    return Colours.KEPT if os.isatty(target) and not os.environ.get("NO_COLOR") else Colours.LEFT_OUT


def _helper(source: int, target: int, colours: Colours) -> subprocess.Popen[bytes]:
    """`-P`: what lies in the current folder is not taken for a module."""
    command = [sys.executable, "-P", "-m", __name__, colours]
    return subprocess.Popen(command, stdin=source, stdout=target, start_new_session=True)


def _one_place() -> bool:
    try:
        return os.path.sameopenfile(1, 2)
    except OSError:
        return False


def main(colours: str) -> None:
    """Reads to the end of its input, whatever becomes of its output: a reader that goes away stops the words and nothing else."""
    decoder, stream = codecs.getincrementaldecoder("utf-8")("replace"), Stream(Colours(colours))
    while raw := os.read(0, 1 << 16):
        _write(stream.feed(decoder.decode(raw)))
    _write(stream.feed(decoder.decode(b"", final=True)) + stream.end())


def _write(text: str) -> None:
    raw = text.encode("utf-8", "backslashreplace")
    with contextlib.suppress(OSError):
        while raw:
            raw = raw[os.write(1, raw) :]


if __name__ == "__main__":
    main(sys.argv[1])
