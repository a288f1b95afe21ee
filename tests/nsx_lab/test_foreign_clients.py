"""Clients that nobody here wrote must find an NSX Manager in the lab."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "foreign_clients.py"


@pytest.mark.slow
def test_official_sdk_nsxlib_and_a_fuzzer_are_content(tmp_path: Path) -> None:
    """They are installed into NSX_LAB_CLIENTS if that names a folder (a second run is then quick), else into a throw-away one."""
    folder = Path(os.environ.get("NSX_LAB_CLIENTS") or tmp_path)
    run = subprocess.run([sys.executable, TOOL, folder], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "3 foreign clients are content" in run.stdout
