"""A Failure: what a text says of one thing that failed while an image was pulled."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from egress.domain.addresses import Address


class Stage(StrEnum):
    """How far a pull came, in the order in which it goes. Behind a proxy, CONNECT and TLS are the proxy's business: PROXY is what comes
    between the node and the proxy."""

    NAME = "image name"
    RESOLVE = "resolve"
    CONNECT = "connect"
    PROXY = "proxy"
    TLS = "tls"
    HTTP = "http"
    STORE = "store"


class Cause(StrEnum):
    """What a failure text says, told apart by what it takes to cure it."""

    BAD_NAME = "image name not valid"
    FORBIDDEN = "not pulled by policy"
    LOOKUP_TIMEOUT = "dns lookup timed out"
    LOOKUP_FAILED = "dns lookup failed"
    NO_SUCH_NAME = "name does not exist"
    LOOKUP_REFUSED = "dns server failed"
    NO_DNS_SERVER = "nobody listens at the dns server"
    RESOLVER_FAILED = "the node's resolver failed"
    CONNECT_TIMEOUT = "connection timed out"
    UNREACHABLE = "no route to host"
    REFUSED = "connection refused"
    NODE_FAILED = "the node could not open a connection"
    PROXY_REFUSED = "proxy refused"
    RESET = "connection reset"
    STALLED = "connection stalled"
    ANSWER_TIMEOUT = "no answer in time"
    HANDSHAKE_TIMEOUT = "tls handshake timed out"
    TLS_REFUSED = "tls handshake refused"
    CERTIFICATE = "certificate not trusted"
    PLAIN_HTTP = "plain http where https was expected"
    HTTPS_WANTED = "https where plain http was sent"
    UNAUTHORIZED = "not logged in"
    RATE_LIMIT = "rate limit"
    NOT_FOUND = "image not found"
    SERVER_FAILED = "registry failed"
    NOT_STORED = "the node could not store the image"


@dataclass(frozen=True)
class Failure:
    """One recognised text. What it does not tell is None.

    `stage`: how far the pull came. `text`: the message, on one line. `host`: the name that was asked for or looked up. `address`, `port`: where
    the connection went. `server`, `server_port`: the DNS server that was asked. `source`: the node's or pod's own address. `proxy`: set where it is
    a proxy that was being reached or that answered, as the text names it ("" where it does not). `supervisor`: a PodVM says it.
    `image`: as the event names it. `of`: the objects that it is told of, in words: pod/web-1, pod/web-2 and 3 more.
    """

    cause: Cause
    text: str
    stage: Stage | None = None
    host: str | None = None
    address: Address | None = None
    port: int | None = None
    server: Address | None = None
    server_port: int | None = None
    source: Address | None = None
    proxy: str | None = None
    supervisor: bool | None = None
    image: str | None = None
    of: str | None = None

    @property
    def told_by(self) -> tuple[object, ...]:
        """What makes two texts the same failure."""
        return (self.cause, self.stage, self.host, self.address, self.port, self.server, self.proxy, self.supervisor)
