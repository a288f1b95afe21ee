"""What a command costs before it does anything."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.bench.measuring import Program, in_turns
from tests.bench.rows import Row, Sizes
from tests.e2e.sites import EGRESS, project


def rows(sizes: Sizes) -> Iterator[Row]:
    """CPU of `egress --help` and of `egress check` with the golden domain, beside a Python that does nothing."""
    with tempfile.TemporaryDirectory(prefix="egress-bench-") as folder:
        root = project(Path(folder))
        nothing, help_, check = in_turns(
            2 * sizes.runs,
            Program([sys.executable, "-c", "pass"], root),
            Program([EGRESS, "--help"], root),
            Program([EGRESS, "check"], root),
        )
    beside = {"python -c pass": round(nothing.cpu, 3)}
    yield Row("egress --help", help_.cpu, "CPU s", 0.25, beside=beside)
    yield Row("egress check of one file", check.cpu, "CPU s", 0.25, beside=beside)
