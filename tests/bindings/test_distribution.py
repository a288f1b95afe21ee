"""The project's own distribution brings the bindings along: users need nothing but pip."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from egress.cdk import BOTH

ROOT = Path(__file__).parents[2]
NAMES = {"egress", "nsx_lab", "tier0_egress", *(cdk.bindings for cdk in BOTH)}
"""What the wheel takes of an environment, and nothing else."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = folder.glob("tier0_egress-*.whl")
    return wheel


@pytest.mark.slow
@pytest.mark.parametrize("package", [cdk.bindings for cdk in BOTH])
def test_distribution_contains_the_bindings(built: Path, package: str) -> None:
    (bindings,) = (ROOT / "bindings" / "dist").glob(f"{package}-*.whl")
    with zipfile.ZipFile(built) as ours, zipfile.ZipFile(bindings) as theirs:
        wanted = [name for name in theirs.namelist() if name.startswith(f"{package}/")]
        assert len(wanted) > 10
        for name in wanted:
            assert ours.read(name) == theirs.read(name)


@pytest.mark.parametrize("page", ["docs/package.md", "docs/decisions/0007-names-of-the-packages.md", "CHANGELOG.md"])
def test_the_pages_name_what_the_wheel_takes(page: str) -> None:
    (words,) = re.findall(
        r"(?:It|The wheel) takes (?:the|five) names:? (.*?)(?:, and no longer| in your|\. It used)",
        (ROOT / page).read_text(),
    )
    assert set(re.findall(r"`(\w+)`", words)) == NAMES


def test_distribution_takes_no_name_that_its_users_want_and_each_package_is_typed(built: Path) -> None:
    with zipfile.ZipFile(built) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    packages = {name.split("/")[0] for name in names}
    assert packages == NAMES
    assert {f"{package}/py.typed" for package in packages} <= names
    assert {"tier0_egress/constructs/py.typed", "tier0_egress/stacks/py.typed"} <= names
    for folder, package in (("constructs_lib", "constructs"), ("stacks", "stacks")):
        sources = {file.name for file in (ROOT / folder).glob("*.py")}
        assert {Path(name).name for name in names if name.startswith(f"tier0_egress/{package}/")} - {
            "py.typed"
        } == sources
