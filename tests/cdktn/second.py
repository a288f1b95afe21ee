"""The second CDK beside the first, as `pip install 'tier0-egress[cdktn]'` has it: in a folder that goes in front of the others."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from egress.cdk import CDKTF, CDKTN
from tests.machine import in_ci

REPOSITORY = Path(__file__).parents[2]
BESIDE = Path(sys.prefix) / "cdktn"
needed = pytest.mark.skipif(
    not (BESIDE / "cdktn").is_dir() and not in_ci(), reason="cdktn is not here: make setup brings it"
)
"""In CI nothing is skipped: there a test without it fails."""


ON_CDKTN = {"EGRESS_CDK": "cdktn"}
SYNTHESISED = """\
import json, pathlib
from egress.toolchain.stack.synthesis import synthesised
with synthesised(pathlib.Path("."), ["vrf-blue"], lab=False) as made:
    stack = json.loads((made.folders["vrf-blue"] / "cdk.tf.json").read_text())
print(json.dumps([stack["//"]["metadata"]["version"], made.notes]))
"""
"""What every command that plans begins with."""


def environment(more: Mapping[str, str] | None = None, *, beside: Path = BESIDE) -> dict[str, str]:
    """Variables with which Python finds cdktn, and with nothing of a target or of a choice in them."""
    unwanted = ("EGRESS_", "NSXT_", "TF_", "CDKTF_", "JSII_", "PYTHON")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(unwanted)}
    return kept | {"PYTHONPATH": str(beside)} | dict(more or {})


def on_cdktn(text: str) -> str:
    """A program for cdktf, with the names of cdktn in their place; one for cdktn as it is."""
    return re.sub(rf"\b{CDKTF.name}\b", CDKTN.name, text.replace(CDKTF.bindings, CDKTN.bindings))


def on_cdktf(text: str) -> str:
    """The other way round."""
    return re.sub(rf"\b{CDKTN.name}\b", CDKTF.name, text.replace(CDKTN.bindings, CDKTF.bindings))


def python(
    *arguments: str | Path, cwd: Path, env: Mapping[str, str], interpreter: str | Path = sys.executable
) -> subprocess.CompletedProcess[str]:
    """Runs this Python, or another."""
    command = [interpreter, *arguments]
    return subprocess.run(command, cwd=cwd, env=env, text=True, capture_output=True, check=False)


def project(folder: Path, domains: Path = REPOSITORY / "examples" / "domains") -> Path:
    """A project with this repository's app and these domain files."""
    folder.mkdir(exist_ok=True)
    shutil.copy(REPOSITORY / "main.py", folder)
    (folder / "cdktf.json").write_text("{}")
    shutil.copytree(domains, folder / "domains")
    return folder
