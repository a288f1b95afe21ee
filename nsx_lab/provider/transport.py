"""HTTP/1.1 as Go's net/http speaks it: header order, two idle connections a host, silent second tries, redirects, its words.

Built on http.client, with requests written by hand where the order on the wire matters. No proxy is used: labs are near.
"""

from __future__ import annotations

import errno
import gzip
import http.client
import select
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from nsx_lab.provider import tls
from nsx_lab.provider.errors import NotALabError

IDLE_PER_HOST = 2  # net/http, DefaultMaxIdleConnsPerHost
MAX_REDIRECTS = 10
_SEND_AGAIN = {"GET", "HEAD", "OPTIONS", "TRACE"}  # net/http, Request.isReplayable


class TransportError(Exception):
    """No answer came. The text is Go's, without the URL; `timed_out` is what Go's net.Error calls a timeout."""

    def __init__(self, text: str, timed_out: bool = False) -> None:
        super().__init__(text)
        self.timed_out = timed_out


@dataclass(frozen=True)
class Request:
    """One request. `headers` go out in their order, after Host, User-Agent and Content-Length, before Accept-Encoding."""

    method: str
    url: str
    user_agent: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Response:
    """An answer. Header names are lower case; `body_error` says why the body could not be read to its end."""

    status: int
    headers: dict[str, list[str]] = field(default_factory=dict)
    body: bytes = b""
    body_error: str = ""

    def header(self, name: str) -> str | None:
        """The first value of a header."""
        values = self.headers.get(name)
        return values[0] if values else None


class _Connection(http.client.HTTPConnection):
    """One TLS connection to a lab."""

    def __init__(self, host: str, port: int, address: str, context: ssl.SSLContext) -> None:
        super().__init__(host, port)
        self._address = address
        self._context = context

    def connect(self) -> None:
        try:
            raw = socket.create_connection((self.host, self.port))
        except OSError as error:
            raise TransportError(_dial(error, self.host, self.port), error.errno == errno.ETIMEDOUT) from error
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        local, remote = _name(raw.getsockname()), _name(raw.getpeername())
        try:
            self.sock = tls.handshake(raw, self._context, self.host, self._address)
        except tls.HandshakeError as error:
            raw.close()
            raise TransportError(str(error)) from error
        except OSError as error:
            raw.close()
            raise TransportError(_broken(error, local, remote)) from error
        self.ends = (local, remote)

    def stale(self) -> bool:
        """Whether the other side has said something, that is goodbye, while nothing was asked."""
        return self.sock is None or bool(select.select([self.sock], [], [], 0)[0])


