"""Runs clients that nobody here wrote against a lab: the official SDK vcf-nsx, vmware-nsxlib, and the fuzzer schemathesis.

    python tools/foreign_clients.py [FOLDER]

They live in a virtual environment of their own in FOLDER (default: a throw-away one), made from requirements/clients.txt; a second run
with the same FOLDER installs nothing. Exit 1 if a client finds the lab different from an NSX Manager.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from nsx_lab import Lab

ROOT = Path(__file__).parent.parent
LOCK = ROOT / "requirements" / "clients.txt"
SEED = ROOT / "tests" / "nsx_lab" / "wld01-seed.json"
SCRIPTS = sorted((ROOT / "tests" / "nsx_lab" / "clients").glob("with_*.py"))

PROFILES = {"with_sdk.py": "9.1"}
"""The SDK is that of NSX 9, and knows its VPCs."""


def main() -> int:
    if len(sys.argv) > 1:
        return run(Path(sys.argv[1]))
    with tempfile.TemporaryDirectory(prefix="nsx-clients-") as folder:
        return run(Path(folder))


def run(folder: Path) -> int:
    python = environment(folder)
    failed = [script.name for script in SCRIPTS if not passes(python, script, folder)]
    print(f"failed: {', '.join(failed)}" if failed else f"{len(SCRIPTS)} foreign clients are content")
    return 1 if failed else 0


def environment(folder: Path) -> Path:
    """The environment's interpreter; it is made if what is there is not what the lock says."""
    python, stamp, lock = folder / "venv" / "bin" / "python", folder / "installed.txt", LOCK.read_text(encoding="utf-8")
    if not (stamp.exists() and stamp.read_text(encoding="utf-8") == lock):
        print("installing vcf-nsx, vmware-nsxlib and schemathesis", flush=True)
        venv.create(folder / "venv", with_pip=True, clear=True)
        # not compiled: most of it is never imported
        pip: list[str | Path] = [python, "-m", "pip", "install", "--quiet", "--no-compile"]
        subprocess.run([*pip, "--require-hashes", "-r", LOCK], check=True)
        stamp.write_text(lock, encoding="utf-8")
    return python


def passes(python: Path, script: Path, folder: Path) -> bool:
    """Whether a client's script ends well against a lab of its own."""
    bundles = (
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
    )  # they would win over the lab's CA file
    env = {key: value for key, value in os.environ.items() if key not in bundles}
    with Lab(seed=SEED, profile=PROFILES.get(script.name, "4.2")) as lab:
        lab.write_lab_file(folder / "lab.json")
        (folder / "ca.pem").write_text(lab.ca_pem, encoding="utf-8")
        command: list[str | Path] = [python, "-W", "ignore", script, folder / "lab.json", folder / "ca.pem"]
        return subprocess.run(command, env=env, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
