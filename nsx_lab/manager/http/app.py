"""The ASGI application: reads a request, keeps the journal, lets the right room answer."""

from __future__ import annotations

import asyncio
import base64
import socket
import ssl
import struct
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nsx_lab.manager.http import journal
from nsx_lab.manager.http.faults import Fault
from nsx_lab.manager.http.journal import Entry
from nsx_lab.manager.http.running import World
from nsx_lab.manager.http.wire import Answer, Request, answer_of
from nsx_lab.manager.nsx.realization import ERROR, Fate
from nsx_lab.manager.store import errors

TRANSPORT = "nsx_lab.transport"
CONTROL = "/_lab"
MAX_BODY = 32 * 1024 * 1024


class LabApp:
    """Control plane below `/_lab`, everything else is the NSX Manager's."""

    def __init__(self, world: World, control: ASGIApp) -> None:
        self._world = world
        self._control = control

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["path"] == CONTROL or scope["path"].startswith(CONTROL + "/"):
            await self._control(scope, receive, send)
            return
        request = await read(scope, receive)
        if request is None:
            return
        world = self._world
        with world.manager.lock:
            now, body, size = world.manager.clock.now(), request.readable_body(), len(request.body)
            entry = world.journal.open(now, request.method, request.path, request.query, body, size)
        try:
            await self._respond(request, entry, scope, receive, send)
        except Exception as error:
            # a bug of the lab must be seen as one: in the answer, in the journal, and by the tests
            await write(send, answer_of(journal.bug(entry, error)))

    async def _respond(self, request: Request, entry: Entry, scope: Scope, receive: Receive, send: Send) -> None:
        world = self._world
        with world.manager.lock:
            fault = world.faults.decide(request.method, request.path)
            at_once = fault is None and not world.limits.outstanding
            if at_once:
                answer = self._answer(request, entry)
                note(entry, answer)
        if at_once:
            transport = scope.get(TRANSPORT)
            with transport.together() if transport is not None else nullcontext():
                await write(send, answer)
        else:
            await self._slowly(Exchange(request, entry, fault, scope, receive, send))

    def _answer(self, request: Request, entry: Entry) -> Answer:
        """What the manager answers. The caller holds the lock, and no request is counted as outstanding."""
        limits = self._world.limits
        try:
            if limits.rate:
                limits.count(claimed_name(request))
        except errors.NsxError as error:
            return answer_of(error)
        return self._decide(request, entry)

    def _decide(self, request: Request, entry: Entry) -> Answer:
        world = self._world
        try:
            if request.oversized:
                raise errors.too_large(MAX_BODY)
            session = world.policy.log_in(request)
            if session is not None:
                return session
            user = world.door.admit(request.headers, request.certificate_name)
            entry.who = user.name
            return world.policy.answer(request, user)
        except errors.NsxError as error:
            return answer_of(error)
        except Exception as error:
            return answer_of(journal.bug(entry, error))

    async def _slowly(self, exchange: Exchange) -> None:
        """A request that meets a fault, or is counted while it is answered."""
        world, entry, client = self._world, exchange.entry, claimed_name(exchange.request)
        try:
            with world.manager.lock:
                world.limits.enter(client)
        except errors.NsxError as error:
            note(entry, answer_of(error))
            await write(exchange.send, answer_of(error))
            return
        try:
            await self._troubled(exchange)
        finally:
            with world.manager.lock:
                world.limits.leave(client)

    async def _troubled(self, exchange: Exchange) -> None:
        fault, entry = exchange.fault or Fault(), exchange.entry
        if exchange.fault is not None:
            entry.fault = fault.describe()
        if fault.delay:
            await asyncio.sleep(fault.delay)
        early = fault.when == "before"
        if early and (fault.hang or fault.reset):
            await self._cut(exchange, fault)
            return
        answer = fault.answer() if early and fault.status else self._effect(exchange, fault)
        if not early and (fault.hang or fault.reset):
            await self._cut(exchange, fault)
            return
        if not early and fault.status:
            answer = fault.answer()
        note(entry, answer)
        await write(exchange.send, answer, exchange.transport if fault.truncate else None)

    def _effect(self, exchange: Exchange, fault: Fault) -> Answer:
        world = self._world
        with world.manager.lock:
            if fault.expire:
                world.door.expire_sessions()
            if fault.realize:
                path = exchange.request.path.removeprefix("/policy/api/v1")
                world.manager.realization.decide(Fate(path, ERROR, fault.realize, once=True), now=False)
            return self._decide(exchange.request, exchange.entry)

    async def _cut(self, exchange: Exchange, fault: Fault) -> None:
        """Never answers: resets the connection, or holds it until the client gives up or the faults are taken away."""
        if fault.hang:
            released = asyncio.Event()
            self._world.hanging.add(released)
            gone = asyncio.ensure_future(_gone(exchange.receive))
            waiting = asyncio.ensure_future(released.wait())
            await asyncio.wait({gone, waiting}, return_when=asyncio.FIRST_COMPLETED)
            self._world.hanging.discard(released)
            gone.cancel()
            waiting.cancel()
        reset_connection(exchange.transport)