class Transport:
    """Connections to labs by host and port. Safe to use from several threads."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._lock = threading.Lock()
        self._idle: dict[tuple[str, int], list[_Connection]] = {}

    def send(self, request: Request) -> Response:
        """Send a request, follow redirects. Raises TransportError if no answer came, NotALabError if the peer is no lab."""
        for hops in range(MAX_REDIRECTS + 1):
            response = self._round_trip(request)
            following = _redirected(request, response)
            if following is None:
                return response
            if hops < MAX_REDIRECTS:
                request = following
        raise TransportError(f"stopped after {MAX_REDIRECTS} redirects")

    def close(self) -> None:
        """Hang up on all idle connections."""
        with self._lock:
            for connections in self._idle.values():
                for connection in connections:
                    connection.close()
            self._idle.clear()

    def _round_trip(self, request: Request) -> Response:
        url = urlsplit(request.url)
        if url.scheme != "https" or not url.hostname:
            raise NotALabError(
                f"this is the lab's stand-in for vmware/nsxt and {request.url} is not a lab: it is not https"
            )
        while True:
            connection, reused = self._connection(url.hostname, url.port or 443, url.netloc)
            try:
                return self._exchange(connection, request)
            except _NoAnswerError as error:
                connection.close()
                if not (reused and (error.unsent or request.method in _SEND_AGAIN)):
                    raise TransportError(str(error)) from error

    def _connection(self, host: str, port: int, address: str) -> tuple[_Connection, bool]:
        with self._lock:
            idle = self._idle.get((host, port), [])
            while idle:
                connection = idle.pop()
                if not connection.stale():
                    return connection, True
                connection.close()
        return _Connection(host, port, address, self._context), False

    def _exchange(self, connection: _Connection, request: Request) -> Response:
        if connection.sock is None:
            connection.connect()
        local, remote = connection.ends
        try:
            _write(connection, request)
        except OSError as error:
            connection.close()
            raise _NoAnswerError(_broken(error, local, remote, "write"), unsent=True) from error
        try:
            got = connection.getresponse()
        except (http.client.RemoteDisconnected, ssl.SSLEOFError) as error:
            raise _NoAnswerError("EOF") from error
        except ssl.SSLError as error:
            raise _NoAnswerError(tls._failure(error)) from error
        except OSError as error:
            raise _NoAnswerError(_broken(error, local, remote)) from error
        except (http.client.HTTPException, ValueError) as error:
            connection.close()
            raise TransportError(
                f"net/http: HTTP/1.x transport connection broken: malformed HTTP response ({error})"
            ) from error
        response = _read(got)
        self._keep(connection, got, response)
        return response

    def _keep(self, connection: _Connection, got: http.client.HTTPResponse, response: Response) -> None:
        """Keep the connection for the next request, if it is fit for one and there is room."""
        with self._lock:
            idle = self._idle.setdefault((connection.host, connection.port), [])
            if not response.body_error and not got.will_close and len(idle) < IDLE_PER_HOST:
                idle.append(connection)
                return
        connection.close()


class _NoAnswerError(Exception):
    """The connection broke before an answer; `unsent` if nothing of the request had left."""

    def __init__(self, text: str, unsent: bool = False) -> None:
        super().__init__(text)
        self.unsent = unsent


def _write(connection: _Connection, request: Request) -> None:
    url = urlsplit(request.url)
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    connection.putrequest(request.method, target, skip_host=True, skip_accept_encoding=True)
    connection.putheader("Host", url.netloc)
    connection.putheader("User-Agent", request.user_agent)
    if request.body:
        connection.putheader("Content-Length", str(len(request.body)))
    for name, value in request.headers.items():
        connection.putheader(name, value)
    connection.putheader("Accept-Encoding", "gzip")
    connection.endheaders(request.body or None)


def _read(got: http.client.HTTPResponse) -> Response:
    headers: dict[str, list[str]] = {}
    for name, value in got.getheaders():
        headers.setdefault(name.lower(), []).append(value)
    response = Response(got.status, headers)
    try:
        response.body = got.read()
    except (http.client.HTTPException, ValueError):
        response.body_error = "unexpected EOF"
    except OSError as error:
        response.body_error = "unexpected EOF" if isinstance(error, ssl.SSLEOFError) else str(error.strerror).lower()
    if response.header("content-encoding") == "gzip" and response.body:
        try:
            response.body = gzip.decompress(response.body)
        except (OSError, EOFError):
            response.body_error = "gzip: invalid header"
    return response


def _redirected(request: Request, response: Response) -> Request | None:
    """The request that follows a redirect (net/http, Client.do), or None."""
    location = response.header("location")
    if response.status not in (301, 302, 303, 307, 308) or location is None:
        return None
    url = urljoin(request.url, location)
    method, body = request.method, request.body
    if response.status in (301, 302, 303) and method not in ("GET", "HEAD"):
        method, body = "GET", b""
    headers = dict(request.headers)
    old, new = urlsplit(request.url).hostname or "", urlsplit(url).hostname or ""
    if new != old and not new.endswith(f".{old}"):
        headers = {k: v for k, v in headers.items() if k.lower() not in ("authorization", "cookie", "www-authenticate")}
    headers["Referer"] = request.url
    return Request(method, url, request.user_agent, headers, body)


def _name(end: tuple[object, ...]) -> str:
    host, port = str(end[0]), end[1]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _words(error: OSError) -> str:
    """The C library's words, as Go writes them."""
    return (error.strerror or str(error)).lower()


def _dial(error: OSError, host: str, port: int) -> str:
    if isinstance(error, socket.gaierror):
        return f"dial tcp: lookup {host}: no such host"
    return f"dial tcp {_name((host, port))}: connect: {_words(error)}"


def _broken(error: OSError, local: str, remote: str, verb: str = "read") -> str:
    return f"{verb} tcp {local}->{remote}: {verb}: {_words(error)}"
