"""The picture of the demo shows the demo as it is."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from egress.cli import run

REPOSITORY = Path(__file__).resolve().parents[2]
DEMO = (REPOSITORY / "tools" / "demo.py").read_text()
PICTURE = REPOSITORY / "docs" / "pictures" / "demo.svg"
AGAIN = "draw it again: .venv/bin/python tools/record_demo.py"


def test_every_step_of_the_demo_is_in_the_picture() -> None:
    shown = html.unescape(PICTURE.read_text()).replace("\xa0", " ")
    told = re.findall(r'^ +tell\(\s*"([^"]+)"', DEMO, re.MULTILINE)
    assert len(told) > 10
    missing = [title for title in told if f">{title}</text>" not in shown]
    assert missing == [], AGAIN
    assert ">as told</text>" in shown


def test_the_picture_fetches_nothing_and_is_small() -> None:
    assert re.findall(r'(?:url\(|href=|src=)["\']?(?!#)[^)"\'\s]+', PICTURE.read_text()) == []
    assert PICTURE.stat().st_size < 150_000


@pytest.mark.slow
def test_the_picture_of_the_golden_domain_is_the_one_that_egress_draws(tmp_path: Path) -> None:
    drawn = tmp_path / "wld01.svg"
    assert run(["--root", str(REPOSITORY), "topology", "wld01", "--format", "svg", "-o", str(drawn)]) == 0
    committed = (REPOSITORY / "docs" / "pictures" / "wld01.svg").read_text()
    again = "draw it again: egress topology wld01 --format svg -o docs/pictures/wld01.svg"
    for kind in (r">([^<>]+)</(?:text|title|desc)>", r'(?:fill|stroke)="([^"]+)"'):
        assert sorted(re.findall(kind, committed)) == sorted(re.findall(kind, drawn.read_text())), again
