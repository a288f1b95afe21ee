"""Where things lie in a project folder, and the variables that name stacks and mark a shell. Imports nothing but the standard library.

    .egress/runs/<stack>@<random>/            a run that goes on; it goes at the end of the run
    .egress/data/<stack>/                     what the engine keeps: initialised backend, provider
    state/<stack>.tfstate                     local state
    locks/<engine>.lock.hcl                   the provider lock that all stacks share
    cdktf.out/stacks/<stack>/cdk.tf.json      what plain cdktf makes
    .lab/                                     all of these again, for a lab

A run folder lies three folders below the project (or `.lab`), as `cdktf.out/stacks/<stack>` does: the relative paths in a
synthesised configuration (local state, CA file) mean the same files from both.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

LAB_FOLDER = Path(".lab")
"""Everything that belongs to a lab: its file, output, states and locks."""
OUTPUT = "cdktf.out"
STATES = "state"
"""Folder of local states, in the project or in its `.lab`."""
STACK_FILE = "cdk.tf.json"
"""What synthesis leaves in a stack's folder; cdktf names it."""
STACKS = "EGRESS_STACKS"
"""Tells main.py which stacks to make: names with commas between."""
STACKS_FILE = "EGRESS_STACKS_FILE"
"""The same, where the names are too many for a variable: a file with one name a line."""
SHELL_MARK = "EGRESS_SHELL"
"""Set by `egress shell`: what it was opened for, `lab HOST` or `managers`."""
OWN_FOLDER = Path(".egress")
"""What runs make; for a lab there is one below `.lab`, so that the two never meet."""
LOCK = ".terraform.lock.hcl"
"""The provider lock, as the engines name it."""


class Places(NamedTuple):
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
        return self.base / OUTPUT

    def data(self, stack: str) -> Path:
        """What the engine keeps of a stack from run to run: the initialised backend and provider (TF_DATA_DIR)."""
        return self.own / "data" / stack

    def remembered(self, stack: str) -> Path:
        """The file of what was applied last for a stack."""
        return self.own / "stacks" / f"{stack}.json"

    @property
    def states(self) -> Path:
        """Local states, one file per stack."""
        return self.base / STATES
