"""docs/reliability.md tells of the scenarios in the table, of all of them, and of no others."""

from __future__ import annotations

from tests.reliability.scenarios import SCENARIOS
from tools.reliability import PAGE, overview_row


def test_the_pages_scenarios_are_the_tables() -> None:
    text = PAGE.read_text()
    rows = [line for line in text.splitlines() if line.startswith("| [")]
    stale = "run python tools/reliability.py"
    assert rows == [overview_row(s.name, s.happens, s.recovered) for s in SCENARIOS], stale
    titles = [line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")]
    assert titles == [scenario.name for scenario in SCENARIOS], stale


def test_names_are_unique() -> None:
    assert len({scenario.name for scenario in SCENARIOS}) == len(SCENARIOS)
