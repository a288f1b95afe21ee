"""`egress verify --watch`: what changes, with its time, through restarts of a manager, until Ctrl-C."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator

import pytest

from tests.e2e.sites import EGRESS
from tests.e2e.verified import (
    STANDBY,
    TKG,
    Place,
)

pytestmark = pytest.mark.slow


class Watching:
    """`egress verify --watch` as a process, and what it prints."""

    def __init__(self, place: Place, *options: str) -> None:
        command = [str(EGRESS), "verify", "--watch", "--every", "1", "--timeout", "2s", *options]
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("NSXT_", "TF_"))}
        self.process = subprocess.Popen(
            command, cwd=place.root, env=clean, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def until(self, wanted: Callable[[str], bool]) -> list[str]:
        """The lines up to the first that is wanted, with it."""
        assert self.process.stdout is not None
        lines: list[str] = []
        for line in self.process.stdout:
            lines.append(line.rstrip("\n"))
            if wanted(lines[-1]):
                return lines
        raise AssertionError(f"it ended: {lines} {self.process.stderr.read() if self.process.stderr else ''}")

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        self.process.communicate()
        return self.process.returncode


@pytest.fixture
def watching() -> Iterator[Callable[..., Watching]]:
    made: list[Watching] = []

    def start(place: Place, *options: str) -> Watching:
        made.append(Watching(place, *options))
        return made[-1]

    yield start
    for one in made:
        one.process.kill()
        one.process.communicate()


def test_watch_tells_what_changes_and_survives_a_manager_that_goes_and_comes(
    standby_lab: Place, watching: Callable[..., Watching]
) -> None:
    before = sorted(standby_lab.root.rglob("*"))
    seen = watching(standby_lab, "--json")
    (first,) = [json.loads(line) for line in seen.until(lambda line: "verdict" in line)]
    assert (first["stack"], first["event"], first["verdict"]) == ("wld07", "verdict", "well")
    as_it_was = standby_lab.api.get(TKG).json()
    standby_lab.change(TKG, sequence_number=900)
    found, verdict = (json.loads(line) for line in seen.until(lambda line: '"verdict"' in line))
    assert (found["event"], found["finding"]["id"]) == ("found", "object-differs")
    assert verdict["well"] is False
    standby_lab.lab.control.fault(method="GET", path="*", times=0, status=503)
    (gone,) = [json.loads(line) for line in seen.until(lambda line: "cannot read" in line)]
    assert "503" in gone["why"]
    standby_lab.put(TKG, as_it_was)
    standby_lab.lab.control.clear_faults()
    again, mended, well = (json.loads(line) for line in seen.until(lambda line: '"verdict"' in line))
    assert [again["event"], mended["event"], well["well"]] == ["can read again", "gone", True]
    standby_lab.lab.control.fail_over(4)  # as the managers' virtual address does when it moves
    seen.until(lambda line: '"cannot read"' in line)
    assert len(seen.until(lambda line: '"can read again"' in line)) == 1
    assert seen.interrupt() == 130
    assert sorted(standby_lab.root.rglob("*")) == before


def test_watch_in_words_says_when(standby_lab: Place, watching: Callable[..., Watching]) -> None:
    seen = watching(standby_lab)
    (line,) = seen.until(lambda line: "well" in line)
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d wld07 \(the lab ", line)
    domain = standby_lab.root / "domains/wld07.yaml"
    domain.write_text("version: 1\nname: [")
    assert "wld07: cannot read: " in seen.until(lambda line: "cannot read" in line)[0]
    domain.write_text(STANDBY)
    seen.until(lambda line: "can read again" in line)
    assert seen.interrupt() == 130


def test_watch_ends_at_a_login_that_is_refused(standby_lab: Place, watching: Callable[..., Watching]) -> None:
    standby_lab.lab.control.fault(method="GET", path="*", times=0, status=401)
    seen = watching(standby_lab)
    _, said = seen.process.communicate()
    assert seen.process.returncode == 1
    assert "does not let this user in" in said
