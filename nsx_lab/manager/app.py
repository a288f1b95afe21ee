"""The ASGI application: reads a request, keeps the journal, lets the right room answer."""

from __future__ import annotations

import ssl
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nsx_lab.manager import errors
from nsx_lab.manager.journal import Entry
from nsx_lab.manager.wire import Answer, Request, answer_of
from nsx_lab.manager.world import World

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
        with self._world.manager.lock:
            entry = self._world.journal.open(
                self._world.manager.clock.now(), request.method, request.path, request.query, request.readable_body()
            )
            answer = self._answer(request, entry)
            note(entry, answer)
        await write(send, answer)

    def _answer(self, request: Request, entry: Entry) -> Answer:
        world = self._world
        try:
            session = world.policy.session(request)
            if session is not None:
                return session
            user = world.door.admit(request.headers, request.certificate_name)
            entry.who = user.name
            return world.policy.answer(request, user)
        except errors.NsxError as error:
            return answer_of(error)


def note(entry: Entry, answer: Answer) -> None:
    """Writes into the journal how a request ended."""
    entry.status = answer.status
    if isinstance(answer.body, dict) and "error_code" in answer.body:
        entry.error_code = answer.body["error_code"]


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
    )


def certificate_name(transport: Any) -> str:
    """The common name of the client's verified certificate; "" without one."""
    connection: ssl.SSLObject | None = transport.get_extra_info("ssl_object") if transport is not None else None
    certificate: dict[str, Any] = dict(connection.getpeercert() or {}) if connection is not None else {}
    names = [value for pairs in certificate.get("subject", ()) for name, value in pairs if name == "commonName"]
    return str(names[0]) if names else ""


async def write(send: Send, answer: Answer) -> None:
    """Sends an answer."""
    payload = answer.payload()
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    if answer.content_type:
        headers.append((b"content-type", answer.content_type.encode("latin-1")))
    headers.append((b"content-length", str(len(payload)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": payload})
