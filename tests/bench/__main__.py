"""`make bench`: runs every bench of this folder, one after the other, and prints one table, or with --json one JSON value.

A bench is a file bench_*.py whose `--json` prints {what: {figure: value}}. Names after the options run only those
(`python -m tests.bench main_path`).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from egress.cli.output import table

HERE = Path(__file__).resolve().parent


def main() -> int:
    """Exit code 1 when a bench could not be run; a slow one is only shown."""
    names = [file.stem.removeprefix("bench_") for file in sorted(HERE.glob("bench_*.py"))]
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names)}; default: all")
    asked = parser.parse_args()
    if unknown := sorted(set(asked.names) - set(names)):
        parser.error(f"no bench {', '.join(unknown)}, there are {', '.join(names)}")
    measured: dict[str, Any] = {}
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        for name in asked.names or names:
            task = progress.add_task(name, total=1)
            measured[name] = measure(name)
            progress.update(task, completed=1)
    if asked.json:
        print(json.dumps(measured, indent=2))
    else:
        show(measured)
    return 1 if any("failed" in figures for figures in measured.values()) else 0


def measure(name: str) -> dict[str, Any]:
    """What a bench measured, or {"failed": its last words}."""
    command = [sys.executable, "-m", f"tests.bench.bench_{name}", "--json"]
    done = subprocess.run(command, cwd=HERE.parents[1], capture_output=True, text=True, check=False)
    if done.returncode:
        words = (done.stderr or done.stdout).strip() or f"ended with {done.returncode}"
        return {"failed": words.splitlines()[-1]}
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def show(measured: dict[str, Any]) -> None:
    """One table of everything."""
    shown = table("bench", "what", "figure", "value")
    for name, figures in measured.items():
        last = ""
        for what, figure, value in flat(figures):
            shown.add_row(name, what if what != last else "", figure, value)
            name, last = "", what
        shown.add_section()
    Console().print(shown)


def flat(figures: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Rows of (what, figure, value); what lies deeper is named by its way there."""
    for what, values in figures.items():
        if not isinstance(values, dict):
            yield what, "", _said(values)
            continue
        for figure, value in values.items():
            if isinstance(value, dict):
                yield from ((what, f"{figure}: {name}".rstrip(": "), said) for name, _, said in flat(value))
            else:
                yield what, figure, _said(value)


def _said(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


if __name__ == "__main__":
    sys.exit(main())
