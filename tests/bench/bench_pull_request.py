"""How long does a pull request take? Run it: python -m tests.bench.bench_pull_request [--json]

One of 1,000 domains changes: affected, plan, gate and comment, in turns with the plain engine's plan of that one stack; and the comment of
200 stacks, in turns with that of 20. Reports, asserts nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from egress.domain import LabTarget, load_domains
from egress.policy.seed import seed
from egress.review.comment import COMMENT, render
from egress.review.consequence import Fate
from egress.review.planned_run import PlannedRun
from egress.toolchain.runs import Run
from egress.toolchain.stacks import opened
from egress.toolchain.synthesis import synthesised
from nsx_lab import Lab
from tests.bench.fleet import write_fleet
from tests.bench.measuring import in_turns, program, seconds
from tests.e2e.sites import EGRESS, REPOSITORY
from tests.review.plans import TKG, flow, plan, reviewed

DOMAINS, STACK = 1_000, "wld505"
GIT = {"GIT_AUTHOR_NAME": "x", "GIT_AUTHOR_EMAIL": "x@y", "GIT_COMMITTER_NAME": "x", "GIT_COMMITTER_EMAIL": "x@y"}
CLEAN = {key: value for key, value in os.environ.items() if not key.startswith(("EGRESS_", "NSXT_", "TF_", "CDKTF_"))}


def one_of_many(folder: Path) -> dict[str, Any]:
    """Each command's median seconds, all of them beside the engine's plan of the stack."""
    root = folder / "fleet"
    root.mkdir()
    write_fleet(root, DOMAINS)
    for name in ("main.py", "cdktf.json"):
        (root / name).write_bytes((REPOSITORY / name).read_bytes())
    (root / ".gitignore").write_text(".egress/\n.lab/\nplans/\n")
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "base"]):
        subprocess.run(["git", *command], cwd=root, env=CLEAN | GIT, check=True)
    file = root / "domains" / f"{STACK}.yaml"
    file.write_text(file.read_text().replace("translated: 10.72.5.10", "translated: 10.72.5.12"))
    domains = load_domains(root, [STACK])
    with Lab(seed=seed(domains)) as lab:
        lab.write_lab_file(root / "lab.json")
        os.environ["EGRESS_LAB"] = str(root / "lab.json")  # what synthesises for the plain engine is a process, too
        env = CLEAN | {"EGRESS_LAB": os.environ["EGRESS_LAB"]}

        def egress(*arguments: str, codes: tuple[int, ...] = (0,)) -> Any:
            return lambda: program([EGRESS, *arguments], root, env, codes)

        target = LabTarget.from_file(root / "lab.json")
        run = Run.prepare(root, target, domains, "bench")
        with (
            synthesised(root, [STACK], lab=True) as made,
            opened(run, domains[0], made.folders[STACK]) as stack,
        ):
            stack.initialise()

            def plain() -> None:
                assert stack.engine("plan", "-input=false", "-out=plain", capture=True).code == 0

            engine, planned = in_turns(5, plain, lambda: None)
            del planned
        affected = seconds(egress("affected", "--base", "HEAD"))
        steps = {
            "plan --out s": egress("plan", STACK, "--out", "plans", codes=(0, 2)),
            "gate s": egress("gate", "plans", "--base", "HEAD", codes=(0, 2)),
            "comment s": egress("comment", "plans", "--to", "file:comment.md"),
        }
        taken = in_turns(3, *steps.values())
    figures = {name: round(value, 2) for name, value in zip(steps, taken, strict=True)}
    whole = affected + sum(taken)
    return {
        "affected s": round(affected, 2),
        **figures,
        "engine's plan s": round(engine, 2),
        "whole / engine": round(whole / engine, 1),
    }


def comment(number: int) -> Any:
    """Renders the comment of so many stacks that change."""
    flows = (flow("Supervisor", Fate.WORKS, Fate.WORKS), flow("TKG", Fate.WORKS, Fate.FAILS))
    run = PlannedRun(tuple(reviewed(f"wld{index}", plan({TKG: None}), *flows) for index in range(number)))
    return lambda: render(run, COMMENT)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="egress-bench-") as name:
        many, few = in_turns(5, comment(200), comment(20))
        figures = {
            f"pull request that changes 1 of {DOMAINS:,} domains": one_of_many(Path(name)),
            "comment of 200 stacks": {
                "ours s": round(many, 3),
                "of 20 s": round(few, 3),
                "times": round(many / few, 1),
            },
        }
    print(json.dumps(figures, indent=None if asked.json else 2))


if __name__ == "__main__":
    main()
