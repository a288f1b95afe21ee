"""The project's own distribution brings the bindings along: users need nothing but pip."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_distribution_contains_the_bindings(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = tmp_path.glob("tier0_egress-*.whl")
    (bindings,) = (ROOT / "bindings" / "dist").glob("*.whl")
    with zipfile.ZipFile(built) as ours, zipfile.ZipFile(bindings) as theirs:
        wanted = [name for name in theirs.namelist() if name.startswith("cdktf_cdktf_provider_nsxt/")]
        assert len(wanted) > 10
        for name in wanted:
            assert ours.read(name) == theirs.read(name)
        assert {"constructs_lib/__init__.py", "stacks/__init__.py"} <= set(ours.namelist())
