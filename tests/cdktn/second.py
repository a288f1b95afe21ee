"""The second CDK beside the first, as `pip install 'tier0-egress[cdktn]'` has it: in a folder that goes in front of the others."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.machine import in_ci

REPOSITORY = Path(__file__).parents[2]
BESIDE = Path(sys.prefix) / "cdktn"
needed = pytest.mark.skipif(
    not (BESIDE / "cdktn").is_dir() and not in_ci(), reason="cdktn is not here: make setup brings it"
)
"""In CI nothing is skipped: there a test without it fails."""


def environment(more: Mapping[str, str] | None = None, *, beside: Path = BESIDE) -> dict[str, str]:
    """Variables with which Python finds cdktn, and with nothing of a target or of a choice in them."""
    unwanted = ("EGRESS_", "NSXT_", "TF_", "CDKTF_", "JSII_", "PYTHON")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(unwanted)}
    return kept | {"PYTHONPATH": str(beside)} | dict(more or {})


def python(*arguments: str | Path, cwd: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Runs this Python."""
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=cwd, env=env, text=True, capture_output=True, check=False)
