"""The network under the client: as httpx has it, but no single read, write, handshake or look-up outlives a deadline.

httpx counts a timeout anew for every read, so a peer that sends a byte now and then is waited for without end.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterable
from typing import Any

import httpcore

from egress.lean_httpx import httpx

Left = Callable[[], float]
_KEPT = 60.0
"""Seconds for which a connection is used again (assumption: no firewall between forgets it sooner)."""


class BoundedTransport(httpx.HTTPTransport):
    """httpx's transport on a network that keeps a deadline. No proxy, whatever the environment says.

    left: seconds that are left of it. met: whether somebody has shown the right certificate on one of its connections."""

    def __init__(self, tls: ssl.SSLContext, left: Left) -> None:
        self.met = False
        super().__init__(verify=tls, trust_env=False)
        assert isinstance(self._pool, httpcore.ConnectionPool)
        self._pool.close()
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls, keepalive_expiry=_KEPT, network_backend=_Network(left, self._meet)
        )

    def _meet(self) -> None:
        self.met = True


def resolve(host: str, port: int, seconds: float) -> list[str]:
    """The addresses of a host, in the system's order.

    Asked in a thread of its own, as the system's resolver takes no timeout. Errors: OSError, TimeoutError.
    """
    found: list[str] = []
    wrong: list[OSError] = []

    def ask() -> None:
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.extend(dict.fromkeys(str(row[4][0]) for row in rows))
        except UnicodeError:
            wrong.append(OSError(f"{host!r} is no host name"))
        except OSError as error:
            wrong.append(error)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    if wrong:
        raise wrong[0]
    if thread.is_alive():
        raise TimeoutError(f"the name {host} was not resolved in time")
    return found


class _Network(httpcore.NetworkBackend):
    def __init__(self, left: Left, meet: Callable[[], None]) -> None:
        self._left, self._meet = left, meet
        self._below = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            addresses = resolve(host, port, self._left())
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        last: Exception = httpcore.ConnectError(f"the name {host} has no address")
        for number, address in enumerate(addresses):
            share = self._left() / (len(addresses) - number)  # a dead first address leaves time for the second
            try:
                stream = self._below.connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
            else:
                return _Stream(stream, self._left, self._meet)
        raise last


class _Stream(httpcore.NetworkStream):
    """A connection whose every operation ends with the deadline."""

    def __init__(self, below: httpcore.NetworkStream, left: Left, meet: Callable[[], None]) -> None:
        self._below = below
        self._left, self._meet = left, meet

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._below.read(max_bytes, self._left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._below.write(buffer, self._left())

    def close(self) -> None:
        self._below.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        stream = self._below.start_tls(ssl_context, server_hostname, self._left())
        self._meet()
        return _Stream(stream, self._left, self._meet)

    def get_extra_info(self, info: str) -> Any:
        return self._below.get_extra_info(info)
