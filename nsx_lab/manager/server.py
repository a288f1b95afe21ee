"""The HTTPS server: uvicorn in a thread, on a socket that is bound before anybody waits for it."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
import ssl
import struct
import threading
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


def reset_connection(transport: Any) -> None:
    """Cuts a connection so that the peer sees a reset, not an end."""
    raw = transport.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


class Server:
    """One server. `start` returns once connections are accepted; `stop` once they no longer are."""

    def __init__(self, app: ASGIApp, context: ssl.SSLContext, host: str = "127.0.0.1", port: int = 0) -> None:
        self._socket = _bind(host, port)
        self.port: int = self._socket.getsockname()[1]
        self.host = host
        config = uvicorn.Config(
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
        self._thread.join(STOP_SECONDS)
        self._socket.close()

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
            await self._server.serve(sockets=[self._socket])
        finally:
            waiting.cancel()

    async def _tell_when_started(self) -> None:
        while not self._server.started:
            await asyncio.sleep(0.005)
        self._started.set()


def _bind(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ipaddress.ip_address(host).version == 6 else socket.AF_INET
    except ValueError:
        family = socket.AF_INET
    bound = socket.socket(
        family, socket.SOCK_STREAM, socket.IPPROTO_TCP
    )  # asyncio sets TCP_NODELAY only if it sees the protocol
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound
