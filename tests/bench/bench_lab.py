"""The lab, beside a bare Starlette answer and moto's S3 server.

Each server runs in a process of its own and is asked by another one. The bare answer is served by the same server over the same TLS
in the same run: the ratio to it says what the lab costs, whatever the machine does.
"""

from __future__ import annotations

import base64
import contextlib
import importlib.util
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from nsx_lab.manager.http.client import Control
from nsx_lab.manager.http.labfile import read_lab_file
from tests.bench.race import Line, Race, Target
from tests.bench.rows import Row, Sizes

LAB_FILE = "lab.json"
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
    """A rule of a Tier-0, with addresses of its own: some hundred rules on each of many, or as many as there are on one."""
    offset = number * 256 + 10 + rule
    return {
        "resource_type": "PolicyNatRule",
        "id": "egress" if rule == 0 else f"egress-{rule}",
        "action": "SNAT",
        "source_network": str(IPv4Address("100.64.0.0") + offset),
        "translated_network": str(IPv4Address("10.0.0.0") + offset),
        "sequence_number": 100 + rule,
    }


BODY = json.dumps(_rule(1, 0)).encode()


# who is asked


@contextmanager
def lab(folder: Path, tier0s: int, rules_each: int) -> Iterator[tuple[Target, float, float]]:
    """A lab in a process of its own, the seconds that its start took, and its memory in MB."""
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
            yield target, started, memory(process.pid)
        finally:
            process.terminate()


def memory(pid: int) -> float:
    """The most memory that a process ever had in RAM, in MB (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) / 1024


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


def rows(sizes: Sizes) -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="egress-bench-") as name:
        folder = Path(name)
        yield _start(folder, sizes)
        yield from _race(folder, sizes)
        yield from _many_rules(folder, sizes)


def _start(folder: Path, sizes: Sizes) -> Row:
    """From the command to the line that says ready, without a seed."""
    took = []
    for _ in range(sizes.runs):
        with lab(folder, 0, 0) as (_target, start, resident):
            took.append((start, resident))
    start, resident = (statistics.median(column) for column in zip(*took, strict=True))
    return Row("lab: start, empty", start, "s", 1, beside={"MB": resident})


def _many_rules(folder: Path, sizes: Sizes) -> Iterator[Row]:
    """As many rules, 10 on each Tier-0."""
    with (
        lab(folder, sizes.rules // 10, 10) as (_, start, resident),
        contextlib.closing(Control.of(read_lab_file(folder / LAB_FILE))) as control,
    ):
        rules = len(control.objects(type="PolicyNatRule"))
    yield Row(f"lab: start with {rules:,} rules on {sizes.rules // 10:,} Tier-0s", start, "s", 4)
    yield Row(f"lab: memory with {rules:,} rules", resident, "MB", 300)


def _race(folder: Path, sizes: Sizes) -> Iterator[Row]:
    """The lab with many Tier-0s beside a bare answer and, where it is installed, moto's S3 server with objects of a rule's size.

    Asked of the lab: one of the Tier-0s, a change of the NAT rule of one of them, and a page of 100.
    """
    asked, tier0s = range(sizes.requests), sizes.tier0s
    with contextlib.ExitStack() as stack:
        ours, *_ = stack.enter_context(lab(folder, tier0s, 1))
        bare = stack.enter_context(beside(BARE, with_ca=True))
        race = Race(sizes.runs)
        race.enter("GET", ours, lambda _: [ours.request("GET", TIER0.format(number=n % tier0s)) for n in asked])
        race.enter("bare GET", bare, lambda _: [bare.request("GET", "/") for _ in asked])
        race.enter("PATCH", ours, lambda turn: [_patch(ours, turn, n, n % tier0s) for n in asked])
        race.enter("bare PATCH", bare, lambda _: [bare.request("PATCH", "/", BODY) for _ in asked])
        page, few = "/policy/api/v1/infra/tier-0s?page_size=100", max(8, sizes.requests // 16)
        race.enter("page", ours, lambda _: [ours.request("GET", page)] * few)
        peers = {"GET": "bare GET", "PATCH": "bare PATCH"}
        if has_moto():
            moto = stack.enter_context(bucket())
            race.enter("moto GET", moto, lambda _: [moto.request("GET", "/bench/rule")] * few)
            race.enter("moto PUT", moto, lambda _: [moto.request("PUT", "/bench/rule", BODY)] * few)
        race.run()
        for what, aim in (("GET", 0.85), ("PATCH", 0.5)):
            figures = race.figures(what) | {f"{peers[what]}/s": race.figures(peers[what])["per s"]}
            yield Row(
                f"lab: {what} / bare Starlette", race.ratio(what, peers[what]), "x", aim, more=True, beside=figures
            )
        if has_moto():
            yield Row(
                "lab: GET / GET of moto's S3", race.ratio("GET", "moto GET"), "x", beside=race.figures("moto GET")
            )
            yield Row(
                "lab: PATCH / PUT of moto's S3", race.ratio("PATCH", "moto PUT"), "x", beside=race.figures("moto PUT")
            )
        yield Row("lab: a page of 100", race.figures("page")["p50 ms"], "ms", beside=race.figures("page"))


def has_moto() -> bool:
    return all(importlib.util.find_spec(name) is not None for name in ("moto", "flask"))


def _patch(target: Target, turn: int, number: int, tier0: int) -> bytes:
    body = {**_rule(tier0, 0), "description": f"{turn}.{number}"}
    return target.request("PATCH", RULE.format(number=tier0), json.dumps(body).encode())


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
