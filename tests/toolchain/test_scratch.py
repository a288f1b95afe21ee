"""A folder that goes with its run, and with the next one where the run was killed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from egress.toolchain.running.scratch import scratch

LONG_AGO = 1_000_000_000
HOLDS = """
import sys, time
from pathlib import Path
from egress.toolchain.running.scratch import scratch
with scratch(Path(sys.argv[1]), "synth-") as folder:
    (folder / "made").touch()
    print(folder, flush=True)
    time.sleep(600)
"""


def names(parent: Path) -> list[str]:
    return sorted(one.name for one in parent.iterdir())


def test_it_goes_with_its_run(tmp_path: Path) -> None:
    def interrupted() -> None:
        with scratch(tmp_path, "synth-") as folder:
            (folder / "made").touch()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert names(tmp_path) == []


@pytest.mark.slow
def test_what_a_killed_run_left_goes_with_the_next_and_not_before(tmp_path: Path) -> None:
    command: list[str | Path] = [sys.executable, "-c", HOLDS, tmp_path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        try:
            left = Path(run.stdout.readline().strip())
            os.utime(left, (LONG_AGO, LONG_AGO))
            with scratch(tmp_path, "synth-") as ours:
                assert names(tmp_path) == sorted([left.name, ours.name]), "it works on"
        finally:
            run.kill()
    with scratch(tmp_path, "synth-") as ours:
        assert names(tmp_path) == [ours.name]


def test_what_is_young_or_of_another_name_stays(tmp_path: Path) -> None:
    """Who made it may not hold it yet."""
    for name in ("synth-young", "data"):
        (tmp_path / name).mkdir()
    os.utime(tmp_path / "data", (LONG_AGO, LONG_AGO))
    with scratch(tmp_path, "synth-"):
        pass
    assert names(tmp_path) == ["data", "synth-young"]


def test_what_a_link_leads_to_stays(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "file").touch()
    os.utime(tmp_path / "elsewhere", (LONG_AGO, LONG_AGO))
    (tmp_path / "synth-link").symlink_to("elsewhere")
    with scratch(tmp_path, "synth-"):
        pass
    assert (tmp_path / "elsewhere" / "file").exists()
