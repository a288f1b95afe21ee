"""Synthesis: main.py, checks included, through jsii and through the recorder."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from egress.toolchain.tools.node import find_node
from tests.bench.fleet import write_varied
from tests.bench.measuring import REPOSITORY, Program, at_once, in_turns, median, run
from tests.bench.rows import Row, Sizes
from tests.e2e.sites import project

EMPTY_STACK = """\
from cdktf import App, TerraformStack

app = App()
TerraformStack(app, "empty")
app.synth()
"""
MAIN = [sys.executable, "main.py"]
NODE = {"JSII_NODE": str(find_node())}


def recorded(root: Path) -> Program:
    """main.py on the recorder, which says in a file why it gave up."""
    return Program([sys.executable, "-m", "egress.recorder", "main.py", str(root / "handed-over")], root)


def rows(sizes: Sizes) -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="egress-bench-") as folder:
        yield from _golden(Path(folder), sizes)
        yield from _fleet(Path(folder), sizes)


def _golden(folder: Path, sizes: Sizes) -> Iterator[Row]:
    """The golden domain against the smallest CDKTF app that there can be."""
    ours, empty = project(folder / "ours"), folder / "empty"
    empty.mkdir()
    (empty / "main.py").write_text(EMPTY_STACK)
    recorder, jsii, peer = in_turns(sizes.runs, recorded(ours), Program(MAIN, ours, NODE), Program(MAIN, empty, NODE))
    beside = {"ours, CPU s": jsii.cpu, "an empty cdktf stack": peer.cpu, "MB": jsii.peak}
    yield Row(
        "synthesis of the golden domain / of an empty cdktf stack, through jsii",
        jsii.cpu / peer.cpu,
        "x",
        1.2,
        beside=beside,
    )
    beside = {"ours, CPU s": recorder.cpu, "an empty cdktf stack": peer.cpu, "MB": recorder.peak}
    yield Row("the same through the recorder", recorder.cpu / peer.cpu, "x", 0.5, beside=beside)


def _fleet(folder: Path, sizes: Sizes) -> Iterator[Row]:
    """Many domains that differ: through the recorder, and through jsii, a half in each of two processes."""
    root = folder / "fleet"
    root.mkdir()
    write_varied(root, sizes.domains)
    (root / "main.py").write_bytes((REPOSITORY / "main.py").read_bytes())
    stacks = [file.stem for file in sorted((root / "domains").glob("*.yaml"))]
    halves = (stacks[::2], stacks[1::2])
    programs = [
        Program(MAIN, root, NODE | {"EGRESS_STACKS": ",".join(half), "CDKTF_OUTDIR": f"cdktf.out/{number}"})
        for number, half in enumerate(halves)
    ]
    recorder = median([run(recorded(root)) for _ in range(min(3, sizes.runs))])
    jsii = at_once(programs)
    made = len(list((root / "cdktf.out").glob("[01]/stacks/*/cdk.tf.json")))
    if made != sizes.domains:
        raise RuntimeError(f"jsii made {made} stacks of {sizes.domains}")
    many = f"synthesis of {sizes.domains:,} varied domains"
    beside = {"CPU s": recorder.cpu}
    yield Row(f"{many}, recorder", recorder.wall, "s", 3, beside=beside)
    yield Row(f"{many}, recorder, memory", recorder.peak, "MB", 130)
    yield Row(f"{many}, jsii, two processes", jsii.wall, "s", 16, beside={"CPU s": jsii.cpu, "MB": jsii.peak})
