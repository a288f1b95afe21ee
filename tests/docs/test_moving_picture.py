"""The moving picture at the head of the README: made of the demo's record, ten seconds long, and still for who wants no motion."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.nsx_lab.manager.http.browser import Browser, wanted_here
from tests.pictures.test_svg import contrast

REPOSITORY = Path(__file__).resolve().parents[2]
PICTURE = REPOSITORY / "docs" / "pictures" / "pull.svg"
TEXT = PICTURE.read_text()
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(REPOSITORY / "tools"))
    import moving_picture  # type: ignore[import-not-found]

    yield moving_picture
    sys.modules.pop("moving_picture", None)


def test_it_is_drawn_from_the_record_of_the_demo(tool: Any) -> None:
    record = tool.lines(tool.RECORD.read_text())
    assert tool.draw(tool.story(record)) == TEXT, "draw it again: .venv/bin/python tools/moving_picture.py"
    shown = [text.text for text in ElementTree.fromstring(TEXT).iter(f"{SVG}text") if "row" in str(text.get("class"))]
    assert [line for line in shown if line not in record] == [], "every line is one that the demo said"
    assert len(shown) == 9


def test_a_demo_that_tells_something_else_is_told_and_not_drawn(tool: Any) -> None:
    record = [line for line in tool.lines(tool.RECORD.read_text()) if "registry saw" not in line]
    with pytest.raises(ValueError, match="no line begins with"):
        tool.story(record)


def test_it_takes_ten_seconds_at_most() -> None:
    assert [float(seconds) for seconds in re.findall(r"animation:([\d.]+)s", TEXT)] == [10.0]


def test_it_works_inside_of_an_img_element() -> None:
    assert re.findall(r'<script|(?:href|src)=|url\(|@import|@font-face|on\w+="', TEXT) == []
    assert PICTURE.stat().st_size < 20_000


def test_who_does_not_see_it_is_told_what_it_shows() -> None:
    root = ElementTree.fromstring(TEXT)
    assert root.get("role") == "img"
    assert {root.find(f"{SVG}title").get("id"), root.find(f"{SVG}desc").get("id")} == set(  # type: ignore[union-attr]
        str(root.get("aria-labelledby")).split()
    )
    (alt,) = re.findall(r"!\[([^\]]+)\]\(docs/pictures/pull\.svg\)", (REPOSITORY / "README.md").read_text())
    for word in ("times out", "egress apply", "registry"):
        assert word in alt


def test_words_stand_out_from_the_ground() -> None:
    root = ElementTree.fromstring(TEXT)
    for text in root.iter(f"{SVG}text"):
        for ground in ("#0d1117", "#161b22"):
            assert contrast(str(text.get("fill")), ground) >= 4.5, text.text


@pytest.mark.slow
def test_who_asks_for_no_motion_sees_the_last_frame(tmp_path: Path) -> None:
    wanted_here()
    (tmp_path / "page.html").write_text(f"<body>{TEXT}</body>")
    running = "document.getAnimations().filter(one => one.playState === 'running').length"
    seen = "[...document.querySelectorAll('text')].filter(one => getComputedStyle(one).opacity === '1').map(one => one.textContent)"
    with Browser(tmp_path) as browser:
        browser.go((tmp_path / "page.html").as_uri())
        browser.until_it_says("")
        assert browser.value(running) > 10
        browser.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-reduced-motion", "value": "reduce"}])
        assert browser.value(running) == 0
        still = browser.value(seen)
    assert "Now image pulls work" in still
    assert "Without it: image pulls time out" not in still
    assert len([line for line in still if "198.51.100.10" in line]) == 5, "both questions, both answers, the registry"
