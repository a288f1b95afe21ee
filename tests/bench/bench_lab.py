"""How fast is the lab? Run it: python -m tests.bench.bench_lab [--json]

Reports, never fails: the aims are 1,500 GET/s and 700 PATCH/s at p99 below 20 ms with 1,000 Tier-0s, a start below one second, and
10,000 rules in less than 300 MB. Each server runs in a process of its own and is asked by another one. A bare Starlette answer is
served by the same server over the same TLS in the same run: the ratio to it says what the lab costs, whatever the machine does.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nsx_lab.manager.http.client import Control
from nsx_lab.manager.http.labfile import read_lab_file
from tests.bench.race import CONNECTIONS, ROUNDS, Line, Race, Target

TIER0S, RULES = 1_000, 10_000
REQUESTS, STARTS = 2_000, 5
ASKED = range(REQUESTS)
LAB_FILE = "lab.json"
NO_MOTO = "not measured (moto[server] is not installed)"
TIER0 = "/policy/api/v1/infra/tier-0s/T0-{number}"
RULE = TIER0 + "/nat/USER/nat-rules/egress"
BARE = """
import sys
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
from nsx_lab.manager.http.server import Server
from nsx_lab.manager.http.tls import Authority

async def answer(request):
    await request.body()
    return JSONResponse({"ok": True})

authority = Authority()
app = Starlette(routes=[Route("/", answer, methods=["GET", "PATCH"])])
server = Server(app, authority.server_context("127.0.0.1"))
server.start()
print(server.port, flush=True)
print(authority.pem, flush=True)
sys.stdin.read()
"""
MOTO = """
import sys
from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""


# what is asked


def seed(tier0s: int, rules_each: int) -> dict[str, Any]:
    """A seed with Tier-0s that have an edge cluster, an uplink, a default route and egress rules."""
    return {
        "format": "nsx-lab-seed",
        "version": 1,
        "infra": {"resource_type": "Infra", "children": [_tier0(number, rules_each) for number in range(tier0s)]},
    }


def _tier0(number: int, rules: int) -> dict[str, Any]:
    high, low = divmod(number, 250)
    cluster = "/infra/sites/default/enforcement-points/default/edge-clusters/ec-1"
    uplink = {
        "resource_type": "Tier0Interface",
        "id": "uplink",
        "type": "EXTERNAL",
        "edge_path": f"{cluster}/edge-nodes/edge01",
        "subnets": [{"ip_addresses": [f"10.{high}.{low}.2"], "prefix_len": 24}],
    }
    services = {
        "resource_type": "LocaleServices",
        "id": "default",
        "edge_cluster_path": cluster,
        "children": [{"resource_type": "ChildTier0Interface", "Tier0Interface": uplink}],
    }
    route = {
        "resource_type": "StaticRoutes",
        "id": "default-route",
        "network": "0.0.0.0/0",
        "next_hops": [{"ip_address": f"10.{high}.{low}.1", "admin_distance": 1}],
    }
    nat = {
        "resource_type": "PolicyNat",
        "id": "USER",
        "children": [{"resource_type": "ChildPolicyNatRule", "PolicyNatRule": _rule(number, n)} for n in range(rules)],
    }
    children = [
        {"resource_type": "ChildLocaleServices", "LocaleServices": services},
        {"resource_type": "ChildStaticRoutes", "StaticRoutes": route},
        {"resource_type": "ChildPolicyNat", "PolicyNat": nat},
    ]
    tier0 = {"resource_type": "Tier0", "id": f"T0-{number}", "ha_mode": "ACTIVE_STANDBY", "children": children}
    return {"resource_type": "ChildTier0", "Tier0": tier0}


def _rule(number: int, rule: int) -> dict[str, Any]:
    high, low = divmod(number, 250)
    return {
        "resource_type": "PolicyNatRule",
        "id": "egress" if rule == 0 else f"egress-{rule}",
        "action": "SNAT",
        "source_network": f"100.{64 + high}.{low}.{10 + rule}",
        "translated_network": f"10.{high}.{low}.{10 + rule}",
        "sequence_number": 100 + rule,
    }


BODY = json.dumps(_rule(1, 0)).encode()


# who is asked


