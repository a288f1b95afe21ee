"""Checks, answers and the packet walk, over many domains."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path

from egress.answers.questions import questions
from egress.domain import load_domains
from egress.reachability import Flow, Protocol, Walker
from egress.reachability.view import view as view_of
from tests.bench.fleet import write_shared, write_varied
from tests.bench.measuring import REPOSITORY, Program, cpu_seconds, in_turns
from tests.bench.rows import Row, Sizes
from tests.e2e.sites import EGRESS


def rows(sizes: Sizes) -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="egress-bench-") as folder:
        yield from _fleets(Path(folder), sizes)
    yield _walk(sizes)


def _fleets(folder: Path, sizes: Sizes) -> Iterator[Row]:
    """The commands, reading included, on a Tier-0 for each domain and on one Tier-0 for all."""
    varied, shared = folder / "varied", folder / "shared"
    for root, write in ((varied, write_varied), (shared, write_shared)):
        root.mkdir()
        write(root, sizes.domains)
    runs = min(3, sizes.runs)
    check, explain = in_turns(runs, asked("check", varied), asked("explain", varied))
    many = f"check + explain of {sizes.domains:,} varied domains"
    beside = {"check": check.wall, "explain": explain.wall, "CPU s": check.cpu + explain.cpu}
    yield Row(many, check.wall + explain.wall, "s", 3, beside=beside)
    yield Row(f"{many}, memory", max(check.peak, explain.peak), "MB", 130)
    check, explain = in_turns(runs, asked("check", shared), asked("explain", shared))
    one = f"{sizes.domains:,} domains on one Tier-0"
    yield Row(f"{one}: check", check.wall, "s", 1.5, beside={"CPU s": check.cpu, "MB": check.peak})
    yield Row(f"{one}: explain", explain.wall, "s", 5, beside={"CPU s": explain.cpu, "MB": explain.peak})


def asked(command: str, root: Path) -> Program:
    """The command over all domains. 2 is an answer: a warning, or a flow that fails."""
    return Program([EGRESS, command], root, codes=(0, 2))


def _walk(sizes: Sizes) -> Row:
    """The golden domain's kinds of flows, each with a port of its own, so that no two questions are equal."""
    view = view_of(load_domains(REPOSITORY, ["wld01"])[0])
    chance = random.Random(1)  # noqa: S311 - a benchmark
    kinds = [(question.flow.origin, question.flow.to, question.flow.protocol) for question in questions(view)]
    outside = [IPv4Address(f"198.51.100.{number}") for number in range(2, 250)]
    flows = []
    for _ in range(sizes.flows):
        origin, to, protocol = chance.choice(kinds)
        to = chance.choice(outside) if str(to).startswith("198.") and chance.random() < 0.2 else to
        port = 443 if origin == "registry" else chance.randrange(1, 65536)
        flows.append(Flow(origin, to, Protocol(protocol), port))
    walker = Walker(view.topology)
    rate = sizes.flows / cpu_seconds(lambda: [walker.outcomes(flow) for flow in flows])
    return Row("packet walk, flows of different ports", rate, "a CPU s", 50_000, more=True)
