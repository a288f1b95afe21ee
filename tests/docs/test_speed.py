"""docs/speed.md and the benches: every bench runs, and the page has a row for each of their figures."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.bench import page
from tests.bench.__main__ import main
from tests.bench.drawing import plot
from tests.bench.growth import CURVES, rows
from tests.bench.rows import Row

REPOSITORY = Path(__file__).resolve().parents[2]
FIGURES = re.compile(r"\d[\d,]*")


def kinds(names: list[str]) -> list[str]:
    """What is measured, whatever the number of things."""
    return [FIGURES.sub("N", name) for name in names]


@pytest.fixture(scope="module")
def small() -> dict[str, Any]:
    """Every bench, with a few of everything."""
    command = [sys.executable, "-m", "tests.bench", "--small", "--json"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


@pytest.mark.slow
def test_every_bench_runs_and_the_page_has_its_figures(small: dict[str, Any]) -> None:
    on_the_page = [line.split(" | ")[0].removeprefix("| ") for line in page.measured().splitlines()[4:]]
    assert kinds(on_the_page) == kinds([row["what"] for row in small["rows"]])


@pytest.mark.slow
def test_a_curve_has_a_point_for_each_size(small: dict[str, Any]) -> None:
    assert set(small["curves"]) == set(CURVES)
    assert {tuple(curve) for curve in small["curves"].values()} == {("2", "4")}


def test_the_picture_has_every_curve_and_loads_nothing() -> None:
    picture = page.PICTURE.read_text(encoding="utf-8")
    ElementTree.fromstring(picture)
    assert [name for name in CURVES if f">{name}<" not in picture] == []
    assert "<script" not in picture
    assert "href=" not in picture


def test_a_curve_with_a_square_in_it_misses_its_aim() -> None:
    straight, square = ({n: n / 100 for n in (10, 100)}, {n: n * n / 100 for n in (10, 100)})
    assert [row.reached for row in rows({"straight": straight, "square": square})] == [True, False]


def test_a_plot_has_a_line_for_each_curve_and_one_to_compare_with() -> None:
    drawn = plot({"one": {10: 0.1, 100: 1.0}, "two": {10: 0.2, 100: 0.3}})
    assert set(re.findall(r"series serie-(\d+)", drawn)) == {"0", "1", "2"}


@pytest.mark.parametrize(
    ("row", "aim"),
    [
        (Row("a", 1.0, "s", 2.0), "at most 2"),
        (Row("a", 3.0, "s", 2.0), "at most 2: missed"),
        (Row("a", 3.0, "x", 2.0, more=True), "at least 2"),
        (Row("a", 1.0, "x", 2.0, more=True), "at least 2: missed"),
        (Row("a", 1.0, "x"), ""),
    ],
)
def test_a_row_says_whether_its_aim_is_reached(row: Row, aim: str) -> None:
    assert row.cells()[2] == aim


def test_a_bench_that_nobody_has_is_refused_with_those_there_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["bench", "spedd"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "no bench spedd, there are answers, lab" in capsys.readouterr().err
