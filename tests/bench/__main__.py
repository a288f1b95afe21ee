"""`make bench`: measures everything that the aims name, beside its peers, and prints one table; with --json one JSON value.

A bench is a file bench_*.py whose rows(sizes) gives figures; `growth` is the curves from 10 to 10,000. Names after the options run only
those (`python -m tests.bench synth plan`). Reports, never fails because something is slow.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from egress.cli.output import table
from tests.bench import growth, page
from tests.bench.rows import SMALL, Row, Sizes

HERE = Path(__file__).resolve().parent
GROWTH = "growth"
NAMES = (*(file.stem.removeprefix("bench_") for file in sorted(HERE.glob("bench_*.py"))), GROWTH)


@dataclass
class Measured:
    """What came out: rows, curves, and the last words of benches that could not be run."""

    rows: list[Row] = field(default_factory=list)
    curves: dict[str, growth.Curve] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def as_data(self) -> dict[str, Any]:
        return {
            "machine": machine(),
            "rows": [row.as_data() for row in self.rows],
            "curves": self.curves,
            "failed": self.failed,
        }


def machine() -> dict[str, Any]:
    return {"python": platform.python_version(), "cores": os.cpu_count(), "load before": round(os.getloadavg()[0], 1)}


def main() -> int:
    """Exit code 1 when a bench could not be run."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON value")
    parser.add_argument(
        "--small", action="store_true", help="a few of everything, once: shows that the benches run, and nothing else"
    )
    parser.add_argument(
        "--write", action="store_true", help="write docs/speed.md and its picture, too: wants all benches"
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; default: all")
    asked = parser.parse_args()
    if unknown := sorted(set(asked.names) - set(NAMES)):
        parser.error(f"no bench {', '.join(unknown)}, there are {', '.join(NAMES)}")
    if asked.write and (asked.names or asked.small):
        parser.error("--write wants all benches at their full size")
    machine_before = machine()
    measured = measure(asked.names or NAMES, SMALL if asked.small else Sizes())
    if asked.json:
        print(json.dumps(measured.as_data() | {"machine": machine_before}, indent=2))
    else:
        show(measured)
    if asked.write and not measured.failed:
        page.write(measured.rows, measured.curves, machine_before)
    return 1 if measured.failed else 0


def measure(names: Sequence[str], sizes: Sizes) -> Measured:
    """Runs benches one after the other; one that breaks hides none of the others."""
    measured = Measured()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        for name in names:
            task = progress.add_task(name, total=1)

            def tell(what: str, task: Any = task, name: str = name) -> None:
                progress.update(task, description=f"{name}: {what}")

            try:
                for row in _rows(name, sizes, measured, tell):
                    tell(row.what)
                    measured.rows.append(row)
            except Exception as error:
                words = str(error).strip() or type(error).__name__
                measured.failed[name] = words.splitlines()[-1]
            progress.update(task, completed=1, description=name)
    return measured


def _rows(name: str, sizes: Sizes, measured: Measured, tell: Callable[[str], None]) -> Iterator[Row]:
    if name == GROWTH:
        measured.curves = growth.curves(sizes, tell)
        yield from growth.rows(measured.curves)
    else:
        yield from importlib.import_module(f"tests.bench.bench_{name}").rows(sizes)


def show(measured: Measured) -> None:
    """One table of everything, and what could not be run."""
    shown = table("what", "figure", "aim", "beside")
    for row in measured.rows:
        shown.add_row(*row.cells())
    Console().print(shown)
    for name, words in measured.failed.items():
        Console(stderr=True).print(f"{name} could not be run: {words}", markup=False)


if __name__ == "__main__":
    sys.exit(main())
