"""Draws docs/pictures/demo.svg: what `make demo` shows on a terminal, and from it the moving picture of the README (moving_picture.py).
Run it: .venv/bin/python tools/record_demo.py

The picture is the same after every run: what differs from run to run (ports, durations, which edge a flow meets) becomes dots.
"""

from __future__ import annotations

import io
import os
import re
import sys
from pathlib import Path

import demo  # type: ignore[import-not-found]  # beside this file
import moving_picture  # type: ignore[import-not-found]  # beside this file
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "pictures" / "demo.svg"
COLUMNS = 112
DIFFERENT_EVERY_TIME = [
    (r"127\.0\.0\.1:\d+", "127.0.0.1:…"),
    (r"in [\d.]+ (ms|s)\b", r"in … \1"),
    (r"(Read complete after )\d+s", r"\1…s"),
    (r"(T0-wld01/edge0)\d( has no route)", r"\1…\2"),
]


def main() -> int:
    """Runs the demo and draws it. Exit code 1, with what it said, when it did not go as told."""
    shown = io.StringIO()
    os.environ["COLUMNS"] = str(COLUMNS)
    os.environ.pop("KEEP", None)
    demo.console = Console(
        file=shown, width=COLUMNS, force_terminal=True, color_system="truecolor", highlight=False, soft_wrap=True
    )
    failed = int(demo.main())
    if failed:
        print(shown.getvalue())
        return failed
    PICTURE.write_text(draw(steady(shown.getvalue())))
    print(f"{PICTURE}: {PICTURE.stat().st_size // 1024} kB")
    return int(moving_picture.main())


def steady(shown: str) -> str:
    """The demo's output without what differs from run to run."""
    for pattern, dots in DIFFERENT_EVERY_TIME:
        shown = re.sub(pattern, dots, shown)
    return shown


def draw(shown: str) -> str:
    """An SVG picture of a terminal that shows this. It fetches nothing: rich's own format asks a server for its font."""
    terminal = Console(record=True, file=io.StringIO(), width=COLUMNS, force_terminal=True, color_system="truecolor")
    terminal.print("$ make demo", highlight=False)
    for line in shown.rstrip().split("\n"):
        terminal.print(Text.from_ansi(line.rstrip()), highlight=False)
    own_fonts = re.sub(r"@font-face \{\{.*?\}\}\n", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    picture = terminal.export_svg(title="make demo", code_format=own_fonts, unique_id="demo")
    return re.sub(r"[ \t]+\n", "\n", picture)


if __name__ == "__main__":
    sys.exit(main())
