"""The way to a manager, step by step: name, connection, certificate, login, the Tier-0. Read-only, and ended by a deadline."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from egress.deadline import Deadline, PassedError
from egress.domain import EgressError, LabTarget, WorkloadDomain
from egress.domain.fields import quoted
from egress.manager.access import Access, access
from egress.manager.client import Manager
from egress.manager.network import resolve
from egress.manager.refusals import LoginError, ObjectError
from egress.manager.troubles import told

_PORT = 443


@dataclass(frozen=True)
class Step:
    """One step and what was found. `fix` is empty where it went well; nothing after a step that went wrong was tried."""

    name: str
    found: str
    fix: str = ""


def steps(
    domain: WorkloadDomain, root: Path, lab: LabTarget | None, env: Mapping[str, str], deadline: Deadline
) -> Iterator[Step]:
    """Tries every step in turn and ends at the first that goes wrong."""
    try:
        way = access(domain, root, lab, env)
    except EgressError as error:
        yield _wrong("access", str(error).removeprefix(f"{domain.stack}: "))
        return
    deadline.begin_request()
    try:
        with ExitStack() as sockets:
            yield from _connection(way, deadline, sockets)
    except _EndedError as ended:
        yield ended.step
        return
    yield from _questions(domain, way, deadline)


class _EndedError(Exception):
    def __init__(self, step: Step) -> None:
        self.step = step


def _connection(way: Access, deadline: Deadline, sockets: ExitStack) -> Iterator[Step]:
    host, _, number = way.host.partition(":")
    port = int(number or _PORT)
    try:
        addresses = resolve(host, port, deadline.left())
    except (OSError, PassedError) as error:
        raise _EndedError(
            Step(
                "name",
                f"{quoted(host)} does not resolve ({_said(error)})",
                "correct nsx.host, or the DNS of this machine",
            )
        ) from None
    yield Step("name", f"{host} is {', '.join(addresses)}")
    try:
        plain = sockets.enter_context(_connected(addresses, port, deadline))
    except (OSError, PassedError) as error:
        found = f"{way.host} cannot be reached on port {port} of {' or '.join(addresses)} ({_said(error)})"
        raise _EndedError(Step("connection", found, "open the way to the manager: routing, firewall, port")) from None
    yield Step("connection", f"{plain.getpeername()[0]} takes connections on port {port}")
    try:
        plain.settimeout(deadline.left())
        tls = sockets.enter_context(way.tls.wrap_socket(plain, server_hostname=host))
    except ssl.SSLError as error:
        raise _EndedError(_wrong("certificate", told(way.host, error))) from None
    except (OSError, PassedError) as error:
        found = f"{way.host} does not answer a TLS handshake ({_said(error)})"
        raise _EndedError(Step("certificate", found, "look at the manager, or at what stands in front of it")) from None
    yield Step("certificate", f"is for {host} and of an authority that is trusted ({tls.version()})")


def _connected(addresses: list[str], port: int, deadline: Deadline) -> socket.socket:
    """A connection to the first address that takes one. Errors: OSError of the last, PassedError."""
    for number, address in enumerate(addresses, 1):
        try:
            return socket.create_connection((address, port), deadline.left() / (len(addresses) - number + 1))
        except OSError:
            if number == len(addresses):
                raise
    raise OSError("no address")


def _questions(domain: WorkloadDomain, way: Access, deadline: Deadline) -> Iterator[Step]:
    with Manager(way, deadline=deadline) as manager:
        try:
            gateway, body = manager.gateway(domain.tier0)
        except LoginError as error:
            yield _wrong("login", str(error))
            return
        except ObjectError as error:
            yield Step("login", f"{way.host} lets us in")
            yield _wrong("Tier-0", str(error))
            return
        except EgressError as error:
            yield _wrong("answer", str(error))
            return
    yield Step("login", f"{way.host} lets us in")
    mode = body.get("ha_mode")
    if mode == domain.tier0.ha_mode:
        yield Step("Tier-0", f"{way.host} answers and has {gateway}, {mode}")
        return
    fix = f"the file says {domain.tier0.ha_mode}: correct tier0.ha_mode, the NAT action depends on it"
    yield Step("Tier-0", f"{way.host} has {gateway} with ha_mode {mode}", fix)


def _wrong(name: str, sentence: str) -> Step:
    found, _, fix = sentence.partition(": ")
    return Step(name, found, fix or "mend this, then plan")


def _said(error: BaseException) -> str:
    if isinstance(error, PassedError | TimeoutError):
        return "no answer in time"
    return str(getattr(error, "strerror", "") or error)