@contextmanager
def lab(folder: Path, tier0s: int, rules_each: int) -> Iterator[tuple[Target, dict[str, Any]]]:
    """A lab in a process of its own, and what its start took."""
    seed_file, lab_file = folder / "seed.json", folder / LAB_FILE
    seed_file.write_text(json.dumps(seed(tier0s, rules_each)))
    begin = time.perf_counter()
    arguments = [str(seed_file)] if tier0s else []
    command = [sys.executable, "-m", "nsx_lab", "serve", *arguments, "--lab-file", str(lab_file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ready = process.stdout.readline()
            started = time.perf_counter() - begin
            if not ready:
                raise RuntimeError("the lab did not start")
            known = read_lab_file(lab_file)
            basic = base64.b64encode(f"{known.username}:{known.password}".encode()).decode()
            target = Target(int(known.host.rpartition(":")[2]), known.ca, f"Basic {basic}")
            yield (
                target,
                {
                    "start s": round(started, 2),
                    "resident MB": memory(process.pid, "VmRSS"),
                    "peak MB": memory(process.pid, "VmHWM"),
                },
            )
        finally:
            process.terminate()


def memory(pid: int, name: str) -> int:
    """Memory of a process in MB (Linux): VmRSS, what it has in RAM, or VmHWM, the most that it ever had there."""
    status = Path(f"/proc/{pid}/status").read_text()
    return round(next(int(line.split()[1]) for line in status.splitlines() if line.startswith(f"{name}:")) / 1024)


@contextmanager
def beside(program: str, with_ca: bool) -> Iterator[Target]:
    """Another server to compare with, in a process of its own; it ends with its input."""
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        ca = ""
        while with_ca and "END CERTIFICATE" not in ca:
            ca += process.stdout.readline()
        try:
            yield Target(port, ca)
        finally:
            process.terminate()


# what is measured


def has_moto() -> bool:
    return all(importlib.util.find_spec(name) is not None for name in ("moto", "flask"))


def race(folder: Path) -> dict[str, Any]:
    """The lab with many Tier-0s beside a bare answer and, where it is installed, moto's S3 server with objects of a rule's size.

    Asked of the lab: one of the Tier-0s, a change of the NAT rule of one of them, and a page of 100.
    """
    with contextlib.ExitStack() as stack:
        ours, start = stack.enter_context(lab(folder, TIER0S, 1))
        bare = stack.enter_context(beside(BARE, with_ca=True))
        running = Race()
        running.enter("GET", ours, lambda _: [ours.request("GET", TIER0.format(number=n % TIER0S)) for n in ASKED])
        running.enter("GET bare Starlette", bare, lambda _: [bare.request("GET", "/") for _ in ASKED])
        running.enter("PATCH", ours, lambda turn: [_patch(ours, turn, n) for n in ASKED])
        running.enter("PATCH bare Starlette", bare, lambda _: [bare.request("PATCH", "/", BODY) for _ in ASKED])
        page = "/policy/api/v1/infra/tier-0s?page_size=100"
        running.enter("GET a page of 100", ours, lambda _: [ours.request("GET", page)] * (REQUESTS // 20))
        if has_moto():
            moto = stack.enter_context(bucket())
            few = REQUESTS // 16
            running.enter("GET moto S3", moto, lambda _: [moto.request("GET", "/bench/rule")] * few)
            running.enter("PUT moto S3", moto, lambda _: [moto.request("PUT", "/bench/rule", BODY)] * few)
        return {
            "lab": {"tier0s": TIER0S, **start},
            **running.run(),
            "ratio": {
                "GET to bare Starlette": running.ratio("GET", "GET bare Starlette"),
                "PATCH to bare Starlette": running.ratio("PATCH", "PATCH bare Starlette"),
                "GET to moto S3": running.ratio("GET", "GET moto S3") or NO_MOTO,
                "PATCH to PUT of moto S3": running.ratio("PATCH", "PUT moto S3") or NO_MOTO,
            },
        }


def _patch(target: Target, turn: int, number: int) -> bytes:
    body = {**_rule(number % TIER0S, 0), "description": f"{turn}.{number}"}
    return target.request("PATCH", RULE.format(number=number % TIER0S), json.dumps(body).encode())


@contextmanager
def bucket() -> Iterator[Target]:
    """moto's S3 server as it comes, with a bucket and an object in it: plain HTTP/1.0, so every request is a connection of its own."""
    with beside(MOTO, with_ca=False) as target:
        signed = Target(target.port, "", "AWS4-HMAC-SHA256 Credential=x/20200101/us-east-1/s3/aws4_request")
        line = Line(signed)
        for request in (signed.request("PUT", "/bench"), signed.request("PUT", "/bench/rule", BODY)):
            line.exchange(request)
        line.close()
        yield signed


def starts(folder: Path) -> dict[str, Any]:
    """From the command to the line that says ready, without a seed."""
    took = []
    for _ in range(STARTS):
        with lab(folder, 0, 0) as (_target, start):
            took.append(start)
    return {
        "median s": statistics.median(one["start s"] for one in took),
        "resident MB": statistics.median(one["resident MB"] for one in took),
    }


def many_rules(folder: Path) -> dict[str, Any]:
    """The lab with many rules, 100 on each Tier-0."""
    with (
        lab(folder, RULES // 100, 100) as (_, start),
        contextlib.closing(Control.of(read_lab_file(folder / LAB_FILE))) as control,
    ):
        return {"rules": len(control.objects(type="PolicyNatRule")), **start}


def main() -> None:
    """Prints what was measured, and on what."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    measured: dict[str, Any] = {
        "machine": {
            "python": platform.python_version(),
            "cores": os.cpu_count(),
            "load before": round(os.getloadavg()[0], 1),
            "connections": CONNECTIONS,
            "rounds": ROUNDS,
        }
    }
    with tempfile.TemporaryDirectory() as folder:
        measured["start"] = starts(Path(folder))
        measured |= race(Path(folder))
        measured["memory"] = many_rules(Path(folder))
    if as_json:
        print(json.dumps(measured, indent=2))
        return
    for title, values in measured.items():
        print(f"{title}: {said(values)}")


def said(values: Any) -> str:
    """Nested figures in one line."""
    if not isinstance(values, dict):
        return str(values)
    return ", ".join(
        f"{name} ({said(value)})" if isinstance(value, dict) else f"{name} {value}" for name, value in values.items()
    )


if __name__ == "__main__":
    main()
