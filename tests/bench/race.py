"""Asks servers in turns and compares how fast they answer, for benchmarks."""

from __future__ import annotations

import socket
import ssl
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

CONNECTIONS = 4
PATIENCE = 30.0
"""Seconds after which a benchmark gives up instead of waiting for ever."""


@dataclass(frozen=True)
class Target:
    """Where to ask. `ca` is PEM, "" for plain HTTP."""

    port: int
    ca: str = ""
    authorization: str = ""

    def connect(self) -> socket.socket:
        raw = socket.create_connection(("127.0.0.1", self.port), PATIENCE)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not self.ca:
            return raw
        return ssl.create_default_context(cadata=self.ca).wrap_socket(raw, server_hostname="127.0.0.1")

    def request(self, method: str, path: str, body: bytes = b"") -> bytes:
        lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
        lines += [f"Authorization: {self.authorization}"] if self.authorization else []
        lines += ["Content-Type: application/json"] if body else []
        return "\r\n".join([*lines, "", ""]).encode() + body


class Line:
    """A connection that is kept as long as the server keeps it; a server of HTTP/1.0 wants a new one for every request."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._connection: socket.socket | None = None

    def exchange(self, request: bytes) -> int:
        """Sends one request, reads its answer to the end (Content-Length); the status."""
        connection = self._connection = self._connection or self._target.connect()
        connection.sendall(request)
        got = b""
        while b"\r\n\r\n" not in got:
            got += _some(connection)
        head, _, rest = got.partition(b"\r\n\r\n")
        first, *fields = head.lower().split(b"\r\n")
        known = dict(field.split(b": ", 1) for field in fields)
        missing = int(known.get(b"content-length", 0)) - len(rest)
        while missing > 0:
            missing -= len(_some(connection))
        if first.startswith(b"http/1.0") or known.get(b"connection") == b"close":
            self.close()
        return int(first.split(b" ", 2)[1])

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def _some(connection: socket.socket) -> bytes:
    chunk = connection.recv(65536)
    if not chunk:
        raise ConnectionError("the server hung up")
    return chunk


def burst(target: Target, requests: list[bytes]) -> tuple[float, list[float], int]:
    """Asks all, by some connections at once: requests per second, seconds that each took, and how many were not answered with 2xx."""
    took: list[float] = []
    failed: list[int] = []
    begin = threading.Barrier(CONNECTIONS + 1)

    def work(part: list[bytes]) -> None:
        line = Line(target)
        line.exchange(part[0])
        begin.wait(PATIENCE)
        for request in part:
            start = time.perf_counter()
            status = line.exchange(request)
            took.append(time.perf_counter() - start)
            if status // 100 != 2:
                failed.append(status)
        line.close()

    threads = [threading.Thread(target=work, args=(requests[n::CONNECTIONS],)) for n in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    begin.wait(PATIENCE)
    start = time.perf_counter()
    for thread in threads:
        thread.join()
    return len(requests) / (time.perf_counter() - start), took, len(failed)


Requests = Callable[[int], list[bytes]]


class Race:
    """Servers asked in turns, round by round, so that whatever else the machine does meets all of them."""

    def __init__(self, rounds: int) -> None:
        self._rounds = rounds
        self._runs: dict[str, tuple[Target, Requests]] = {}
        self._rates: dict[str, list[float]] = {}
        self._measured: dict[str, dict[str, float]] = {}

    def enter(self, name: str, target: Target, requests: Requests) -> None:
        """Another runner; `requests` takes the number of the round."""
        self._runs[name] = (target, requests)

    def run(self) -> None:
        """All rounds, and the medians over them."""
        rounds = [
            {name: burst(target, requests(number)) for name, (target, requests) in self._runs.items()}
            for number in range(self._rounds)
        ]
        for name in self._runs:
            if failed := sum(one[name][2] for one in rounds):
                raise RuntimeError(f"{failed} requests of {name} were not answered with 2xx")
            self._rates[name] = [one[name][0] for one in rounds]
            self._measured[name] = _medians([one[name] for one in rounds])

    def figures(self, name: str) -> dict[str, float]:
        """Requests per second, `p50 ms` and `p99 ms` over all connections: what one of them waits while the others ask too."""
        return self._measured[name]

    def ratio(self, one: str, other: str) -> float:
        """Median of the rounds' ratios of requests per second."""
        pairs = zip(self._rates[one], self._rates[other], strict=True)
        return statistics.median(ours / theirs for ours, theirs in pairs)


def _medians(rounds: list[tuple[float, list[float], int]]) -> dict[str, float]:
    return {
        "per s": statistics.median(rate for rate, _, _ in rounds),
        "p50 ms": statistics.median(statistics.median(took) for _, took, _ in rounds) * 1000,
        "p99 ms": statistics.median(statistics.quantiles(took, n=100)[98] for _, took, _ in rounds) * 1000,
    }
