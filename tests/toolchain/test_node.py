"""What jsii runs on: whether its cache has a place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from egress.node import has_a_place, use_no_cache_without_a_place

CACHE = "JSII_RUNTIME_PACKAGE_CACHE"


@pytest.mark.parametrize(
    "folder, there",
    [("folder", True), ("folder/not/yet", True), ("file", False), ("file/below", False), ("link", False)],
)
def test_a_folder_has_a_place_where_it_is_or_can_be_made(
    tmp_path: Path, folder: str, there: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("nowhere")
    assert has_a_place(tmp_path / folder) is there
    monkeypatch.setenv("HOME", str(tmp_path / folder))
    assert has_a_place(Path("~", "more")) is there


@pytest.mark.parametrize(
    "home, told, wanted",
    [
        (".", {}, {}),
        ("file", {}, {CACHE: "disabled"}),
        ("file", {CACHE: "enabled"}, {CACHE: "enabled"}),
        ("file", {f"{CACHE}_ROOT": "/srv/cache"}, {f"{CACHE}_ROOT": "/srv/cache"}),
    ],
)
def test_jsii_keeps_nothing_where_there_is_no_place_unless_told(
    tmp_path: Path, home: str, told: dict[str, str], wanted: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    for name in (CACHE, f"{CACHE}_ROOT"):
        monkeypatch.setenv(name, "")  # so that it is as before when the test has ended
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / home))
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    use_no_cache_without_a_place()
    assert {name: value for name, value in os.environ.items() if name.startswith(CACHE)} == wanted
