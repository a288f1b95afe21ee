"""HTTP/1.1 as Go's net/http speaks it: header order, two idle connections a host, silent second tries, redirects, its words.

Requests are written by hand, since their order on the wire matters; answers are read by http.client. No proxy is used: labs
are near.
"""

from __future__ import annotations

import contextlib
import errno
import gzip
import http.client
import select
import socket
import ssl
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urljoin, urlsplit

from nsx_lab.provider.wire import tls
from nsx_lab.provider.wire.errors import NotALabError

IDLE_PER_HOST = 2  # net/http, DefaultMaxIdleConnsPerHost
MAX_REDIRECTS = 10
_IN_TARGET = "%/?&=+:@$,;!*'()~[]"
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
    headers: Sequence[tuple[str, str]]
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


class _Connection:
    """One TLS connection to a lab, open from the start."""

    def __init__(self, host: str, port: int, address: str, context: ssl.SSLContext) -> None:
        self.host, self.port = host, port
        try:
            raw = socket.create_connection((host, port))
        except OSError as error:
            raise TransportError(_dial(error, host, port), error.errno == errno.ETIMEDOUT) from error
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.ends = f"{_name(raw.getsockname())}->{_name(raw.getpeername())}"
        try:
            self.sock = tls.handshake(raw, context, host, address)
        except tls.HandshakeError as error:
            raw.close()
            raise TransportError(str(error)) from error
        except OSError as error:
            raw.close()
            raise TransportError(_broken(error, self.ends)) from error

    def stale(self) -> bool:
        """Whether the other side has said something, that is goodbye, while nothing was asked."""
        return bool(select.select([self.sock], [], [], 0)[0])

    def was_reset(self) -> bool:
        """Whether an end of data was a reset. Python's ssl module tells both as an end.

        A reset socket has no peer any more. A socket that was closed in order may have none either, since OpenSSL answers the
        end with an alert and that is answered with a reset; but then the kernel holds EPIPE for it.
        """
        try:
            self.sock.getpeername()
        except OSError:
            return self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != errno.EPIPE
        return False

    def close(self) -> None:
        self.sock.close()

    def hang_up(self) -> None:
        """Ends what another thread does with it; that one closes it."""
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)


