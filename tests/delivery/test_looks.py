"""What is loaded before processes are forked is loaded in none of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from egress.domain import load_domains
from egress.policy.seed import seed
from nsx_lab import Lab

REPOSITORY = Path(__file__).resolve().parents[2]
LOOKS = """
import sys
from pathlib import Path
from egress.delivery.planning import looks
from egress.domain import LabTarget, load_domains

(domain,) = load_domains(Path(sys.argv[1]), ["wld01"])
if sys.argv[3] == "loaded":
    looks.load()
before = set(sys.modules)
assert looks.look(domain, Path(sys.argv[1]), LabTarget.from_file(Path(sys.argv[2]))).objects
print(sum(name.startswith(("egress", "httpx", "httpcore", "h11")) for name in set(sys.modules) - before))
"""


@pytest.mark.slow
def test_a_look_after_loading_loads_no_client_of_its_own(tmp_path: Path) -> None:
    with Lab(seed=seed(load_domains(REPOSITORY, ["wld01"]))) as lab:
        lab.write_lab_file(tmp_path / "lab.json")
        command: list[str | Path] = [sys.executable, "-c", LOOKS, REPOSITORY, tmp_path / "lab.json"]
        counts = [
            int(subprocess.run([*command, when], check=True, capture_output=True, text=True).stdout)
            for when in ("not loaded", "loaded")
        ]
    assert counts[0] > 50, "the test would tell nothing"
    assert counts[1] == 0