async def _gone(receive: Receive) -> None:
    """Returns when the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request on its way, with all that is needed to answer it or not."""

    request: Request
    entry: Entry
    fault: Fault | None
    scope: Scope
    receive: Receive
    send: Send

    @property
    def transport(self) -> Any:
        return self.scope.get(TRANSPORT)


def claimed_name(request: Request) -> str:
    """The client that limits count for: the name it gives itself, not yet proven."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        return (
            base64.b64decode(encoded).decode().partition(":")[0] if scheme else request.certificate_name or "anonymous"
        )
    except ValueError:
        return "anonymous"


def reset_connection(transport: Any) -> None:
    """Cuts a connection so that the peer sees a reset, not an end."""
    raw = transport.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def note(entry: Entry, answer: Answer) -> None:
    """Writes into the journal how a request ended."""
    entry.status = answer.status
    if isinstance(answer.body, dict) and str(answer.body.get("error_code", "")).isdigit():
        entry.error_code = int(answer.body["error_code"])


async def read(scope: Scope, receive: Receive) -> Request | None:
    """The whole request, body drained; None when the client went away meanwhile."""
    parts: list[bytes] = []
    size = 0
    while True:
        message: Message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunk = message.get("body", b"")
        size += len(chunk)
        if size <= MAX_BODY:
            parts.append(chunk)
        else:
            parts.clear()
        if not message.get("more_body", False):
            break
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return Request(
        scope["method"],
        scope["path"],
        scope["query_string"].decode("latin-1"),
        headers,
        b"".join(parts),
        certificate_name(scope.get(TRANSPORT)),
        oversized=size > MAX_BODY,
    )


def certificate_name(transport: Any) -> str:
    """The common name of the client's verified certificate; "" without one."""
    connection: ssl.SSLObject | None = transport.get_extra_info("ssl_object") if transport is not None else None
    certificate: dict[str, Any] = dict(connection.getpeercert() or {}) if connection is not None else {}
    names = [value for pairs in certificate.get("subject", ()) for name, value in pairs if name == "commonName"]
    return str(names[0]) if names else ""


async def write(send: Send, answer: Answer, truncate: Any = None) -> None:
    """Sends an answer. With a transport as `truncate` half of the body goes out, then the connection ends."""
    payload = answer.payload() if answer.status not in (204, 304) else b""  # RFC 9110: these have no body
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    if answer.content_type:
        headers.append((b"content-type", answer.content_type.encode("latin-1")))
    headers.append((b"content-length", str(len(payload)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    if truncate is None:
        await send({"type": "http.response.body", "body": payload})
        return
    await send({"type": "http.response.body", "body": payload[: len(payload) // 2], "more_body": True})
    truncate.close()