class Transport:
    """Connections to labs by host and port. Safe to use from several threads."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._lock = threading.Lock()
        self._idle: dict[tuple[str, int], list[_Connection]] = {}
        self._busy: set[_Connection] = set()
        self._closed = False

    def send(self, request: Request) -> Response:
        """Send a request, follow redirects. Raises TransportError if no answer came, NotALabError if the peer is no lab."""
        for _ in range(MAX_REDIRECTS):
            response = self._round_trip(request)
            following = _redirected(request, response)
            if following is None:
                return response
            request = following
        raise TransportError(f"stopped after {MAX_REDIRECTS} redirects")

    def close(self) -> None:
        """Hang up on all connections. Whoever waits for an answer gets none; nothing is sent any more."""
        with self._lock:
            self._closed = True
            for connections in self._idle.values():
                for connection in connections:
                    connection.close()
            self._idle.clear()
            for connection in self._busy:
                connection.hang_up()

    def _round_trip(self, request: Request) -> Response:
        try:
            url = urlsplit(request.url)
            port = url.port or 443
        except ValueError as error:
            raise TransportError(f'parse "{request.url}": {error}') from error
        if url.scheme != "https" or not url.hostname:
            raise NotALabError(
                f"this is the lab's stand-in for vmware/nsxt and {request.url} is not a lab: it is not https"
            )
        while True:
            connection, reused = self._connection(url.hostname, port, url.netloc)
            try:
                return self._exchange(connection, request)
            except _NoAnswerError as error:
                self._drop(connection)
                if not (reused and (error.unsent or request.method in _SEND_AGAIN)):
                    raise TransportError(str(error)) from error
            except BaseException:
                self._drop(connection)
                raise

    def _connection(self, host: str, port: int, address: str) -> tuple[_Connection, bool]:
        with self._lock:
            self._refuse_when_closed()
            idle = self._idle.get((host, port), [])
            while idle:
                connection = idle.pop()
                if not connection.stale():
                    self._busy.add(connection)
                    return connection, True
                connection.close()
        connection = _Connection(host, port, address, self._context)
        with self._lock:
            if self._closed:  # while it was dialled
                connection.close()
            self._refuse_when_closed()
            self._busy.add(connection)
        return connection, False

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise TransportError("use of closed network connection")

    def _drop(self, connection: _Connection) -> None:
        with self._lock:
            self._busy.discard(connection)
        connection.close()

    def _exchange(self, connection: _Connection, request: Request) -> Response:
        ends = connection.ends
        try:
            connection.sock.sendall(_wire(request))
        except OSError as error:
            raise _NoAnswerError(_broken(error, ends, "write"), unsent=True) from error
        got = http.client.HTTPResponse(connection.sock, method=request.method)
        try:
            self._begin(got, connection)
        except BaseException:
            got.close()
            raise
        response = _read(got)
        self._keep(connection, got, response)
        return response

    def _begin(self, got: http.client.HTTPResponse, connection: _Connection) -> None:
        """Reads the head of an answer."""
        ends = connection.ends
        try:
            got.begin()
        except (http.client.RemoteDisconnected, ssl.SSLEOFError) as error:
            reset = f"read tcp {ends}: read: connection reset by peer"
            raise _NoAnswerError(reset if connection.was_reset() else "EOF") from error
        except ssl.SSLError as error:
            raise _NoAnswerError(tls.failure(error)) from error
        except OSError as error:
            raise _NoAnswerError(_broken(error, ends)) from error
        except (http.client.HTTPException, ValueError) as error:
            said = f"net/http: HTTP/1.x transport connection broken: malformed HTTP response ({error})"
            raise TransportError(said) from error

    def _keep(self, connection: _Connection, got: http.client.HTTPResponse, response: Response) -> None:
        """Keep the connection for the next request, if it is fit for one and there is room."""
        with self._lock:
            self._busy.discard(connection)
            idle = self._idle.setdefault((connection.host, connection.port), [])
            if not response.body_error and not got.will_close and len(idle) < IDLE_PER_HOST and not self._closed:
                idle.append(connection)
                return
        got.close()
        connection.close()


class _NoAnswerError(Exception):
    """The connection broke before an answer; `unsent` if nothing of the request had left."""

    def __init__(self, text: str, unsent: bool = False) -> None:
        super().__init__(text)
        self.unsent = unsent


def _wire(request: Request) -> bytes:
    """The request as bytes. Raises TransportError for what would break out of its line."""
    url = urlsplit(request.url)
    target = quote((url.path or "/") + (f"?{url.query}" if url.query else ""), safe=_IN_TARGET)
    lines = [f"{request.method} {target} HTTP/1.1", f"Host: {url.netloc}", f"User-Agent: {request.user_agent}"]
    if request.body:
        lines.append(f"Content-Length: {len(request.body)}")
    lines += [f"{name}: {value}" for name, value in request.headers]
    lines.append("Accept-Encoding: gzip")
    if any("\r" in line or "\n" in line for line in lines):
        raise TransportError("net/http: invalid header field value")
    return "\r\n".join([*lines, "", ""]).encode() + request.body


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
    try:
        url = urljoin(request.url, location)
        old, new = urlsplit(request.url).hostname or "", urlsplit(url).hostname or ""
    except ValueError as error:
        raise TransportError(f'failed to parse Location header "{location}": {error}') from error
    method, body = request.method, request.body
    dropped = {"referer"}
    if response.status in (301, 302, 303):
        method, body = method if method == "HEAD" else "GET", b""
        dropped.add("content-type")
    if new != old and not new.endswith(f".{old}"):
        dropped |= {"authorization", "cookie", "www-authenticate"}
    headers = [(name, value) for name, value in request.headers if name.lower() not in dropped]
    return Request(method, url, request.user_agent, [*headers, ("Referer", request.url)], body)


def _name(end: tuple[object, ...]) -> str:
    host, port = str(end[0]), end[1]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _words(error: OSError) -> str:
    """The C library's words, as Go writes them."""
    return (error.strerror or str(error)).lower()


def _dial(error: OSError, host: str, port: int) -> str:
    if isinstance(error, socket.gaierror):
        return f"dial tcp: lookup {host}{_resolver()}: no such host"
    return f"dial tcp {_name((host, port))}: connect: {_words(error)}"


def _resolver() -> str:
    """The name server, which Go names when a name is unknown; nothing if there is none to be found."""
    try:
        lines = Path("/etc/resolv.conf").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return ""
    servers = [words[1] for words in (line.split() for line in lines) if len(words) > 1 and words[0] == "nameserver"]
    return f" on {_name((servers[0], 53))}" if servers else ""


def _broken(error: OSError, ends: str, verb: str = "read") -> str:
    return f"{verb} tcp {ends}: {verb}: {_words(error)}"
