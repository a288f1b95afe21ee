"""The HTTPS server: uvicorn in a thread, on a socket that is bound before anybody waits for it."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import socket
import ssl
import threading
from concurrent.futures import Future
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from nsx_lab.manager.http.protocol import GOODBYE_SECONDS, LabProtocol

HANDSHAKE_SECONDS = 5.0
START_SECONDS = 20.0
STOP_SECONDS = 10.0
TICK_SECONDS = 0.1  # uvicorn's measure: every tenth tick is a new Date header
GRACE_SECONDS = 0.1  # for requests that are being answered when the end comes


class _Uvicorn(uvicorn.Server):
    """uvicorn on sockets that are bound already, with a limit of time for TLS handshakes, and that ends when it is told to.

    uvicorn itself looks for its end every 0.1 s and waits another 0.1 s for its connections, whether there are any or not.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Has `serve` look at once whether it should end. Called in the thread of its loop."""
        self._woken.set()

    async def main_loop(self) -> None:
        ticks = 0
        while not await self.on_tick(ticks):
            ticks += 1
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), TICK_SECONDS)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for one in sockets or []:
            one.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        if self.server_state.tasks:
            await asyncio.wait(self.server_state.tasks, timeout=GRACE_SECONDS)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self.servers = [await self.listen(listening) for listening in sockets or []]
        self.started = True

    async def listen(self, on: socket.socket) -> asyncio.Server:
        """Accepts connections on a bound socket."""
        return await asyncio.get_running_loop().create_server(
            lambda: LabProtocol(self.config, self.server_state, self.lifespan.state),
            sock=on,
            ssl=self.config.ssl,
            backlog=self.config.backlog,
            ssl_handshake_timeout=HANDSHAKE_SECONDS,
            ssl_shutdown_timeout=GOODBYE_SECONDS,
        )


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
        )
        config.load()
        config.ssl = context
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        self._server = _Uvicorn(config)
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
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # it has ended already
                self._loop.call_soon_threadsafe(self._server.wake)
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
        self._server.servers = [await self._server.listen(self._socket.dup())]

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
            await _hang_up()

    async def _tell_when_started(self) -> None:
        while not self._server.started:
            await asyncio.sleep(0.005)
        self._started.set()


async def _hang_up() -> None:
    """Ends what is still connected, also what is in the middle of its TLS handshake, of which uvicorn knows nothing."""
    loop: Any = asyncio.get_running_loop()
    for transport in list(loop._transports.values()):  # asyncio tells nobody else, before Python 3.13
        transport.abort()
    for _ in range(10):  # each layer tells the next one in a turn of its own
        await asyncio.sleep(0)


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
