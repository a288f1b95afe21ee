"""How CPU time grows from 10 to 10,000: one curve for everything that is done to many things."""

from __future__ import annotations

import json
import math
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from egress.domain import load_domains
from egress.policy.seed import seed as policy_seed
from nsx_lab import Lab
from tests.bench.bench_answers import asked
from tests.bench.bench_lab import seed
from tests.bench.bench_live import scanned
from tests.bench.bench_pull_request import repository
from tests.bench.bench_synth import recorded
from tests.bench.fleet import write_shared, write_varied
from tests.bench.measuring import CORES, REPOSITORY, Program, run
from tests.bench.rows import Row, Sizes
from tests.e2e.sites import EGRESS

TENFOLD = 12.0
"""More than that for ten times as much, between the two largest, is no straight line any more."""
Curve = dict[int, float]
_STARTED = """\
import json, sys
from nsx_lab import Lab

with Lab(seed=json.load(open(sys.argv[1]))):
    pass
"""
_WRITTEN = """\
import json, sys
import httpx, ssl
from nsx_lab import Lab

seed = json.load(open(sys.argv[1]))
tier0 = seed["infra"]["children"][0]["Tier0"]
rules = [child for child in tier0["children"] if child["resource_type"] == "ChildPolicyNat"]
tier0["children"] = [child for child in tier0["children"] if child not in rules]
with Lab(seed=seed) as lab:
    trust = ssl.create_default_context(cadata=lab.ca_pem)
    with httpx.Client(base_url=lab.url, auth=(lab.username, lab.password), verify=trust, timeout=600) as client:
        changed = {"resource_type": "ChildTier0", "Tier0": {"resource_type": "Tier0", "id": tier0["id"], "children": rules}}
        body = {"resource_type": "Infra", "children": [changed]}
        client.patch("/policy/api/v1/infra", json=body).raise_for_status()
"""
_SEARCHED = """\
import json, sys
import httpx, ssl
from nsx_lab import Lab

with Lab(seed=json.load(open(sys.argv[1]))) as lab:
    trust = ssl.create_default_context(cadata=lab.ca_pem)
    with httpx.Client(base_url=lab.url, auth=(lab.username, lab.password), verify=trust) as client:
        for number in range(int(sys.argv[2])):
            params = {"query": f"resource_type:PolicyNatRule AND id:egress-{number % 7}", "page_size": 10}
            client.get("/policy/api/v1/search/query", params=params).raise_for_status()
"""
SEARCHES = 200


def curves(sizes: Sizes, progress: Callable[[str], object]) -> dict[str, Curve]:
    """CPU seconds of whole processes by how many, for each curve. `progress` is told what is measured."""
    found: dict[str, Curve] = {}
    for name, make in CURVES.items():
        found[name] = {}
        for count in [count for count in sizes.grown if count <= MOST.get(name, count)]:
            progress(f"{name}, {count:,}")
            with tempfile.TemporaryDirectory(prefix="egress-bench-") as folder:
                found[name][count] = make(Path(folder), count)
    return found


def _fleet(write: Callable[[Path, int], None], program: Callable[[Path], Program]) -> Callable[[Path, int], float]:
    def measured(folder: Path, count: int) -> float:
        write(folder, count)
        (folder / "main.py").write_bytes((REPOSITORY / "main.py").read_bytes())
        return run(program(folder)).cpu

    return measured


def _affected(folder: Path, count: int) -> float:
    root = repository(folder / "fleet", count)
    return run(Program([EGRESS, "affected", "--base", "HEAD"], root)).cpu


def _plan(folder: Path, count: int) -> float:
    """Stacks that were never planned, init included."""
    root = folder / "fleet"
    root.mkdir()
    write_varied(root, count)
    for name in ("main.py", "cdktf.json"):
        (root / name).write_bytes((REPOSITORY / name).read_bytes())
    with Lab(seed=policy_seed(load_domains(root))) as lab:
        lab.write_lab_file(folder / "lab.json")
        command: list[str | Path] = [EGRESS, "plan", "--parallel", str(CORES)]
        return run(Program(command, root, {"EGRESS_LAB": str(folder / "lab.json")}, (2,))).cpu


def _lab(program: str, tier0s: Callable[[int], tuple[int, int]], *arguments: str) -> Callable[[Path, int], float]:
    """A program that has a lab in its own process; `tier0s`: how many there are, with how many rules each."""

    def measured(folder: Path, count: int) -> float:
        file = folder / "seed.json"
        file.write_text(json.dumps(seed(*tier0s(count))))
        return run(Program([sys.executable, "-c", program, str(file), *arguments], folder)).cpu

    return measured


def _scan(folder: Path, count: int) -> float:
    row = scanned(folder, Sizes(tier0s=max(1, count // 10), rules=count))
    return float(row.beside["CPU s"])


CURVES: Mapping[str, Callable[[Path, int], float]] = {
    "synthesis of domains": _fleet(write_varied, recorded),
    "check of domains": _fleet(write_varied, lambda root: asked("check", root)),
    "explain of domains": _fleet(write_varied, lambda root: asked("explain", root)),
    "check of domains on one Tier-0": _fleet(write_shared, lambda root: asked("check", root)),
    "explain of domains on one Tier-0": _fleet(write_shared, lambda root: asked("explain", root)),
    "affected among domains": _affected,
    "plan of stacks": _plan,
    "lab started with Tier-0s": _lab(_STARTED, lambda count: (count, 1)),
    "one PATCH of rules on one Tier-0": _lab(_WRITTEN, lambda count: (1, count)),
    f"{SEARCHES} searches among rules": _lab(_SEARCHED, lambda count: (max(1, count // 10), 10), str(SEARCHES)),
    "scan of rules": _scan,
}
"""What is measured, by its name on the plot."""
MOST = {"plan of stacks": 100}
"""What has an engine run for each takes too long for more."""


def rows(found: Mapping[str, Curve]) -> Iterator[Row]:
    """How often more CPU time ten times as much takes, between the two largest of each curve."""
    for name, curve in found.items():
        *_, (fewer, less), (many, more) = sorted(curve.items())
        factor = (more / less) ** (1 / math.log10(many / fewer))
        beside: dict[str, float | str] = {f"{count:,}": f"{cpu:.3g} s" for count, cpu in sorted(curve.items())}
        yield Row(f"growth: {name}", factor, "x for 10 x", TENFOLD, beside=beside)
