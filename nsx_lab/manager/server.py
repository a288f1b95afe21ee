"""The HTTPS server: uvicorn in a thread, on a socket that is bound before anybody waits for it."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
import ssl
import threading
from concurrent.futures import Future
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from nsx_lab.manager.app import TRANSPORT

START_SECONDS = 20.0
STOP_SECONDS = 10.0


class LabProtocol(H11Protocol):
    """HTTP/1.1 that lets the application see its transport: for client certificates, and to cut connections when told to."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        app: Any = self.app

        async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
            scope[TRANSPORT] = transport
            await app(scope, receive, send)

        self.app = with_transport


class Server:
    """One server. `start` returns once connections are accepted; `stop` once they no longer are."""

    def __init__(self, app: ASGIApp, context: ssl.SSLContext, host: str = "127.0.0.1", port: int = 0) -> None:
        self._socket = _bind(host, port)
        self.port: int = self._socket.getsockname()[1]
        self.host = host
        self._loop: asyncio.AbstractEventLoop | None = None
        self._config = config = uvicorn.Config(
            app,
            http=LabProtocol,
            loop="asyncio",
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=1,
        )
        config.load()
        config.ssl = context
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="nsx-lab", daemon=True)
        self._started = threading.Event()
        self._failing: Future[None] | None = None
        self._failure: BaseException | None = None

    @property
    def address(self) -> str:
        """host:port, as in a URL."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def start(self) -> None:
        self._thread.start()
        if not self._started.wait(START_SECONDS) or self._failure is not None:
            raise RuntimeError(f"the lab did not start on {self.address}: {self._failure or 'no answer'}")

    def stop(self) -> None:
        self._server.should_exit = True
        self._server.force_exit = True  # idle keep-alive connections are not waited for
        if self._thread.ident is not None:
            self._thread.join(STOP_SECONDS)
        self._socket.close()

    def fail_over(self, seconds: float) -> None:
        """As when the cluster's virtual address moves: every connection is cut, new ones are refused for a while, then answered."""
        loop = self._loop
        assert loop is not None, "the server does not run"
        self._failing = asyncio.run_coroutine_threadsafe(self._fail_over(seconds), loop)

    async def _fail_over(self, seconds: float) -> None:
        await asyncio.sleep(0.05)  # the request that asked for it gets its answer
        for server in self._server.servers:
            server.close()
        self._socket.shutdown(socket.SHUT_RD)  # Linux: the port stays ours, connections to it are refused
        for connection in list(self._server.server_state.connections):
            transport = getattr(connection, "transport", None)
            if transport is not None:
                transport.abort()
        await asyncio.sleep(seconds)
        self._socket.listen(self._config.backlog)
        loop = asyncio.get_running_loop()
        again = await loop.create_server(self._protocol, sock=self._socket.dup(), ssl=self._config.ssl)
        self._server.servers = [again]

    def _protocol(self) -> asyncio.Protocol:
        return LabProtocol(self._config, self._server.server_state, self._server.lifespan.state)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            self._failure = error
        finally:
            self._started.set()

    async def _serve(self) -> None:
        waiting = asyncio.create_task(self._tell_when_started())
        try:
            self._loop = asyncio.get_running_loop()
            await self._server.serve(sockets=[self._socket.dup()])
        finally:
            waiting.cancel()

    async def _tell_when_started(self) -> None:
        while not self._server.started:
            await asyncio.sleep(0.005)
        self._started.set()


def _bind(host: str, port: int) -> socket.socket:
    """A bound socket. A free port is bound once more by its number: only then does Linux keep it while nobody listens (see fail_over)."""
    first = _bound(host, port)
    if port:
        return first
    try:
        return _bound(host, first.getsockname()[1])
    finally:
        first.close()


def _bound(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ipaddress.ip_address(host).version == 6 else socket.AF_INET
    except ValueError:
        family = socket.AF_INET
    # the protocol is named because asyncio sets TCP_NODELAY only if it sees it: without, every answer took 40 ms
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound
