"""Plays a recording's server half back to an engine with the stand-in, and tells what differs.

A `RecordedManager` answers from the requests of one step at a time, in their order for each method, path and query; the last
answer is repeated. Ids that a provider invents are matched whatever they are.
"""

from __future__ import annotations

import json
import re
import socket
import ssl
import struct
import threading
from collections import defaultdict, deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote

UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PASSWORD = "not a secret: Playback1!"
_NOT_RECORDED = {
    "status": 404,
    "response": {"httpStatus": "NOT_FOUND", "error_code": 600, "error_message": "not recorded"},
}
_IGNORED_HEADERS = {"Host", "Content-Length", "User-Agent", "Vapi-Ctx-Opid"}

Key = tuple[str, str, str]


def masked(text: str) -> str:
    """Text without invented ids, ports and addresses."""
    return re.sub(r"127\.0\.0\.1:\w+", "HOST", UUID.sub("ID", text))


def sorted_query(query: str) -> str:
    return "&".join(sorted(query.split("&")))


@dataclass
class Seen:
    """What a provider sent."""

    key: Key
    body: Any
    headers: dict[str, str]


@dataclass
class Script:
    """The answers of one step, and what was asked for."""

    waiting: dict[Key, deque[dict[str, Any]]] = field(default_factory=lambda: defaultdict(deque))
    given: dict[Key, dict[str, Any]] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)

    @classmethod
    def of(cls, requests: list[dict[str, Any]]) -> Script:
        script = cls()
        for request in requests:
            if "path" in request:
                key = (request["method"], request["path"], sorted_query(request.get("query", "")))
                script.waiting[key].append(request)
        return script

    def answer(self, key: Key) -> dict[str, Any]:
        for candidate in (key, *self._alike(key)):
            if self.waiting.get(candidate):
                self.given[candidate] = self.waiting[candidate].popleft()
            if candidate in self.given:
                return self.given[candidate]
        return _NOT_RECORDED

    def _alike(self, key: Key) -> list[Key]:
        wanted = [UUID.sub("ID", part) for part in key]
        return [k for k in [*self.waiting, *self.given] if [UUID.sub("ID", part) for part in k] == wanted]


class RecordedManager(ThreadingHTTPServer):
    """An HTTPS server on loopback that answers from a script."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self._context = context
        self._lock = threading.Lock()
        self.script = Script()
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def play(self, requests: list[dict[str, Any]]) -> None:
        self.script = Script.of(requests)

    def exchange(self, seen: Seen) -> dict[str, Any]:
        with self._lock:
            self.script.seen.append(seen)
            return self.script.answer(seen.key)

    def finish_request(self, request: Any, client_address: Any) -> None:
        try:
            with self._context.wrap_socket(request, server_side=True) as wrapped:
                _Handler(wrapped, client_address, self)
        except OSError:
            return  # a client that refuses the certificate, or hangs up

    def handle_error(self, request: Any, client_address: Any) -> None:
        return

    def end(self) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    server: RecordedManager
    _KEPT: ClassVar = {"content-length", "connection", "date", "server", "content-type"}

    def log_message(self, format: str, *args: Any) -> None:
        return

    def _handle(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        path, _, query = self.path.partition("?")
        try:
            body = json.loads(raw) if raw else None
        except ValueError:
            body = raw
        key = (self.command, path, sorted_query(unquote(query)))
        answer = self.server.exchange(Seen(key, body or None, dict(self.headers.items())))
        if answer.get("reset") or answer.get("hang_up"):
            self.close_connection = True
            if answer.get("reset"):  # closes without a goodbye
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            return
        self._send(answer)

    def _send(self, answer: dict[str, Any]) -> None:
        response = answer.get("response")
        text = "" if response is None else response if isinstance(response, str) else json.dumps(response)
        headers = dict(answer.get("response_headers") or {})
        self.send_response(answer["status"])
        self.send_header("Content-Type", headers.get("Content-Type", "application/json;charset=UTF-8"))
        for name, value in headers.items():
            if name.lower() not in self._KEPT:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    do_GET = do_PATCH = do_DELETE = do_POST = _handle  # noqa: N815 - names of http.server


Sent = dict[str, list[tuple[str, str]]]


def _body(body: Any, path: str) -> str:
    if path.startswith("/api/session"):
        return ""  # credentials of the day
    return masked(json.dumps(body, sort_keys=True)) if body else ""


def recorded_requests(requests: list[dict[str, Any]]) -> Sent:
    """Method and body of each request, by resource."""
    sent: Sent = defaultdict(list)
    for r in requests:
        if "path" in r:
            address = masked(r["path"] + "?" + sorted_query(r.get("query", "")))
            sent[address].append((r["method"], _body(r.get("body"), r["path"])))
    return dict(sent)


def seen_requests(seen: list[Seen]) -> Sent:
    """The same of what was sent now."""
    sent: Sent = defaultdict(list)
    for s in seen:
        method, path, query = s.key
        sent[masked(f"{path}?{query}")].append((method, _body(s.body, path)))
    return dict(sent)


def different_requests(want: Sent, got: Sent, *, by_the_wall: bool) -> list[str]:
    """What was sent too often, too rarely or otherwise.

    `by_the_wall`: polling followed the wall clock, which may be late, so only that there was polling is compared.
    """
    out = []
    for address in sorted(want.keys() | got.keys()):
        w, g = want.get(address, []), got.get(address, [])
        polled = by_the_wall and "realized-entities" in address and w and g
        if w != g and not polled:
            out.append(f"{address}: sent {g}, recorded {w}")
    return out


def different_headers(requests: list[dict[str, Any]], seen: list[Seen]) -> list[str]:
    """Headers of the first request to each path, where they were recorded. Credentials count by their scheme."""
    out = []
    for r in requests:
        if "headers" not in r or "path" not in r:
            continue
        first = next((s for s in seen if s.key[:2] == (r["method"], r["path"])), None)
        want, got = _headers(r["headers"]), _headers(first.headers) if first else None
        if want != got:
            out.append(f"{r['method']} {r['path']}: headers {got}, recorded {want}")
    return out


def _headers(headers: dict[str, str]) -> dict[str, str]:
    kept = {k: v for k, v in headers.items() if k not in _IGNORED_HEADERS}
    if "Authorization" in kept:
        kept["Authorization"] = kept["Authorization"].partition(" ")[0]
    return {k: re.sub(r"\d{4}", "N", v) for k, v in kept.items()}


def comparable(value: Any) -> Any:
    """A value without invented ids and the time of day."""
    if isinstance(value, dict):
        value = {k: v for k, v in value.items() if k != "date"}
    return json.loads(UUID.sub("ID", json.dumps(value, sort_keys=True)))


def changes(plan: dict[str, Any], kind: str) -> dict[str, Any]:
    """Planned changes or drift by address, from a recording or from `show -json`."""
    out = {}
    for entry in plan.get(kind) or []:
        change = dict(entry.get("change", entry))
        if change.get("same"):
            change["before"] = change["after"]
        fields = ("before", "after") if kind == "resource_drift" else ("actions", "before", "after", "after_unknown")
        out[entry["address"]] = comparable({k: change[k] for k in fields if change.get(k) is not None})
    return out


def values(resources: list[dict[str, Any]]) -> dict[str, Any]:
    """State values by address."""
    return {r["address"]: comparable(r["values"]) for r in resources}


def different(what: str, want: dict[str, Any], got: dict[str, Any]) -> list[str]:
    """Addresses whose values differ, down to the attribute."""
    out = []
    for address in sorted(want.keys() | got.keys()):
        w, g = want.get(address) or {}, got.get(address) or {}
        names = sorted(k for k in w.keys() | g.keys() if w.get(k) != g.get(k))
        out += [f"{what} {address}: {n} is {g.get(n)!r}, recorded {w.get(n)!r}" for n in names]
    return out


def configured(text: str, port: int, pki: Path) -> str:
    """The HCL of a recording with the values of today."""
    text = text.replace("127.0.0.1:PORT", f"127.0.0.1:{port}").replace("PASSWORD", PASSWORD)
    text = text.replace('version = "3.11.1"', 'version = ">= 3.11, < 4.0"')
    return re.sub(r"PKI/([\w.]+)", lambda match: str(pki / match[1]), text)
