"""Where things lie in a project folder, and the variable that marks a shell. Imports nothing but the standard library.

cdktf.out/stacks/<stack>/cdk.tf.json      synthesised for the managers named in the domain files
.lab/cdktf.out/stacks/<stack>/...         synthesised for a lab
"""

from __future__ import annotations

from pathlib import Path

LAB_FOLDER = Path(".lab")
"""Everything that belongs to a lab: its file, output, states and locks."""
OUTPUT = "cdktf.out"
STACK_FILE = "cdk.tf.json"
"""What synthesis leaves in a stack's folder; cdktf names it."""
SHELL_MARK = "EGRESS_SHELL"
"""Set by `egress shell`: what it was opened for, `lab HOST` or `managers`."""


def output_folder(root: Path, *, lab: bool) -> Path:
    """Where synthesis writes: `cdktf.out`, or `.lab/cdktf.out` when the target is a lab."""
    return root / LAB_FOLDER / OUTPUT if lab else root / OUTPUT
