"""This distribution as users have it: a wheel, installed into a virtual environment, far from the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.sites import REPOSITORY

_SOURCES = (
    *("pyproject.toml", "README.md", "LICENSE", "NOTICE"),
    *("egress", "nsx_lab", "constructs_lib", "stacks", "tier0_egress/__init__.py", "tier0_egress/py.typed"),
)


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

    def run(self, *command: str, cwd: Path, code: int = 0, **env: str) -> subprocess.CompletedProcess[str]:
        """Runs one of its commands and asserts the exit code."""
        done = subprocess.run(
            [str(self.bin / command[0]), *command[1:]],
            cwd=cwd,
            env=self.environment(**env),
            text=True,
            capture_output=True,
            check=False,
        )
        assert done.returncode == code, f"{' '.join(command)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stdout + done.stderr
        return done


def install(folder: Path) -> Installed:
    """Builds the wheel from a copy of the sources, and installs it.

    What the wheel needs comes from the environment that runs the tests, by a `.pth` file: in there the project itself is an
    editable install, which such a file does not carry over.
    """
    source = folder / "source"
    source.mkdir()
    for name in (*_SOURCES, "bindings/hatch_build.py", "bindings/dist"):
        _copy(REPOSITORY / name, source / name)
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, source],
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("tier0_egress-*.whl")
    venv = folder / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True, capture_output=True)
    (packages,) = venv.glob("lib/python*/site-packages")
    (packages / "shared.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip = [venv / "bin" / "python", "-m", "pip", "--quiet", "--disable-pip-version-check"]
    offline = ["install", "--no-index", "--no-deps", "--ignore-installed", wheel]
    subprocess.run([*pip, *offline], check=True, capture_output=True)
    shutil.rmtree(source)
    return Installed(venv)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    else:
        shutil.copy(source, target)
