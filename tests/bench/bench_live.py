"""Commands that read a manager: explain --live, verify and scan, on a lab that takes 100 requests a second as NSX does."""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from egress.domain import load_domains
from egress.policy.seed import seed
from nsx_lab import Lab
from tests.bench.managers import manager
from tests.bench.measuring import REPOSITORY, Program, Taken, run
from tests.bench.rows import Row, Sizes
from tests.e2e.sites import EGRESS, project


def rows(sizes: Sizes) -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="egress-bench-") as name:
        folder = Path(name)
        for count, command, aim in ((50, "explain", 3.0), (2, "verify", 2.0), (50, "verify", None)):
            live = ["--live"] if command == "explain" else []
            taken, requests = _asked(_golden(count), folder, command, "wld01", *live)
            what = f"egress {' '.join((command, *live))}, {count} Tier-1s"
            yield Row(what, taken.wall, "s", aim, beside={"requests": requests})
        yield scanned(folder, sizes)


def _golden(tier1s: int) -> dict[str, Any]:
    """The golden domain's seed with so many Tier-1s."""
    document = seed(load_domains(REPOSITORY, ["wld01"]))
    first = next(one for one in document["infra"]["children"] if "Tier1" in one)
    for number in range(tier1s - 2):
        more = copy.deepcopy(first)
        more["Tier1"]["id"] = f"ns-{number}"
        document["infra"]["children"].append(more)
    return document


def scanned(folder: Path, sizes: Sizes) -> Row:
    """`egress scan` with all its files."""
    tier0s, tier1s = max(1, sizes.tier0s // 20), sizes.tier0s
    taken, requests = _asked(
        manager(tier0s, tier1s, sizes.rules), folder, "scan", "--out", "domains", "--timeout", "300", empty=True
    )
    what = f"egress scan of {tier0s} Tier-0s, {tier1s:,} Tier-1s, {sizes.rules:,} rules"
    return Row(what, taken.wall, "s", 25, beside={"CPU s": taken.cpu, "MB": taken.peak, "requests": requests})


def _asked(document: dict[str, Any], folder: Path, *command: str, empty: bool = False) -> tuple[Taken, int]:
    """What a command took on a lab with these objects, and its requests. `empty`: in a project without domains."""
    with tempfile.TemporaryDirectory(dir=folder) as name, Lab(seed=document, limits=True) as lab:
        root = Path(name) if empty else project(Path(name))
        (root / "cdktf.json").write_text("{}")
        (root / "domains").mkdir(exist_ok=True)
        file = root / "lab.json"
        lab.write_lab_file(file, stand_in=False)
        taken = run(Program([EGRESS, *command], root, {"EGRESS_LAB": str(file)}, (0, 2)))
        asked = lab.control.journal()
    if refused := sum(one["status"] == 429 for one in asked):
        raise RuntimeError(f"{refused} requests of {command[0]} were answered with 429")
    return taken, len(asked)
