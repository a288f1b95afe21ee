"""Synthesis: main.py runs in a process of its own and leaves one folder with a cdk.tf.json per stack."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from egress.domain import EgressError
from egress.layout import output_folder
from egress.toolchain.node import find_node
from egress.toolchain.processes import run


def synthesise(root: Path, stacks: Sequence[str], *, lab: bool) -> tuple[dict[str, Path], str]:
    """Synthesises the named stacks of the project `root`; returns the folder of each, and what main.py said besides.

    main.py is told what to do by the environment: EGRESS_STACKS, CDKTF_OUTDIR and, if the target is a lab, EGRESS_LAB.
    Errors: EgressError with main.py's own words.
    """
    app = root / "main.py"
    if not app.is_file():
        raise EgressError(f"no main.py in {str(root)!r}: it is the CDKTF app, egress init writes one")
    out = output_folder(root, lab=lab)
    env = {
        **{key: value for key, value in os.environ.items() if lab or key != "EGRESS_LAB"},
        "JSII_NODE": str(find_node()),
        "EGRESS_STACKS": ",".join(stacks),
        "CDKTF_OUTDIR": str(out),
    }
    done = run([sys.executable, app.name], cwd=root, env=env)
    if done.code:
        raise EgressError(f"synthesis failed:\n{(done.err or done.out).strip()}")
    return {stack: out / "stacks" / stack for stack in _manifest(out) if stack in stacks}, done.err.strip()


def _manifest(out: Path) -> list[str]:
    """Stacks of the last synthesis. The folder itself may hold stacks of earlier ones, the manifest does not."""
    try:
        return sorted(json.loads((out / "manifest.json").read_text())["stacks"])
    except (OSError, ValueError, KeyError):
        raise EgressError(f"synthesis left no manifest in {out}") from None
