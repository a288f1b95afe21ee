"""Every synth judges the rules: errors stop it in full, warnings are one line."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from egress.checks import ChecksFailedError, check, enforce
from egress.domain import WorkloadDomain

pytestmark = pytest.mark.slow

HOP = "{address: 10.27.51.1}"


@pytest.fixture
def synth(tmp_path: Path, repository: Path) -> Any:
    """Runs the repository's main.py over a golden domain with a change, and gives exit code and standard error."""

    def run(old: Any = "", new: Any = "") -> Any:
        shutil.copy(repository / "main.py", tmp_path)
        shutil.copy(repository / "cdktf.json", tmp_path)
        (tmp_path / "domains").mkdir()
        (tmp_path / "domains/wld01.yaml").write_text((repository / "domains/wld01.yaml").read_text().replace(old, new))
        done = subprocess.run([sys.executable, "main.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
        return done.returncode, done.stderr, (tmp_path / "cdktf.out").exists()

    return run


def test_an_error_stops_the_synth_before_anything_is_written(synth: Any) -> None:
    code, err, written = synth(HOP, "{address: 10.27.51.147}")
    assert code == 1
    assert "domains/wld01.yaml:16:25: error: next hop 10.27.51.147 is uplink edge02-uplink1 of this very gateway" in err
    assert "Traceback" not in err
    assert not written


def test_warnings_are_one_line_and_the_synth_goes_on(synth: Any) -> None:
    code, err, written = synth("  - {rule: single-next-hop, ", "  - {rule: state-is-local, ")
    assert (code, err) == (0, "1 warning, 7 suppressed: egress check wld01\n")
    assert written


def test_a_synth_without_open_warnings_says_nothing(synth: Any) -> None:
    assert synth() == (0, "", True)


def test_an_error_can_be_suppressed_with_a_reason(domain: Callable[..., WorkloadDomain]) -> None:
    hop = {"default_route": {"next_hops": [{"address": "10.1.0.253"}, {"address": "10.1.0.4"}]}}
    with pytest.raises(ChecksFailedError, match=r"next hop 10\.1\.0\.4 is the HA VIP"):
        enforce(check([domain("one", hop)]), io.StringIO())
    reason = {"suppress": [{"rule": "next-hop-is-own-address", "reason": "a router has taken it over"}]}
    told = io.StringIO()
    enforce(check([domain("one", {**hop, **reason})]), told)
    assert told.getvalue() == ""
