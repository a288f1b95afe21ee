"""Plan and apply on a lab: `egress` beside the plain engine on the same JSON, beside HCL by hand, and beside the cdktf CLI."""

from __future__ import annotations

import json
import shutil
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from egress.domain import load_domains
from egress.policy.seed import seed
from nsx_lab import Lab
from tests.bench.engines import plain
from tests.bench.fleet import write_varied
from tests.bench.measuring import CORES, HERE, REPOSITORY, Program, in_turns, median, run, seconds_at_once
from tests.bench.rows import Row, Sizes
from tests.e2e.sites import EGRESS, project


def rows(sizes: Sizes) -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="egress-bench-") as folder:
        scratch = Path(folder)
        yield _empty(scratch / "started", sizes, resident=False)
        yield _empty(scratch / "resident", sizes, resident=True)
        yield from _by_hand(scratch / "hand", sizes)
        yield from _fleet(scratch / "fleet", sizes)


def _empty(folder: Path, sizes: Sizes, *, resident: bool) -> Row:
    """A plan with nothing to do: the golden domain, applied. `resident`: the lab's own provider process is used, else the engine starts one."""
    root = project(folder / "ours")
    with Lab(seed=seed(load_domains(root))) as lab:
        file = folder / "lab.json"
        lab.write_lab_file(file, stand_in=resident)
        env = {"EGRESS_LAB": str(file)}
        run(Program([EGRESS, "apply", "--yes"], root, env))
        shutil.copytree(root, folder / "plain")
        with plain(folder / "plain", file) as peer:
            (engine,) = peer.programs("plan")
            ours, theirs = in_turns(sizes.runs, Program([EGRESS, "plan"], root, env), engine)
            beside: dict[str, float | str] = {"ours, s": ours.wall, peer.engine: theirs.wall}
    what = "resident in the lab" if resident else "started by the engine"
    return Row(f"empty egress plan / the engine's, provider {what}", ours.wall / theirs.wall, "x", 1.6, beside=beside)


def _by_hand(folder: Path, sizes: Sizes) -> Iterator[Row]:
    """The synthesised stack against the same in HCL: engine, lab, provider and objects are the same."""
    root, hand = project(folder / "ours"), folder / "hand"
    hand.mkdir()
    with Lab(seed=seed(load_domains(root))) as lab:
        lab.write_lab_file(folder / "lab.json")
        (hand / "main.tf").write_bytes((HERE / "by_hand.tf").read_bytes())
        (hand / "terraform.tfvars.json").write_text(json.dumps({"host": lab.host, "ca": lab.ca_pem}))
        with plain(root, folder / "lab.json") as peer:
            run(peer.elsewhere(hand, "init"))
            (made,) = peer.programs("plan")
            plans = in_turns(sizes.runs, made, peer.elsewhere(hand, "plan"))
            applies = []
            for _ in range(sizes.runs):
                taken = []
                (apply,), (destroy,) = (
                    peer.programs("apply", "-auto-approve"),
                    peer.programs("destroy", "-auto-approve"),
                )
                by_hand = [peer.elsewhere(hand, verb, "-auto-approve") for verb in ("apply", "destroy")]
                for doing, undoing in ((apply, destroy), by_hand):
                    taken.append(run(doing))
                    run(undoing)
                applies.append(taken)
    for verb, (ours, theirs) in (("plan", plans), ("apply", [median(column) for column in zip(*applies, strict=True)])):
        beside = {"ours, s": ours.wall, "by hand": theirs.wall}
        yield Row(f"{verb} of the synthesised JSON / of HCL by hand", ours.wall / theirs.wall, "x", 1.05, beside=beside)


def _fleet(folder: Path, sizes: Sizes) -> Iterator[Row]:
    """Stacks with nothing to do, on two cores."""
    root = folder / "ours"
    root.mkdir(parents=True)
    write_varied(root, sizes.stacks)
    for name in ("main.py", "cdktf.json"):
        (root / name).write_bytes((REPOSITORY / name).read_bytes())
    with Lab(seed=seed(load_domains(root))) as lab:
        file = folder / "lab.json"
        lab.write_lab_file(file)
        env = {"EGRESS_LAB": str(file)}
        run(Program([EGRESS, "apply", "--yes"], root, env, (0, 2)))
        shutil.copytree(root, folder / "plain")
        ours, theirs = [], []
        with plain(folder / "plain", file) as peer:
            for _ in range(min(3, sizes.runs)):
                ours.append(run(Program([EGRESS, "plan", "--parallel", str(CORES)], root, env, (0, 2))))
                theirs.append(seconds_at_once(peer.programs("plan")))
        yield from _against(sizes, median(ours).wall, statistics.median(theirs), _diff(root, env, sizes))


def _against(sizes: Sizes, ours: float, engine: float, diff: float) -> Iterator[Row]:
    what = f"egress plan of {sizes.stacks} stacks"
    yield Row(
        f"{what} / the engine's plans, two at once", ours / engine, "x", 1.1, beside={"ours, s": ours, "engine": engine}
    )
    beside = {"ours, s": ours, "one cdktf diff": diff}
    yield Row(f"{sizes.stacks} x cdktf diff / {what}", sizes.stacks * diff / ours, "x", 5, more=True, beside=beside)


def _diff(root: Path, env: dict[str, str], sizes: Sizes) -> float:
    """Seconds of `cdktf diff` of one of the stacks; the others cost the same, as each synthesises all."""
    program = Program([EGRESS, "shell", "--", "cdktf", "diff", "w1"], root, env | {"CI": "1"})
    return statistics.median(run(program).wall for _ in range(min(3, sizes.runs)))
