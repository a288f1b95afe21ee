"""What goes to a terminal: entries of lists, folded so that a narrow terminal shows them whole."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

CODE = """
from egress.cli.output import entry
entry("rule wld01-egress-supervisor: translated network: 10.27.51.145 -> 10.27.51.99")
entry("default route: next hop 10.27.51.1 -> 10.27.51.2", mark=("~", "yellow"))
entry("x" * 100 + "\\n\\x1b[31m and [bold]more[/]")
"""
SHOWN = "x" * 100 + r"\n\x1b[31m and [bold]more[/]"


def at_a_terminal(code: str, columns: int) -> list[str]:
    """What a program prints on a terminal of so many columns, without its colours."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    env = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "LINES", "NO_COLOR")} | {
        "TERM": "xterm"
    }
    process = subprocess.Popen([sys.executable, "-c", code], stdin=theirs, stdout=theirs, stderr=theirs, env=env)
    os.close(theirs)
    printed = b""
    while True:
        try:
            piece = os.read(ours, 1 << 16)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        printed += piece
    assert process.wait() == 0, printed
    os.close(ours)
    return re.sub(r"\x1b\[[0-9;]*m", "", printed.decode()).splitlines()


def test_an_entry_is_folded_between_words_on_a_terminal_of_60_columns() -> None:
    assert at_a_terminal(CODE, 60)[:3] == [
        "rule wld01-egress-supervisor: translated network:",
        "    10.27.51.145 -> 10.27.51.99",
        "~ default route: next hop 10.27.51.1 -> 10.27.51.2",
    ]


def test_an_entry_that_goes_into_a_file_is_one_line_whatever_columns_says() -> None:
    env = os.environ | {"COLUMNS": "60"}
    done = subprocess.run([sys.executable, "-c", CODE], env=env, text=True, capture_output=True, check=True)
    assert done.stdout.splitlines() == [
        "rule wld01-egress-supervisor: translated network: 10.27.51.145 -> 10.27.51.99",
        "~ default route: next hop 10.27.51.1 -> 10.27.51.2",
        SHOWN,
    ]


LOADED = """
import sys
import egress.cli
egress.cli.run(["--root", sys.argv[1], "check", "--no-what-if"])
print("rich.console" in sys.modules)
"""


def test_what_check_says_is_the_same_with_and_without_colours_and_rich_is_loaded_for_these_alone() -> None:
    """FORCE_COLOR: rich's own word for colours that go into a file."""
    root = str(Path(__file__).parents[2])
    env = {key: value for key, value in os.environ.items() if key not in ("FORCE_COLOR", "NO_COLOR")}
    said = {
        forced: subprocess.run(
            [sys.executable, "-c", LOADED, root], env=env | forced_by, text=True, capture_output=True, check=True
        ).stdout.splitlines()
        for forced, forced_by in ((False, {}), (True, {"FORCE_COLOR": "1", "TERM": "xterm"}))
    }
    assert said[False][-1].startswith("False")
    assert said[True][-1].startswith("True")
    assert any("\x1b[36m: note: \x1b[0m" in line for line in said[True])
    assert [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in said[True][:-1]] == said[False][:-1]
