"""How fast is the packet walk? Run it: python -m tests.bench.bench_reachability [--json]

Reports, never fails: the aims are 20,000 flows a second on one core, and 3 s for check and explain of 1,000 domains on two.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import random
import tempfile
import time
from collections.abc import Callable
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from egress.answers.causes import find_all
from egress.answers.questions import questions
from egress.checks import check
from egress.domain import WorkloadDomain, load_domains
from egress.reachability import Flow, Protocol, Result, Walker
from egress.reachability.view import view as view_of
from tests.bench.fleet import write_fleet

REPOSITORY = Path(__file__).resolve().parents[2]
FLOWS = 20_000
DOMAINS = 1_000
CORES = 2


def timed(work: Callable[[], Any]) -> tuple[float, float, Any]:
    """Seconds of wall clock, seconds of this process's CPU (which others on the machine disturb less), and the result."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return time.perf_counter() - wall, time.process_time() - cpu, result


def flows_per_second() -> dict[str, Any]:
    """The golden domain's kinds of flows, each with a port of its own, so that no two questions are equal."""
    view = view_of(load_domains(REPOSITORY, ["wld01"])[0])
    chance = random.Random(1)  # noqa: S311 - a benchmark
    kinds = [(question.flow.origin, question.flow.to, question.flow.protocol) for question in questions(view)]
    outside = [IPv4Address(f"198.51.100.{number}") for number in range(2, 250)]
    flows = []
    for _ in range(FLOWS):
        origin, to, protocol = chance.choice(kinds)
        to = chance.choice(outside) if str(to).startswith("198.") and chance.random() < 0.2 else to
        port = 443 if origin == "registry" else chance.randrange(1, 65536)
        flows.append(Flow(origin, to, Protocol(protocol), port))
    walker = Walker(view.topology)
    wall, cpu, outcomes = timed(lambda: [walker.outcomes(flow) for flow in flows])
    return {
        "flows": FLOWS,
        "paths": sum(len(one) for one in outcomes),
        "wall s": round(wall, 2),
        "cpu s": round(cpu, 2),
        "flows per cpu second": round(FLOWS / cpu),
    }


FLEET: list[WorkloadDomain] = []
"""Filled before the processes fork: domains are not sent to them."""


def explained(number: int) -> tuple[int, float]:
    """How many of a domain's questions do not work on every path, and the CPU seconds that it took to know."""
    start = time.process_time()
    view = view_of(FLEET[number])
    found = find_all(view, [question.flow for question in questions(view)])
    return sum(finding.verdict.result is not Result.ALL for finding in found), time.process_time() - start


def fleet() -> dict[str, Any]:
    """Reading, checking and explaining many domains; the explaining on several cores."""
    with tempfile.TemporaryDirectory() as folder:
        write_fleet(Path(folder), DOMAINS)
        reading, _, domains = timed(lambda: load_domains(Path(folder)))
        FLEET[:] = domains
        with multiprocessing.get_context("fork").Pool(CORES) as pool:
            start = time.perf_counter()
            waiting = pool.map_async(explained, range(DOMAINS), chunksize=25)
            _, checking, report = timed(lambda: check(domains))
            answers = waiting.get()
            both = time.perf_counter() - start
    return {
        "domains": DOMAINS,
        "cores": CORES,
        "reading wall s": round(reading, 2),
        "check cpu s": round(checking, 2),
        "explain cpu s": round(sum(cpu for _, cpu in answers), 2),
        "check and explain wall s": round(both, 2),
        "findings": len(report.findings),
        "failing flows": sum(failing for failing, _ in answers),
    }


def wide(tier1s: int) -> float:
    """CPU seconds of one domain with so many Tier-1s that have no rule: every question fails, each for a reason of its own."""
    text = [
        "{version: 1, name: wide, nsx: {host: nsx.example.com}, tier0: {id: T0, ha_mode: ACTIVE_STANDBY, uplinks: [",
        "{id: u1, edge: e1, address: 10.27.48.2/22}, {id: u2, edge: e2, address: 10.27.48.3/22}]},",
        "default_route: {next_hops: [{address: 10.27.48.1}]}, dns_servers: [172.20.0.53],",
        "egress: {ranges: [30.0.0.0/16], supervisor: {source: 30.0.250.5, translated: 10.27.50.1}}, tier1s: {",
        *(
            f"ns{one}: {{networks: [10.64.{one // 16}.{one % 16 * 16}/28], egress: 30.0.{one // 200}.{one % 200 + 1}}},"
            for one in range(tier1s)
        ),
        "}}",
    ]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "domains").mkdir()
        (Path(folder) / "cdktf.json").write_text("{}")
        (Path(folder) / "domains" / "wide.yaml").write_text("\n".join(text))
        (domain,) = load_domains(Path(folder))
    view = view_of(domain)
    return timed(lambda: find_all(view, [question.flow for question in questions(view)]))[1]


def growth() -> dict[str, Any]:
    """How explaining grows with the number of Tier-1s."""
    few, many = wide(100), wide(300)
    return {"100 Tier-1s cpu s": round(few, 2), "300 Tier-1s cpu s": round(many, 2), "ratio": round(many / few, 1)}


def main() -> None:
    """Prints what was measured, and on what."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    load = round(os.getloadavg()[0], 1)
    machine = {"python": platform.python_version(), "cores": os.cpu_count(), "load before": load}
    measured = {"machine": machine, "walk": flows_per_second(), "growth": growth(), "fleet": fleet()}
    if as_json:
        print(json.dumps(measured, indent=2))
        return
    for title, values in measured.items():
        print(f"{title}: {', '.join(f'{name} {value}' for name, value in values.items())}")


if __name__ == "__main__":
    main()
