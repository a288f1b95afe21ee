"""How fast are explain --live and verify? Run it: python -m tests.bench.bench_live

Reports, never fails. Aims, from the start of the process, on a lab that takes 100 requests a second: explain 3 s for a Tier-0 with 50 Tier-1s,
verify 2 s for one domain.
"""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from egress.domain import load_domains
from egress.policy.seed import seed
from nsx_lab import Lab

REPOSITORY = Path(__file__).resolve().parents[2]


EXPLAIN, VERIFY = ("explain", "wld01", "--live", "--json"), ("verify", "wld01", "--json")


def measured(tier1s: int, *command: str) -> dict[str, Any]:
    """Seconds of a command and the requests that it made."""
    document = seed(load_domains(REPOSITORY, ["wld01"]))
    first = next(one for one in document["infra"]["children"] if "Tier1" in one)
    for number in range(tier1s - 2):
        more = copy.deepcopy(first)
        more["Tier1"]["id"] = f"ns-{number}"
        document["infra"]["children"].append(more)
    with tempfile.TemporaryDirectory() as folder, Lab(seed=document, limits=True) as lab:
        file = Path(folder) / "lab.json"
        lab.write_lab_file(file, stand_in=False)
        begun = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "egress", *command],
            cwd=REPOSITORY,
            env={**os.environ, "EGRESS_LAB": str(file)},
            capture_output=True,
            check=False,
        )
        taken = time.perf_counter() - begun
        asked = lab.control.journal()
    refused = sum(one["status"] == 429 for one in asked)
    return {"wall s": round(taken, 2), "requests": len(asked), "answered 429": refused}


if __name__ == "__main__":
    figures = {
        f"egress {command[0]}, {count} Tier-1s": measured(count, *command)
        for command in (EXPLAIN, VERIFY)
        for count in (2, 50)
    }
    print(json.dumps(figures, indent=2))
