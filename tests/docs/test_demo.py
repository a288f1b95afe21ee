"""The demo where no packet can be sent, and what it says to whoever goes on by hand."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.sites import project

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
REPOSITORY = Path(__file__).resolve().parents[2]
BY_HAND = {"plan": 0, "drift": 0, "explain": 2, "report": 2, "page": 0}
"""What is named besides `nsx-lab probe`, which needs packets, and how it ends."""


def test_without_packets_the_walk_is_shown_and_what_is_named_to_go_on_works(tmp_path: Path) -> None:
    root = project(tmp_path / "project", "tools/demo.py")
    env = {k: v for k, v in os.environ.items() if not k.startswith(("EGRESS_", "NSXT_", "TF_"))}
    env |= {"PACKETS": "0", "KEEP": "1", "COLUMNS": "120"}
    done = subprocess.run(
        [sys.executable, "tools/demo.py"], cwd=root, env=env, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    story, _, further = done.stdout.partition("to go on by hand:")
    process = int(re.findall(r"^ +kill (\d+)$", further, re.MULTILINE)[0])
    try:
        for command in ("explain", "routes", "diagnose"):
            assert re.search(rf"^\$ .*egress {command} wld01", story, re.MULTILINE), command
        assert "TKG pod -> dns 172.20.0.53" in story
        assert "ip route replace 30.0.0.0/24 nexthop via 172.20.0.1 nexthop via 172.20.0.2" in story
        assert story.count("explain and diagnose: missing") == 4
        (lab,) = re.findall(r"export EGRESS_LAB=(\S+)", further)
        lines = [shlex.split(line, comments=True) for line in further.splitlines() if "#" in line]
        assert [words[1] for words in lines] == list(BY_HAND)
        for tool, *words in lines:
            beside = Path(sys.executable).with_name(Path(tool).name)
            tried = subprocess.run(
                [beside, *words], cwd=root, env=env | {"EGRESS_LAB": lab}, text=True, capture_output=True, check=False
            )
            assert tried.returncode == BY_HAND[words[0]], (words, tried.stdout, tried.stderr)
        assert (root / "report-wld01.html").is_file()
    finally:
        os.kill(process, signal.SIGINT)


def test_with_packets_a_probe_is_named_too() -> None:
    code = "import demo; print(*(words for packets in (True, False) for words, _ in demo.by_hand(packets)), sep='\\n')"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY / "tools", text=True, capture_output=True, check=True
    )
    assert done.stdout.count("nsx-lab probe pod/domain-c8 198.51.100.10 --port 443 --explain") == 1
