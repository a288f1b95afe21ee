"""Output files: whole or not at all, with the mode they had, never through a link where they hold values, and in a sentence."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from egress.domain import EgressError
from egress.writing import append, private_folder, write

FULL = Path("/dev/full")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_an_old_file_keeps_its_mode_and_a_new_one_gets_the_usual(tmp_path: Path) -> None:
    old, new, private = tmp_path / "old", tmp_path / "new", tmp_path / "private"
    old.write_text("before")
    old.chmod(0o640)
    (tmp_path / "usual").touch()
    for path in (old, new):
        write(path, "after")
    write(private, b"after", private=True)
    assert (mode(old), mode(new), mode(private)) == (0o640, mode(tmp_path / "usual"), 0o600)
    assert old.read_text() == new.read_text() == private.read_text() == "after"


def test_a_link_is_followed_for_a_page_and_refused_for_values(tmp_path: Path) -> None:
    victim, link = tmp_path / "victim", tmp_path / "link"
    victim.write_text("before")
    link.symlink_to(victim)
    acts: list[Callable[[], None]] = [lambda: write(link, "x", private=True), lambda: append(link, "x")]
    for act in acts:
        with pytest.raises(EgressError, match="is a link, and what is written there holds values"):
            act()
    assert victim.read_text() == "before"
    write(link, "after")
    assert victim.read_text() == "after"
    assert link.is_symlink()


def test_a_folder_for_values_is_no_link_and_for_its_owner_alone(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EgressError, match="is a link"):
        private_folder(tmp_path / "link")
    (tmp_path / "open").mkdir(mode=0o755)
    private_folder(tmp_path / "open")
    assert mode(tmp_path / "open") == 0o700


@pytest.mark.parametrize(
    ("place", "why"),
    [
        (lambda folder: folder / "none" / "page.html", "there is no folder .*none', make it first"),
        (lambda folder: Path("/proc/page.html"), "cannot be written: No such file or directory"),
        (lambda folder: folder, "it is a folder"),
        (lambda folder: folder / "file" / "page.html", "Not a directory"),
        (lambda folder: folder / ("n" * 300), "File name too long"),
        (lambda folder: Path("/proc/nothing"), "cannot be written"),
    ],
)
def test_a_place_that_cannot_be_written_is_told_in_one_sentence(
    tmp_path: Path, place: Callable[[Path], Path], why: str
) -> None:
    (tmp_path / "file").write_text("before")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(EgressError, match=why) as told:
        write(place(tmp_path), "page")
    assert "\n" not in str(told.value)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here")
@pytest.mark.parametrize("act", [write, append])
def test_a_full_device_is_told_in_one_sentence(act: Callable[[Path, str], None]) -> None:
    with pytest.raises(EgressError, match="'/dev/full' cannot be written: No space left on device"):
        act(FULL, "page")


@pytest.mark.slow
def test_devices_and_pipes_are_written_to_as_they_are(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from pathlib import Path; from egress.writing import write; write(Path('/dev/stdout'), 'page')"],
        capture_output=True, check=True,
    )  # fmt: skip
    assert done.stdout == b"page"
    write(Path(os.devnull), "page")
    assert Path(os.devnull).is_char_device()


LIMITED = """
import resource, sys
from pathlib import Path
from egress.domain import EgressError
from egress.writing import append, write
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
for act in (write, append):
    try:
        act(Path(sys.argv[1]), "x" * 5000)
    except EgressError as error:
        print(error)
"""


@pytest.mark.slow
@pytest.mark.parametrize("there", [True, False])
def test_what_does_not_fit_leaves_nothing_half_written(tmp_path: Path, there: bool) -> None:
    file = tmp_path / "page.html"
    if there:
        file.write_text("before")
    done = subprocess.run([sys.executable, "-c", LIMITED, str(file)], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [f"{str(file)!r} cannot be written: File too large"] * 2
    assert [path.name for path in tmp_path.iterdir()] == (["page.html"] if there else [])
    assert not there or file.read_text() == "before"
