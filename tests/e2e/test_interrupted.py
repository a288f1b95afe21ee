"""Ctrl-C in the middle of an apply: the state is saved, nothing runs on, and the next apply goes on from there."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
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


def test_ctrl_c_does_not_wait_for_a_manager_that_hangs(site: Site) -> None:
    """The look at it may take a minute by itself."""
    control = site.lab.control
    control.fault(method="GET", path="*", times=0, hang=True)
    process = site.start("plan", STACK)
    deadline = time.monotonic() + 60
    while not any(entry["fault"] for entry in control.journal()):
        assert time.monotonic() < deadline
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.05)
    interrupt(process)
    words, _ = process.communicate(timeout=30)
    control.clear_faults()
    assert process.returncode == 130, words
    assert words.endswith("egress: interrupted\n")
    assert _running_in(site.root) == []


def test_ctrl_c_once_more_at_the_very_end_is_no_traceback() -> None:
    body = """
import atexit, os, signal, sys
from egress.cli import main
atexit.register(lambda: os.kill(os.getpid(), signal.SIGINT))
sys.argv = ["egress", "--version"]
main()
"""
    done = subprocess.run([sys.executable, "-c", body], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (-signal.SIGINT, "")


def _running_in(folder: Path) -> list[str]:
    """Command lines of processes whose working directory is below `folder`."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if process.joinpath("cwd").readlink().is_relative_to(folder):
                found.append(process.joinpath("cmdline").read_bytes().decode(errors="replace"))
    return found
