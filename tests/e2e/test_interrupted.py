"""Ctrl-C in the middle of an apply: the state is saved, nothing runs on, and the next apply goes on from there."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import pytest

from tests.e2e.sites import ROUTE, STACK, Site, interrupt

pytestmark = pytest.mark.e2e


def test_ctrl_c_during_an_apply_loses_nothing(site: Site) -> None:
    site.lab.control.realization(ROUTE, "hold")
    process = site.start("apply", STACK, "--yes")
    polled = ROUTE.rsplit("/", 1)[1]
    deadline = time.monotonic() + 60
    while not any(polled in str(entry["query"]) for entry in site.lab.control.journal()):
        assert time.monotonic() < deadline
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.05)
    interrupt(process)
    words, _ = process.communicate(timeout=60)
    assert process.returncode == 130, words
    assert "Traceback" not in words
    assert _running_in(site.root) == []

    site.lab.control.realization(ROUTE, "REALIZED")
    site.egress("apply", STACK, "--yes", code=0)
    assert len(site.objects()) == 3
    site.egress("plan", STACK, code=0)


def _running_in(folder: Path) -> list[str]:
    """Command lines of processes whose working directory is below `folder`."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if process.joinpath("cwd").readlink().is_relative_to(folder):
                found.append(process.joinpath("cmdline").read_bytes().decode(errors="replace"))
    return found
