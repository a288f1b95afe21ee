"""docs/speed.md: the table of the benches and the picture of the curves, as they were measured last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from tests.bench.drawing import plot
from tests.bench.growth import Curve
from tests.bench.measuring import REPOSITORY
from tests.bench.rows import Row

PAGE = REPOSITORY / "docs" / "speed.md"
PICTURE = REPOSITORY / "docs" / "pictures" / "growth.svg"
BEGIN, END = "<!-- measured -->", "<!-- end -->"


def write(rows: Sequence[Row], curves: Mapping[str, Curve], machine: Mapping[str, Any]) -> None:
    """Replaces what stands between the marks of the page, and the picture."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n{table(rows, machine)}{END}{after}", encoding="utf-8")
    PICTURE.write_text(plot(curves), encoding="utf-8")


def measured() -> str:
    """What stands between the marks."""
    return PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0].strip()


def table(rows: Sequence[Row], machine: Mapping[str, Any]) -> str:
    """As Markdown, with the day and the machine."""
    said = ", ".join(f"{name} {value}" for name, value in machine.items())
    lines = ["| what | figure | aim | beside |", "|---|---|---|---|"]
    lines += [f"| {' | '.join(row.cells())} |" for row in rows]
    return "\n".join((f"Measured {datetime.now(UTC):%Y-%m-%d}: {said}.", "", *lines, ""))
