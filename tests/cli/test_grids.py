"""A grid that goes into a file is what rich would write, and rich is asked only where something has to be folded."""

from __future__ import annotations

import sys

import pytest

from egress.cli import _beside, output
from egress.toolchain.running.workers import Job

HEADERS = ("flow", "verdict", "missing")
ROWS = {
    "plain": [("TKG pod -> registry", ("works", "green"), ""), ("outside -> ingress", ("fails", "red"), "a route")],
    "no row": [],
    "wide letters": [("漢字 Zürich 🙂 -> registry", "works", "e\u0301")],
    "hidden": [("\x1b[31mred\u202e", "[bold]works[/]", "::add-mask::x"), ("##[group]", "##[group]", "\u200d\ufe0f")],
    "as wide as may be": [("x" * (160 - 9 - 9 - 2), "y", "z")],
}
FOLDED = {
    "too wide": [("x " * 90, "works", "y" * 30)],
    "line ends": [("two\nlines", "works", "a\ttab")],
}


def written(capsys: pytest.CaptureFixture[str], rows: list[tuple[output.Styled, ...]], *, fold: bool = False) -> str:
    output.print_grid(HEADERS, rows, fold=fold)
    return capsys.readouterr().out


def by_rich(capsys: pytest.CaptureFixture[str], rows: list[tuple[output.Styled, ...]], *, fold: bool = False) -> str:
    table = output.grid(*HEADERS, fold=fold)
    for row in rows:
        table.add_row(*(output.styled(cell) for cell in row))
    output.print_table(table)
    return capsys.readouterr().out


@pytest.fixture(autouse=True)
def no_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("fold", [False, True])
@pytest.mark.parametrize("rows", [*ROWS.values(), *FOLDED.values()], ids=[*ROWS, *FOLDED])
def test_a_grid_is_written_as_rich_writes_it(
    rows: list[tuple[output.Styled, ...]], fold: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    assert written(capsys, rows, fold=fold) == by_rich(capsys, rows, fold=fold)


@pytest.mark.parametrize("rows", ROWS.values(), ids=[*ROWS])
def test_rich_is_not_asked_where_nothing_is_folded(
    rows: list[tuple[output.Styled, ...]], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rich.table", None)
    monkeypatch.setitem(sys.modules, "rich.console", None)
    assert written(capsys, rows).startswith("flow ")


def test_lines_in_parts_are_written_as_rich_writes_them(capsys: pytest.CaptureFixture[str]) -> None:
    lines: list[tuple[output.Styled, ...]] = [
        (("wld01", "bold"), " (the domain file)"),
        ("\n", ("a title", "bold")),
        ("long " * 60 + " ",),
        ("\x1b[31m and [bold]more[/]",),
        ("::add-mask::x",),
        (":", ":add-mask::x"),
        ("Zürich::x\u202e",),
    ]
    output.show_lines(lines)
    shown = capsys.readouterr().out
    for parts in lines:
        output.console().print(output.styled(*parts))
    assert shown == capsys.readouterr().out
    output.show_lines([])
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("rows", [*ROWS.values(), *FOLDED.values()], ids=[*ROWS, *FOLDED])
def test_a_grid_on_standard_error_too(
    rows: list[tuple[output.Styled, ...]], capsys: pytest.CaptureFixture[str]
) -> None:
    output.print_grid(("stack", "result", ""), rows, aside=True)
    table = output.grid("stack", "result", "")
    for row in rows:
        table.add_row(*(output.styled(cell) for cell in row))
    output.print_table(table)
    shown = capsys.readouterr()
    assert shown.err == shown.out != ""


@pytest.mark.slow
def test_a_run_of_several_stacks_that_nobody_watches_is_told_without_rich(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rich.table", None)
    monkeypatch.setitem(sys.modules, "rich.console", None)
    jobs = [Job(name, "nsx.example.com", name) for name in ("a", "b")]
    came = _beside.work_beside(jobs, lambda number: output.say(f"is {number}"), 2)
    _beside.table_of([(one.name, "no changes", "") for one in came])
    words = " ".join(capsys.readouterr().err.split())
    assert words == "is 0 is 1 stack result a no changes b no changes"
