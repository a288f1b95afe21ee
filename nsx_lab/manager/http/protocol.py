"""HTTP/1.1 of the lab's server: the application sees its transport, and nobody holds a connection by never coming to an end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import h11
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from nsx_lab.manager.http.app import TRANSPORT
from nsx_lab.manager.store import errors
from nsx_lab.manager.store.ledger import Evidence, claim

HEAD_SECONDS = 5.0
"""From the connection, or from the first byte of a later request, to the end of its headers; real time."""
BODY_SECONDS = 5.0
"""From there to the end of the body, which is 32 MiB at most."""
GOODBYE_SECONDS = 2.0
"""For the peer to take what was written, when the connection ends."""

claim(
    "a request that is not complete in time: 408 and the connection ends; 5 s for its head, 5 s for its body",
    Evidence.ASSUMPTION,
    "NSX's reverse proxy must have such limits, and they are not known. The lab's are short, as it is near",
    "test_deadlines.py::test_request_that_never_comes_to_its_end_is_answered_408",
)


class Transport:
    """A connection's transport that can hold back what is written, so that head and body of an answer go out in one piece.

    uvicorn writes each part by itself, and each would be a TLS record, a packet and a wake-up of the client.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._held: list[bytes] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if self._held is None:
            self._transport.write(data)
        else:
            self._held.append(data)

    def close(self) -> None:
        self._let_go()
        self._transport.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Holds back until the end, or until the connection is closed."""
        self._held = []
        try:
            yield
        finally:
            self._let_go()

    def _let_go(self) -> None:
        held, self._held = self._held, None
        if held:
            self._transport.write(b"".join(held))


class LabProtocol(H11Protocol):
    """One connection. The application finds the transport in its scope: for client certificates, and to cut connections when told to."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._deadline: asyncio.TimerHandle | None = None
        self._waiting_for = ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        seen: Any = Transport(transport)
        super().connection_made(seen)
        app: Any = self.app

        async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
            scope[TRANSPORT] = seen
            await app(scope, receive, send)

        self.app = with_transport
        self._wait_for("head")

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_for("")
        super().connection_lost(exc)

    def handle_events(self) -> None:
        super().handle_events()
        state = self.conn.their_state
        if state is h11.SEND_BODY:
            self._wait_for("body")
        elif state is h11.IDLE and self.conn.trailing_data[0]:
            self._wait_for("head")
        else:  # all of the request is here, or nothing of the next one
            self._wait_for("")

    def _wait_for(self, part: str) -> None:
        """Starts the time for a part of a request, unless it runs; "" waits for nothing."""
        if part == self._waiting_for:
            return
        if self._deadline is not None:
            self._deadline.cancel()
        self._waiting_for, self._deadline = part, None
        if part:
            seconds = HEAD_SECONDS if part == "head" else BODY_SECONDS
            self._deadline = self.loop.call_later(seconds, self._too_late, part, seconds)

    def _too_late(self, part: str, seconds: float) -> None:
        if self.transport.is_closing():
            return
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True  # for whoever reads the body
            self.cycle.message_event.set()
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self._say(errors.too_late(part, seconds))
        self.transport.close()
        self.loop.call_later(GOODBYE_SECONDS, self.transport.abort)

    def _say(self, error: errors.NsxError) -> None:
        body = json.dumps(error.body).encode()
        headers = [
            (b"content-type", b"application/json;charset=UTF-8"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        events: list[Any] = [
            h11.Response(status_code=error.status, headers=headers),
            h11.Data(data=body),
            h11.EndOfMessage(),
        ]
        for event in events:
            self.transport.write(self.conn.send(event) or b"")
