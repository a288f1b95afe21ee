"""How fast is --live? Run it: python -m tests.bench.bench_live

Reports, never fails: the aim is 3 s for a Tier-0 with 50 Tier-1s on a lab that takes 100 requests a second, from the start of the process.
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


def measured(tier1s: int) -> dict[str, Any]:
    """Seconds of `egress explain wld01 --live` and the requests that it made."""
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
            [sys.executable, "-m", "egress", "explain", "wld01", "--live", "--json"],
            cwd=REPOSITORY,
            env={**os.environ, "EGRESS_LAB": str(file)},
            capture_output=True,
            check=False,
        )
        taken = time.perf_counter() - begun
        asked = lab.control.journal()
    refused = sum(one["status"] == 429 for one in asked)
    return {"tier1s": tier1s, "wall s": round(taken, 2), "requests": len(asked), "answered 429": refused}


if __name__ == "__main__":
    print(json.dumps([measured(count) for count in (2, 50)], indent=2))
