"""How fast is the lab? Run it: python -m tests.bench.bench_lab [--json]

Reports, never fails: the aims are 1,500 GET/s and 700 PATCH/s at p99 below 20 ms with 1,000 Tier-0s, a start below one second, and
10,000 rules in less than 300 MB. Each server runs in a process of its own and is asked by another one. A bare Starlette answer is
served by the same server over the same TLS in the same run: the ratio to it says what the lab costs, whatever the machine does.
"""

from __future__ import annotations

import argparse
import base64
import importlib.util
import json
import os
import platform
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nsx_lab.manager.labfile import read_lab_file

TIER0S, RULES = 1_000, 10_000
ROUNDS, REQUESTS, STARTS = 3, 2_000, 5
CONNECTIONS = 4
TIER0 = "/policy/api/v1/infra/tier-0s/T0-{number}"
RULE = TIER0 + "/nat/USER/nat-rules/egress"
BARE = """
import sys
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
from nsx_lab.manager.server import Server
from nsx_lab.manager.tls import Authority

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


@dataclass(frozen=True)
class Target:
    """Where to ask. `ca` is PEM, "" for plain HTTP."""

    port: int
    ca: str = ""
    authorization: str = ""

    def connect(self) -> socket.socket:
        raw = socket.create_connection(("127.0.0.1", self.port))
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not self.ca:
            return raw
        return ssl.create_default_context(cadata=self.ca).wrap_socket(raw, server_hostname="127.0.0.1")

    def request(self, method: str, path: str, body: bytes = b"") -> bytes:
        lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
        lines += [f"Authorization: {self.authorization}"] if self.authorization else []
        lines += ["Content-Type: application/json"] if body else []
        return "\r\n".join([*lines, "", ""]).encode() + body


def exchange(connection: socket.socket, request: bytes) -> int:
    """Sends one request, reads its answer to the end (Content-Length); the status."""
    connection.sendall(request)
    got = b""
    while b"\r\n\r\n" not in got:
        chunk = connection.recv(65536)
        if not chunk:
            raise ConnectionError("the server hung up")
        got += chunk
    head, _, rest = got.partition(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
    )
    missing = length - len(rest)
    while missing > 0:
        missing -= len(connection.recv(65536))
    return int(head.split(b" ", 2)[1])


def burst(target: Target, requests: list[bytes]) -> tuple[float, list[float], int]:
    """Asks all, by some connections at once: requests per second, seconds that each took, and how many were not answered with 2xx."""
    took: list[float] = []
    failed: list[int] = []
    begin = threading.Barrier(CONNECTIONS + 1)

    def work(part: list[bytes]) -> None:
        with target.connect() as connection:
            exchange(connection, part[0])
            begin.wait()
            for request in part:
                start = time.perf_counter()
                status = exchange(connection, request)
                took.append(time.perf_counter() - start)
                if status // 100 != 2:
                    failed.append(status)

    threads = [threading.Thread(target=work, args=(requests[n::CONNECTIONS],)) for n in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    begin.wait()
    start = time.perf_counter()
    for thread in threads:
        thread.join()
    return len(requests) / (time.perf_counter() - start), took, len(failed)


def speed(target: Target, requests: Callable[[int], list[bytes]]) -> dict[str, Any]:
    """Medians of some rounds. `p99 ms` over all connections: what one of them waits while the others ask too."""
    rounds = [burst(target, requests(number)) for number in range(ROUNDS)]
    slow = [statistics.quantiles(took, n=100)[98] for _, took, _ in rounds]
    measured = {
        "per s": round(statistics.median(rate for rate, _, _ in rounds)),
        "p50 ms": round(statistics.median(statistics.median(took) for _, took, _ in rounds) * 1000, 2),
        "p99 ms": round(statistics.median(slow) * 1000, 2),
    }
    failed = sum(count for _, _, count in rounds)
    return measured | ({"not 2xx": failed} if failed else {})


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


# who is asked


@contextmanager
def lab(folder: Path, tier0s: int, rules_each: int) -> Iterator[tuple[Target, dict[str, Any]]]:
    """A lab in a process of its own, and what its start took."""
    seed_file, lab_file = folder / "seed.json", folder / "lab.json"
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
            yield target, {"start s": round(started, 2), "resident MB": resident(process.pid)}
        finally:
            process.terminate()


def resident(pid: int) -> int:
    """Memory that the process has in RAM, in MB (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text()
    return round(next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")) / 1024)


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


def bare() -> dict[str, Any]:
    """The smallest answer there is."""
    with beside(BARE, with_ca=True) as target:
        body = json.dumps(_rule(1, 0)).encode()
        return {
            "GET": speed(target, lambda _: [target.request("GET", "/")] * REQUESTS),
            "PATCH": speed(target, lambda _: [target.request("PATCH", "/", body)] * REQUESTS),
        }


def moto() -> dict[str, Any] | str:
    """moto's S3 server, over plain HTTP as it comes: objects of a rule's size."""
    if importlib.util.find_spec("moto") is None or importlib.util.find_spec("flask") is None:
        return "not measured: moto[server] is not installed here"
    with beside(MOTO, with_ca=False) as target:
        signed = Target(target.port, "", "AWS4-HMAC-SHA256 Credential=x/20200101/us-east-1/s3/aws4_request")
        body = json.dumps(_rule(1, 0)).encode()
        with signed.connect() as connection:
            exchange(connection, signed.request("PUT", "/bench"))
            exchange(connection, signed.request("PUT", "/bench/rule", body))
        return {
            "GET": speed(signed, lambda _: [signed.request("GET", "/bench/rule")] * (REQUESTS // 4)),
            "PUT": speed(signed, lambda _: [signed.request("PUT", "/bench/rule", body)] * (REQUESTS // 4)),
        }


def loaded(folder: Path) -> dict[str, Any]:
    """The lab with many Tier-0s: reading one of them, changing the rule of one of them, listing by pages."""

    def gets(_: int) -> list[bytes]:
        return [target.request("GET", TIER0.format(number=n % TIER0S)) for n in range(REQUESTS)]

    def patches(turn: int) -> list[bytes]:
        return [
            target.request(
                "PATCH",
                RULE.format(number=n % TIER0S),
                json.dumps({**_rule(n % TIER0S, 0), "description": f"{turn}.{n}"}).encode(),
            )
            for n in range(REQUESTS)
        ]

    def pages(_: int) -> list[bytes]:
        return [target.request("GET", "/policy/api/v1/infra/tier-0s?page_size=100")] * (REQUESTS // 20)

    with lab(folder, TIER0S, 1) as (target, start):
        return {
            "start": start,
            "GET": speed(target, gets),
            "PATCH": speed(target, patches),
            "GET a page of 100": speed(target, pages),
        }


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
    with lab(folder, RULES // 100, 100) as (_, start):
        return {"rules": RULES, **start}


def ratios(measured: dict[str, Any]) -> dict[str, float]:
    """The lab's requests per second in those of the others: 1 is as fast."""
    ours, others = measured["lab"], {"bare Starlette": measured["bare Starlette"], "moto S3": measured["moto S3"]}
    found = {}
    for name, theirs in others.items():
        if isinstance(theirs, dict):
            write = "PATCH" if "PATCH" in theirs else "PUT"
            found[f"GET to {name}"] = round(ours["GET"]["per s"] / theirs["GET"]["per s"], 2)
            found[f"PATCH to {name}"] = round(ours["PATCH"]["per s"] / theirs[write]["per s"], 2)
    return found


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
        measured["bare Starlette"] = bare()
        measured["lab"] = {"tier0s": TIER0S, **loaded(Path(folder))}
        measured["memory"] = many_rules(Path(folder))
        measured["moto S3"] = moto()
    measured["ratio"] = ratios(measured)
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
