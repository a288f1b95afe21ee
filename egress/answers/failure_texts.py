"""Recognises why an image pull failed, in the text of `kubectl describe pod` or of a container runtime's log.

Wordings: the samples of the write-up's four failing pulls (Docker, PodVM image fetcher), and the sources of Go's net and
crypto/tls packages, containerd, CRI-O and the distribution registry, which the runtimes pass on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Cause(StrEnum):
    """What a failure text says, told apart by what it takes to cure it."""

    CONNECT_TIMEOUT = "connection timed out"
    LOOKUP_TIMEOUT = "dns lookup timed out"
    NO_SUCH_NAME = "name does not exist"
    LOOKUP_REFUSED = "dns server failed"
    UNREACHABLE = "no route to host"
    REFUSED = "connection refused"
    RESET = "connection reset"
    HANDSHAKE_TIMEOUT = "tls handshake timed out"
    CERTIFICATE = "certificate not trusted"
    PLAIN_HTTP = "plain http where https was expected"
    UNAUTHORIZED = "not logged in"
    RATE_LIMIT = "rate limit"
    NOT_FOUND = "image not found"
    BAD_NAME = "image name not valid"


@dataclass(frozen=True)
class Failure:
    """One recognised text. `host`: registry or name looked up, `address` and `port`: where the connection went, `server`: the
    DNS server that was asked, `supervisor`: a PodVM says it (None where the text does not tell). `text`: the message, on one
    line."""

    cause: Cause
    text: str
    host: str | None = None
    address: str | None = None
    port: int | None = None
    server: str | None = None
    supervisor: bool | None = None


_TIMED_OUT = r"(?:i/o timeout|connection timed out|operation timed out|context deadline exceeded)"
_DIAL = r"dial tcp \[?(?P<address>[0-9a-fA-F.:]+?)\]?:(?P<port>\d{1,5})(?:->\S+)?: (?:connect: )?"
_LOOKUP = (
    r"lookup (?P<host>[\w.-]+)(?: on (?:\[?(?P<server>[0-9a-fA-F.:]+?)\]?:\d{1,5}|\S+?))?: (?:(?!lookup ).){0,200}?"
)
_PATTERNS = [
    (cause, re.compile(pattern))
    for cause, pattern in (
        (Cause.LOOKUP_TIMEOUT, rf"{_LOOKUP}{_TIMED_OUT}"),
        (Cause.LOOKUP_TIMEOUT, r"[Tt]emporary failure in name resolution"),
        (Cause.NO_SUCH_NAME, rf"{_LOOKUP}(?:no such host|Name or service not known)"),
        (
            Cause.LOOKUP_REFUSED,
            rf"{_LOOKUP}(?:server misbehaving|connection refused|network is unreachable|no route to host)",
        ),
        (Cause.CONNECT_TIMEOUT, rf"{_DIAL}{_TIMED_OUT}"),
        (Cause.UNREACHABLE, rf"{_DIAL}(?:no route to host|network is unreachable|host is unreachable|host is down)"),
        (Cause.REFUSED, rf"{_DIAL}connection refused"),
        (Cause.HANDSHAKE_TIMEOUT, r"TLS handshake timeout"),
        (Cause.CERTIFICATE, r"x509: |tls: failed to verify certificate|remote error: tls: "),
        (Cause.PLAIN_HTTP, r"server gave HTTP response to HTTPS client"),
        (Cause.RATE_LIMIT, r"429 Too Many Requests|toomanyrequests"),
        (
            Cause.UNAUTHORIZED,
            r"401 Unauthorized|403 Forbidden|unauthorized: |(?<!permission )denied: |no basic auth credentials|authorization failed",
        ),
        (Cause.RESET, r"connection reset by peer|: (?:unexpected )?EOF\b|broken pipe"),
        (
            Cause.CONNECT_TIMEOUT,
            r"Client\.Timeout exceeded|request canceled while waiting for connection|: i/o timeout|connection timed out",
        ),
        (Cause.NOT_FOUND, r"manifest unknown|404 Not Found|repository does not exist|: not found\b"),
        (Cause.BAD_NAME, r"InvalidImageName|invalid reference format|couldn't parse image (?:reference|name)"),
        (Cause.CONNECT_TIMEOUT, r"context deadline exceeded"),
    )
]
_URL = re.compile(r"(?:Get|Head|Post|GET|HEAD) \"?https?://(?P<host>[\w.-]+)(?::(?P<port>\d+))?")
_IMAGE = re.compile(
    r"(?:pull(?:ing)?|resolve) (?:and unpack )?image \"?(?P<host>[\w-]+(?:\.[\w-]+)+)(?::(?P<port>\d+))?/"
)
_EVENT = re.compile(r"^\s*(?:Normal|Warning)\s+\S")
_PODVM = re.compile(r"podvm|Failed to resolve on node esx|failed to get images: Image ", re.IGNORECASE)
_PULL = re.compile(
    r"(?:pull|resolv|fetch|unpack)\w* (?:and unpack )?(?:image|reference)|PullImage|ErrImage|ImagePull|InvalidImageName|image name|"
    r"failed to get images|failed to resolve",
    re.IGNORECASE,
)
"""What only the pull of an image says."""
_OTHER = re.compile(
    r"probe (?:failed|errored)|\bexec: |OCI runtime|failed to (?:start|create) (?:containerd )?(?:container|task|shim)|"
    r"Back-off restarting|MountVolume|AttachVolume|attach or mount volumes|nodes are available|[Ll]ifecycle ?[Hh]ook",
)
"""What kubelet and scheduler say of other things than pulls, in words that a failed pull can have, too (kubelet, events)."""
_PULL_REASONS = ("Failed", "BackOff", "InspectFailed", "ErrImageNeverPull")
"""Reasons of the events of a pull (kubelet, events); Failed is that of others as well."""
_EMPTY = re.compile(r"Back-off pulling image|ImagePullBackOff|ErrImagePull")
_PULLED = re.compile(r"Successfully pulled image|already present on machine")


def recognise(text: str) -> tuple[Failure, ...]:
    """The failures in a text, each once, in their order. Empty when nothing is recognised."""
    messages = [message for message in _messages(text) if _of_a_pull(message)]
    found = [failure for message in messages for failure in [_failure(message)] if failure]
    if not found:
        whole = _failure(" ".join(messages))
        found = [whole] if whole else []
    unique = {(one.cause, one.host, one.address, one.server, one.supervisor): one for one in reversed(found)}
    return tuple(reversed(unique.values()))


def _of_a_pull(message: str) -> bool:
    """Whether a message can be that of a failed pull: an event of such a reason, or a line that is not evidently another's."""
    if _PULL.search(message):
        return True
    words = message.split(maxsplit=2)
    event = bool(_EVENT.match(message))
    return not _OTHER.search(message) and (not event or words[1] in _PULL_REASONS)


def only_backed_off(text: str) -> bool:
    """The text holds nothing but back-off events, which carry no information of their own."""
    return bool(_EMPTY.search(text))


def pulled(text: str) -> bool:
    """The text says that an image was pulled."""
    return bool(_PULLED.search(text))


def _messages(text: str) -> list[str]:
    """Events joined with the lines that a terminal wrapped them to; without an event table every line."""
    lines = text.splitlines()
    if not any(_EVENT.match(line) for line in lines):
        return [line.strip() for line in lines if line.strip()]
    messages: list[str] = []
    for line in lines:
        if _EVENT.match(line):
            messages.append(line.strip())
        elif messages and line.strip():
            messages[-1] += f" {line.strip()}"
    return [" ".join(message.split()) for message in messages]


def _failure(message: str) -> Failure | None:
    for cause, pattern in _PATTERNS:
        match = pattern.search(message)
        if match:
            said = match.groupdict()
            url = _URL.search(message) or _IMAGE.search(message)
            named = url.groupdict() if url else {}
            port = said.get("port") or named.get("port")
            return Failure(
                cause,
                message,
                said.get("host") or named.get("host"),
                said.get("address"),
                int(port) if port else None,
                said.get("server"),
                True if _PODVM.search(message) else None,
            )
    return None
