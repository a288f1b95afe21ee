"""A pull request that touches one of many domains: affected, plan, gate and comment, beside the engine's own plan of that stack."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from egress.domain import load_domains
from egress.policy.seed import seed
from egress.review.comment import COMMENT, render
from egress.review.consequence import Fate
from egress.review.planned_run import PlannedRun
from nsx_lab import Lab
from tests.bench.engines import plain
from tests.bench.fleet import write_varied
from tests.bench.measuring import CLEAN, REPOSITORY, Program, calls_in_turns, in_turns
from tests.bench.rows import Row, Sizes
from tests.e2e.sites import EGRESS
from tests.review.plans import TKG, flow, plan, reviewed

GIT = {"GIT_AUTHOR_NAME": "x", "GIT_AUTHOR_EMAIL": "x@y", "GIT_COMMITTER_NAME": "x", "GIT_COMMITTER_EMAIL": "x@y"}
STACK = "w1"


def rows(sizes: Sizes) -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="egress-bench-") as folder:
        yield from _one_of_many(Path(folder), sizes)
    few, many = calls_in_turns(sizes.runs, _comment(sizes.stacks), _comment(10 * sizes.stacks))
    what = f"comment of {10 * sizes.stacks} stacks / of {sizes.stacks}"
    yield Row(what, many / few, "x", 12, beside={"ours, s": many})


def _one_of_many(folder: Path, sizes: Sizes) -> Iterator[Row]:
    root = repository(folder / "fleet", sizes.domains)
    alone = folder / "alone"
    alone.mkdir()
    for name in ("main.py", "cdktf.json", f"domains/{STACK}.yaml"):
        (alone / name).parent.mkdir(exist_ok=True)
        shutil.copy(root / name, alone / name)
    with Lab(seed=seed(load_domains(root, [STACK]))) as lab:
        file = folder / "lab.json"
        lab.write_lab_file(file)
        env = {"EGRESS_LAB": str(file)}

        def egress(*arguments: str) -> Program:
            return Program([EGRESS, *arguments], root, env, (0, 2))

        with plain(alone, file) as peer:
            affected, planned, gate, comment, engine = in_turns(
                min(3, sizes.runs),
                egress("affected", "--base", "HEAD"),
                egress("plan", STACK, "--out", "plans"),
                egress("gate", "plans", "--base", "HEAD"),
                egress("comment", "plans", "--to", "file:comment.md"),
                *peer.programs("plan"),
            )
    what = f"pull request that touches 1 of {sizes.domains:,} domains"
    beside = {"affected": affected.wall, "plan": planned.wall, "the engine's plan": engine.wall, "MB": affected.peak}
    yield Row(f"{what}: affected + plan", affected.wall + planned.wall, "s", 6, beside=beside)
    yield Row(
        f"{what}: gate + comment", gate.wall + comment.wall, "s", beside={"gate": gate.wall, "comment": comment.wall}
    )


def repository(root: Path, domains: int) -> Path:
    """A git repository with a fleet, and one domain file that differs from what was committed."""
    root.mkdir()
    write_varied(root, domains)
    for name in ("main.py", "cdktf.json"):
        (root / name).write_bytes((REPOSITORY / name).read_bytes())
    (root / ".gitignore").write_text(".egress/\n.lab/\nplans/\n")
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "base"]):
        subprocess.run(["git", *command], cwd=root, env=CLEAN | GIT, check=True)
    file = root / "domains" / f"{STACK}.yaml"
    file.write_text(file.read_text().replace("translated: 10.70.1.100", "translated: 10.70.1.99"))
    return root


def _comment(stacks: int) -> Callable[[], object]:
    """Renders the comment of so many stacks that change."""
    flows = (flow("Supervisor", Fate.WORKS, Fate.WORKS), flow("TKG", Fate.WORKS, Fate.FAILS))
    run = PlannedRun(tuple(reviewed(f"wld{index}", plan({TKG: None}), *flows) for index in range(stacks)))
    return lambda: render(run, COMMENT)
