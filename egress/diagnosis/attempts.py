"""Attempts: the requests that a message tells of, and what became of each. One message has several where mirrors, token servers or HTTPS and
HTTP are tried in turn."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_address
from itertools import islice

from egress.answers.questions import DNS_PORT
from egress.diagnosis.failure import Cause, Failure, Stage
from egress.diagnosis.messages import Message
from egress.diagnosis.wordings import (
    ASKED,
    BARE_DIAL,
    CURL,
    DIG,
    IMAGE,
    LOOKUP,
    OF_CONNECTIONS,
    OF_DIALS,
    OF_LOOKUPS,
    POD_VM,
    PROXY,
    REGISTRY,
    SOCKET,
    URL,
    WORDINGS,
    End,
    ended,
)
from egress.domain.addresses import Address

_DNS_PORTS = (DNS_PORT, 853)
"""RFC 1035; RFC 7858, which CoreDNS speaks to an upstream that is written tls://."""
_SCHEMES = {"http": 80, "https": 443}
_MOST = 64
"""Attempts of one message that are looked at."""


@dataclass(frozen=True)
class _Named:
    """Who was asked: by a URL, else by the image's name."""

    host: str | None = None
    address: Address | None = None
    port: int | None = None


def failures_in(message: Message, sure: bool = True) -> Iterator[Failure]:
    """The failures that a message tells of. sure: it is about an image; if not, nothing but a name or an address that could not be
    reached counts, since everything else is said of other things as well."""
    text = message.text
    image = _image(text)
    supervisor = True if POD_VM.search(text) else None
    starts = [match.start() for match in islice(URL.finditer(text), _MOST)] if "://" in text else []
    for start, end in zip([0, *starts], [*starts, len(text)], strict=True):
        found = _failure(text[start:end], sure)
        if found is None:
            continue
        named = _asked(text[start:end]) or _of_image(image) or _of_image(_registry(text))
        failure = replace(found, text=text, supervisor=supervisor, image=image, of=message.of)
        yield _with_target(failure, named)


def _failure(attempt: str, sure: bool) -> Failure | None:
    """What became of one attempt; its text alone is looked at. What has an address or a name in it goes before all other words."""
    for read in (_lookup, _socket, _bare_dial, _dig):
        found = read(attempt)
        if found is not None:
            break
    else:
        found = (_curl(attempt) or _wording(attempt)) if sure else None
    return _by_proxy(found, attempt) if found else None


def _by_proxy(found: Failure, attempt: str) -> Failure:
    """The failure, with the proxy where it was the proxy that was being reached."""
    if found.cause is Cause.PROXY_REFUSED:
        return replace(found, proxy=found.proxy or "")
    if not PROXY.search(attempt):
        return found
    if found.stage is Stage.RESOLVE:
        return replace(found, proxy=found.host or "")
    return replace(found, stage=Stage.PROXY, proxy=_endpoint(found.address, found.port))


def _lookup(attempt: str) -> Failure | None:
    said = LOOKUP.search(attempt) if "lookup " in attempt else None
    if said is None:
        return None
    end = ended(said["ending"])
    if end is End.OTHER and not said["dial"]:
        return None
    server = _address((said["server"] or "").strip("[]"))
    socket = SOCKET.search(said["ending"])
    source = _source(socket["source"]) if socket else None
    return Failure(OF_LOOKUPS[end], "", Stage.RESOLVE, said["host"].rstrip("."), server=server, source=source)


def _socket(attempt: str) -> Failure | None:
    said = SOCKET.search(attempt)
    address = _address(said["address"].strip("[]")) if said else None
    if said is None or address is None:
        return None
    port, end, source = _port(said["port"]), ended(said["ending"]), _source(said["source"])
    if port in _DNS_PORTS:
        name = ASKED.search(attempt)
        host = name["name"] if name else None
        return Failure(OF_LOOKUPS[end], "", Stage.RESOLVE, host, server=address, server_port=port, source=source)
    if said["did"] == "dial":
        cause = OF_DIALS.get(end, Cause.NODE_FAILED)
        return Failure(cause, "", Stage.CONNECT, address=address, port=port, source=source)
    if end not in OF_CONNECTIONS:
        return None
    return Failure(OF_CONNECTIONS[end], "", Stage.HTTP, address=address, port=port, source=source)


def _bare_dial(attempt: str) -> Failure | None:
    said = BARE_DIAL.search(attempt) if "dial " in attempt else None
    if said is None or _address(said["ending"].split(" ")[0].rpartition(":")[0].strip("[]")):
        return None
    end = ended(said["ending"])
    if end is End.OTHER:
        return None
    return Failure(OF_LOOKUPS[end], "", Stage.NAME if end is End.ADDRESS else Stage.RESOLVE)


def _dig(attempt: str) -> Failure | None:
    said = DIG.search(attempt) if "communications error" in attempt else None
    server = _address(said["server"]) if said else None
    if said is None or server is None:
        return None
    return Failure(OF_LOOKUPS[ended(said["ending"])], "", Stage.RESOLVE, server=server, server_port=_port(said["port"]))


def _curl(attempt: str) -> Failure | None:
    said = CURL.search(attempt) if "onnect to " in attempt else None
    if said is None:
        return None
    cause = OF_DIALS.get(ended(said["ending"]), Cause.CONNECT_TIMEOUT)
    return Failure(cause, "", Stage.CONNECT, said["host"], _address(said["host"]), int(said["port"]))


def _wording(attempt: str) -> Failure | None:
    for cause, stage, pattern in WORDINGS:
        if pattern.search(attempt):
            return Failure(cause, "", stage)
    return None


def _with_target(failure: Failure, named: _Named | None) -> Failure:
    """The failure with whom it was about, as far as it does not say so itself. A proxy's address is not the registry's."""
    if named is None:
        return failure
    if failure.stage is Stage.RESOLVE or failure.proxy is not None:
        return replace(failure, host=failure.host or named.host)
    if failure.address is not None:
        return replace(failure, host=failure.host or named.host)
    return replace(failure, host=failure.host or named.host, address=named.address, port=failure.port or named.port)


def _asked(attempt: str) -> _Named | None:
    url = URL.match(attempt)
    if url is None:
        return None
    host = url["host"].strip("[]")
    port = _port(url["port"])
    address = _address(host)
    usual = _SCHEMES[url["scheme"]]
    return _Named(host, address, port or (usual if address or usual != 443 else None))


def _of_image(image: str | None) -> _Named | None:
    """The registry in an image's name: its first part, if that has a dot or a port."""
    first = (image or "").partition("/")[0]
    host, _, port = first.partition(":")
    if first == image or not re.search(r"[.:]|^localhost$", first):
        return None
    return _Named(host, _address(host), _port(port))


def _image(text: str) -> str | None:
    said = IMAGE.search(text)
    return (said["quoted"] or said["pod_vm"]) if said else None


def _registry(text: str) -> str | None:
    said = REGISTRY.search(text)
    return f"{said['name'].partition('/')[0]}/" if said else None


def _port(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and 0 < int(text) < 65536 else None


def _source(text: str | None) -> Address | None:
    return _address((text or "").rpartition(":")[0].strip("[]"))


def _endpoint(address: Address | None, port: int | None) -> str:
    if address is None:
        return ""
    shown = f"[{address}]" if address.version == 6 else str(address)
    return f"{shown}:{port}" if port else shown


def _address(text: str) -> Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None
