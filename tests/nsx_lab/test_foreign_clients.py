"""Clients that nobody here wrote must find an NSX Manager in the lab."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "foreign_clients.py"


@pytest.mark.slow
def test_official_sdk_nsxlib_and_a_fuzzer_are_content(clients: Path) -> None:
    run = subprocess.run([sys.executable, TOOL, clients], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "3 foreign clients are content" in run.stdout
