"""Where a project keeps what runs make: in `.egress`, and for a lab in `.lab/.egress`, so that the two never meet.

A run folder lies three folders below the project (or `.lab`), as `cdktf.out/stacks/<stack>` does: the relative paths in a
synthesised configuration (local state, CA file) mean the same files from both.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

LAB_FOLDER = Path(".lab")
OWN_FOLDER = Path(".egress")
CONFIG = "cdk.tf.json"
"""A stack's synthesised Terraform, as cdktf names it."""
LOCK = ".terraform.lock.hcl"
"""The provider lock, as the engines name it."""


@dataclass(frozen=True)
class Places:
    """The folders of one project, for its managers or for its lab."""

    root: Path
    lab: bool

    @property
    def base(self) -> Path:
        """What local states lie below: the project folder, or its `.lab`."""
        return self.root / LAB_FOLDER if self.lab else self.root

    @property
    def own(self) -> Path:
        """The folder that holds everything below, and the engine's settings."""
        return self.base / OWN_FOLDER

    @property
    def runs(self) -> Path:
        """One folder per run that goes on, and the locks of stacks."""
        return self.own / "runs"

    @property
    def cdktf_output(self) -> Path:
        """Where plain `cdktf` writes in an egress shell; no run of egress reads or writes it."""
        return self.base / "cdktf.out"

    def data(self, stack: str) -> Path:
        """What the engine keeps of a stack from run to run: the initialised backend and provider (TF_DATA_DIR)."""
        return self.own / "data" / stack

    def remembered(self, stack: str) -> Path:
        """What was applied last for a stack."""
        return self.own / "stacks" / stack

    @property
    def states(self) -> Path:
        """Local states, one file per stack."""
        return self.base / "state"
