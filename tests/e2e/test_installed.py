"""What users type against the wheel: their programs run and are type-checked."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from egress.cdk import CDKTF, CDKTN, Cdk
from tests.cdktn.second import BESIDE, needed, on_cdktn
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


@pytest.mark.parametrize(
    "cdk, version", [(CDKTF, "0.21.0"), pytest.param(CDKTN, "0.24.0", marks=needed)], ids=["cdktf", "cdktn"]
)
def test_the_example_runs_on_the_wheel_and_its_bindings(
    installed: Installed, tmp_path: Path, cdk: Cdk, version: str
) -> None:
    program = PROGRAM if cdk == CDKTF else on_cdktn(PROGRAM)
    (tmp_path / "program.py").write_text(f"{program}\nimport {cdk.bindings} as bindings\n\nprint(bindings.__file__)\n")
    env = {"PYTHONPATH": str(BESIDE), "EGRESS_CDK": cdk.name} if cdk == CDKTN else {}
    done = installed.run("python", "program.py", cwd=tmp_path, env=env)
    assert Path(done.stdout.strip()).is_relative_to(installed.venv)
    made = json.loads((tmp_path / "cdktf.out" / "stacks" / "wld01" / "cdk.tf.json").read_text())
    assert made["//"]["metadata"]["version"] == version


def test_without_the_extra_the_bindings_of_cdktn_say_what_brings_it(installed: Installed, tmp_path: Path) -> None:
    command: list[str | Path] = [installed.bin / "python", "-c", "import cdktn_provider_nsxt"]
    env = installed.environment()
    done = subprocess.run(command, cwd=tmp_path, env=env, text=True, capture_output=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "ModuleNotFoundError: cdktn_provider_nsxt is made for cdktn, which is not installed: pip install 'tier0-egress[cdktn]'"
    )


def test_the_constructs_are_typed_in_the_wheel(installed: Installed, tmp_path: Path) -> None:
    assert types(installed, PROGRAM, tmp_path).startswith("Success: no issues found")
    wrong = PROGRAM.replace("gateway_path=tier0.path,\n    ha_mode", "gateway_path=tier0,\n    ha_mode")
    assert wrong != PROGRAM
    said = types(installed, wrong, tmp_path)
    assert 'Argument "gateway_path" to "EgressSnatPair" has incompatible type "Tier0Gateway"; expected "str"' in said
