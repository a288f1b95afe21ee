"""The contract asked of another manager by NSX_LAB_TARGET: here another lab, of which every other object must stay as it is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nsx_lab import Lab

pytestmark = pytest.mark.slow

CONTRACT = Path(__file__).with_name("test_contract.py")
REPOSITORY = Path(__file__).resolve().parents[3]


def ask(**variables: str) -> subprocess.CompletedProcess[str]:
    """Runs the contract with these variables, and none of the caller's NSXT_* and pytest's."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("NSX", "PYTEST_"))}
    command: list[str | Path] = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", CONTRACT]
    return subprocess.run(command, cwd=REPOSITORY, env=clean | variables, text=True, capture_output=True, check=False)


def test_another_manager_is_asked_and_left_as_it_was(lab: Lab, tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_text(lab.ca_pem)
    before = lab.control.objects()
    done = ask(NSX_LAB_TARGET=lab.url, NSXT_USERNAME=lab.username, NSXT_PASSWORD=lab.password, NSXT_CA_FILE=str(ca))
    assert done.returncode == 0, done.stdout
    assert lab.control.objects() == before
    written = [entry["path"] for entry in lab.control.journal() if entry["method"] != "GET"]
    assert len(written) > 20
    assert all(path.startswith("/policy/api/v1/infra/tier-0s/contract-") for path in written)


def test_a_target_without_credentials_is_refused() -> None:
    done = ask(NSX_LAB_TARGET="https://nsx.example.com")
    assert done.returncode == 1
    assert "NSX_LAB_TARGET is set, NSXT_USERNAME is not" in done.stdout
