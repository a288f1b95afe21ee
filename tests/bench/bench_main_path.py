"""How long does what everybody does every day take? Run it: python -m tests.bench.bench_main_path [--json] [--fresh]

Reports, asserts nothing. Every figure is a median, and what we are compared with runs in turns with us.
--fresh also runs the demo from nothing, in a copy of what git has: it fetches packages, and takes minutes.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from egress.domain import LabTarget, load_domains
from egress.policy.seed import seed
from egress.toolchain.node import find_node
from egress.toolchain.runs import Run
from egress.toolchain.stacks import opened
from egress.toolchain.synthesis import synthesised
from nsx_lab import Lab
from tests.bench.fleet import write_fleet
from tests.bench.measuring import compared, in_turns, program, seconds, together
from tests.e2e.sites import EGRESS, REPOSITORY, STACK, project

HERE = Path(__file__).resolve().parent
DOMAINS = 1_000
EMPTY_STACK = """\
from cdktf import App, TerraformStack

app = App()
TerraformStack(app, "empty")
app.synth()
"""
CLEAN = {key: value for key, value in os.environ.items() if not key.startswith(("EGRESS_", "NSXT_", "TF_", "CDKTF_"))}
NODE = {"JSII_NODE": str(find_node())}


def synth_of_one(folder: Path) -> dict[str, Any]:
    """main.py with the golden domain, checks included, against the smallest CDKTF app that there can be."""
    ours, theirs = project(folder / "ours"), folder / "empty"
    theirs.mkdir(parents=True)
    (theirs / "main.py").write_text(EMPTY_STACK)

    def synth(where: Path) -> Callable[[], object]:
        return lambda: program([sys.executable, "main.py"], where, CLEAN | NODE)

    return compared(7, synth(ours), synth(theirs), aim=1.3)


def synth_of_many(folder: Path) -> dict[str, Any]:
    """A fleet, half of it in each of two processes."""
    root = project(folder)
    (root / "domains" / f"{STACK}.yaml").unlink()
    (root / "domains").rmdir()
    (root / "cdktf.json").unlink()
    write_fleet(root, DOMAINS)
    stacks = [f"wld{number}" for number in range(DOMAINS)]
    halves = [stacks[: DOMAINS // 2], stacks[DOMAINS // 2 :]]
    command = [sys.executable, "main.py"]
    taken, peak = together(
        [
            (command, root, CLEAN | NODE | {"EGRESS_STACKS": ",".join(half), "CDKTF_OUTDIR": f"cdktf.out/{n}"})
            for n, half in enumerate(halves)
        ]
    )
    made = len(list((root / "cdktf.out").glob("*/stacks/*/cdk.tf.json")))
    return {"domains": made, "s": round(taken, 1), "aim s": 12, "summed peak MB": round(peak), "aim MB": 400}


def checking(folder: Path) -> dict[str, Any]:
    """`egress check`, the whole command, of one file and of a fleet."""
    one = project(folder / "one")
    many = folder / "many"
    many.mkdir(parents=True)
    write_fleet(many, DOMAINS)
    (of_one,) = in_turns(5, lambda: program([EGRESS, "check"], one, CLEAN, codes=(0, 2)))
    (of_many,) = in_turns(3, lambda: program([EGRESS, "check"], many, CLEAN, codes=(0, 2)))
    return {"one file s": round(of_one, 2), "aim s": 0.4, f"{DOMAINS} files s": round(of_many, 2), "aim for all s": 3}


def plan_and_apply(folder: Path) -> dict[str, Any]:
    """The synthesised stack against the same in HCL: engine, lab, provider and objects are the same."""
    root = project(folder / "ours")
    with Lab(seed=seed(load_domains(root))) as lab:
        lab.write_lab_file(root / "lab.json")
        os.environ["EGRESS_LAB"] = str(root / "lab.json")
        run = Run.prepare(root, LabTarget.from_file(root / "lab.json"), load_domains(root))
        hand = folder / "hand"
        hand.mkdir()
        (hand / "main.tf").write_text((HERE / "by_hand.tf").read_text())
        (hand / "terraform.tfvars.json").write_text(json.dumps({"host": lab.host, "ca": lab.ca_pem}))
        with synthesised(root, [STACK], lab=True) as made, opened(run, run.domains[0], made.folders[STACK]) as stack:
            stack.initialise()
            env = run.environment(stack.domain) | {"TF_DATA_DIR": str(stack.data)}

            def engine(where: Path, *arguments: str) -> Callable[[], object]:
                own = env if where == stack.folder else run.environment(stack.domain)
                return lambda: program([run.engine.command, *arguments, "-no-color", "-input=false"], where, own)

            engine(hand, "init")()
            plan = compared(5, engine(stack.folder, "plan"), engine(hand, "plan"), aim=1.05)
            apply = _applied(lambda where, *arguments: engine(where, *arguments)(), stack.folder, hand)
        writes = [entry for entry in lab.control.journal() if entry["method"] == "PATCH"]
    del os.environ["EGRESS_LAB"]
    return {"engine": str(run.engine), "plan": plan, "apply": apply, "objects written": len(writes)}


def _applied(engine: Callable[..., object], ours: Path, hand: Path) -> dict[str, float]:
    """Each creates everything on a manager that the other has left empty."""
    taken: dict[Path, list[float]] = {ours: [], hand: []}
    for _ in range(5):
        for where, times in taken.items():
            times.append(seconds(functools.partial(engine, where, "apply", "-auto-approve")))
            engine(where, "destroy", "-auto-approve")
    a, b = (sorted(times)[len(times) // 2] for times in taken.values())
    return {"ours s": round(a, 2), "peer s": round(b, 2), "times": round(a / b, 2), "aim times": 1.05, "runs": 5}


def demo(folder: Path, fresh: bool) -> dict[str, Any]:
    """`make demo` again in this checkout; with `fresh` first in a copy of what git has, where nothing is set up."""
    measured: dict[str, Any] = {}
    if fresh:
        archive = subprocess.run(["git", "archive", "HEAD"], cwd=REPOSITORY, check=True, capture_output=True).stdout
        folder.mkdir()
        subprocess.run(["tar", "-x"], cwd=folder, input=archive, check=True)
        measured["from nothing s"] = round(seconds(lambda: program(["make", "demo"], folder, CLEAN)), 1)
    measured["again s"] = round(seconds(lambda: program(["make", "demo"], REPOSITORY, CLEAN)), 1)
    return measured


def main() -> None:
    """Prints what was measured, and on what."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--fresh", action="store_true", help="also the demo from nothing")
    asked = parser.parse_args()
    load = round(os.getloadavg()[0], 1)
    measured: dict[str, Any] = {
        "machine": {"python": platform.python_version(), "cores": os.cpu_count(), "load before": load}
    }
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        measured["synth of 1 domain against an empty stack"] = synth_of_one(scratch / "one")
        measured["synth of a fleet in two processes"] = synth_of_many(scratch / "fleet")
        measured["egress check"] = checking(scratch / "check")
        measured["plan and apply against HCL by hand"] = plan_and_apply(scratch / "engine")
        measured["demo"] = demo(scratch / "demo", asked.fresh)
    if asked.json:
        print(json.dumps(measured, indent=2))
        return
    for title, values in measured.items():
        print(f"{title}: {', '.join(f'{name} {value}' for name, value in values.items())}")


if __name__ == "__main__":
    main()
