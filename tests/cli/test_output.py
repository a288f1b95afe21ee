"""What goes to a terminal: entries of lists, folded so that a narrow terminal shows them whole."""

from __future__ import annotations

import pytest

from egress.cli.output import entry

LONG = "rule wld01-egress-supervisor: translated network: 10.27.51.145 -> 10.27.51.99"


def test_an_entry_is_folded_between_words_at_60_columns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    entry(LONG)
    entry("default route: next hop 10.27.51.1 -> 10.27.51.2", mark=("~", "yellow"))
    entry("x" * 100)
    shown = capsys.readouterr().out
    assert shown.splitlines() == [
        "rule wld01-egress-supervisor: translated network:",
        "    10.27.51.145 -> 10.27.51.99",
        "~ default route: next hop 10.27.51.1 -> 10.27.51.2",
        "x" * 100,
    ]


def test_an_entry_that_goes_into_a_file_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    entry(f"{LONG}\n\x1b[31m and more [bold]than one line[/]")
    assert capsys.readouterr().out == f"{LONG}\\n\\x1b[31m and more [bold]than one line[/]\n"
