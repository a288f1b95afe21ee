"""This distribution as users have it: a wheel, installed into a virtual environment, far from the checkout."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

from tests.e2e.sites import REPOSITORY

_SOURCES = (
    *("pyproject.toml", "docs/package.md", "LICENSE", "NOTICE"),
    *(
        "egress",
        "nsx_lab",
        "constructs_lib",
        "stacks",
        "tier0_egress/__init__.py",
        "tier0_egress/cdk.py",
        "tier0_egress/py.typed",
    ),
)

VENV = "venv"
"""The environment's name in the folder that it is made in."""


@dataclass(frozen=True)
class Installed:
    """A virtual environment that has the wheel of this distribution, and our own environment's packages for the rest."""

    venv: Path

    @property
    def bin(self) -> Path:
        """Where its commands are."""
        return self.venv / "bin"

    def environment(self, **more: str) -> dict[str, str]:
        """Environment variables with its commands first on PATH, and nothing of the checkout or of a target in them."""
        unwanted = ("EGRESS_", "NSXT_", "TF_", "CDKTF_", "JSII_", "GIT_", "PYTHON", "VIRTUAL_ENV")
        clean = {key: value for key, value in os.environ.items() if not key.startswith(unwanted)}
        return clean | {"PATH": os.pathsep.join([str(self.bin), os.environ["PATH"]])} | more

    def run(
        self, *command: str, cwd: Path, code: int = 0, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Runs one of its commands and asserts the exit code."""
        done = subprocess.run(
            [str(self.bin / command[0]), *command[1:]],
            cwd=cwd,
            env=self.environment(**(env or {})),
            text=True,
            capture_output=True,
            check=False,
        )
        assert done.returncode == code, f"{' '.join(command)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stdout + done.stderr
        return done


def build(folder: Path) -> Path:
    """The wheel, built from a copy of the sources."""
    source = folder / "source"
    source.mkdir()
    for name in (*_SOURCES, "bindings/hatch_build.py", "bindings/dist"):
        _copy(REPOSITORY / name, source / name)
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, source],
        check=True,
        capture_output=True,
    )
    shutil.rmtree(source)
    (wheel,) = folder.glob("tier0_egress-*.whl")
    return wheel


def install(folder: Path, wheel: Path) -> None:
    """The wheel with everything that our own environment has.

    By a `.pth` file: the project itself is an editable install in there, which such a file does not carry over.
    """
    venv = _venv_with_wheel(folder, wheel)
    (_packages(venv) / "shared.pth").write_text(sysconfig.get_path("purelib") + "\n")


def install_bare(folder: Path, wheel: Path) -> None:
    """The wheel with what it requires and nothing else, as `pip install tier0-egress` makes it: no extra."""
    venv = _venv_with_wheel(folder, wheel)
    (metadata,) = _packages(venv).glob("tier0_egress-*.dist-info")
    for name in _required(importlib.metadata.PathDistribution(metadata)):
        for file in importlib.metadata.distribution(name).files or []:
            top = Path(file.parts[0])
            link = _packages(venv) / top
            if ".." not in file.parts and not link.exists():
                link.symlink_to(Path(sysconfig.get_path("purelib")) / top)


def _required(distribution: importlib.metadata.Distribution) -> set[str]:
    """Names of what a distribution requires without extras, and what that requires, and so on."""
    found: set[str] = set()
    queue = [distribution]
    while queue:
        for text in queue.pop().requires or []:
            requirement = Requirement(text)
            bundled = requirement.name == "cdktf-cdktf-provider-nsxt"
            if bundled or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
                continue
            if requirement.name not in found:
                found.add(requirement.name)
                queue.append(importlib.metadata.distribution(requirement.name))
    return found


def _packages(venv: Path) -> Path:
    (packages,) = venv.glob("lib/python*/site-packages")
    return packages


def _venv_with_wheel(folder: Path, wheel: Path) -> Path:
    """Installs the wheel, and nothing that it needs."""
    venv = folder / VENV
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True, capture_output=True)
    pip: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        venv / "bin" / "python",
        "--quiet",
        "--disable-pip-version-check",
    ]
    subprocess.run([*pip, "install", "--no-index", "--no-deps", wheel], check=True, capture_output=True)
    return venv


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    else:
        shutil.copy(source, target)
