"""What users type against the wheel: their programs run and are type-checked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.installed import Installed
from tests.e2e.sites import REPOSITORY

pytestmark = pytest.mark.e2e
PROGRAM = (REPOSITORY / "examples" / "constructs_alone.py").read_text()


def types(installed: Installed, program: str, folder: Path) -> str:
    """What mypy says about a program of somebody who has the wheel."""
    (folder / "program.py").write_text(program)
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--python-executable",
        installed.bin / "python",
        "program.py",
    ]
    return subprocess.run(command, cwd=folder, text=True, capture_output=True, check=False).stdout


def test_the_example_runs_on_the_wheel(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    installed.run("python", "program.py", cwd=tmp_path)
    assert (tmp_path / "cdktf.out" / "stacks" / "wld01" / "cdk.tf.json").is_file()


def test_the_constructs_are_typed_in_the_wheel(installed: Installed, tmp_path: Path) -> None:
    assert types(installed, PROGRAM, tmp_path).startswith("Success: no issues found")
    wrong = PROGRAM.replace("gateway_path=tier0.path,\n    ha_mode", "gateway_path=tier0,\n    ha_mode")
    assert wrong != PROGRAM
    said = types(installed, wrong, tmp_path)
    assert 'Argument "gateway_path" to "EgressSnatPair" has incompatible type "Tier0Gateway"; expected "str"' in said
