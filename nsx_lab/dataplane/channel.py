"""How other programs of the same user reach a lab's data plane: a Unix socket whose name follows from the lab file.

The socket has no file (Linux, abstract name), so nothing is left behind. Whoever asks must run as the same user and know the lab's
control token. One JSON object a line, one answer a line.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import socket
import struct
import threading
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Protocol, Self

from nsx_lab.dataplane.dataplane import TIMEOUT, Dataplane, Flow, Outcome
from nsx_lab.dataplane.errors import ApplyError, DataplaneError, Unavailable, WorldError

Json = dict[str, Any]
PATIENCE = 30.0
LARGEST = 1 << 20


class Served(Protocol):
    """What the channel opens to others."""

    problem: str
    plane: Dataplane

    def probe(self, flow: Flow, *, explain: bool = False, timeout: float = TIMEOUT) -> Outcome: ...
    def settle(self) -> None: ...


def name_of(token: str) -> str:
    """The abstract name of a lab's socket."""
    return "\0nsx-lab-packets-" + hashlib.sha256(token.encode()).hexdigest()[:32]


class Channel:
    """The serving side, in a thread for each question."""

    def __init__(self, token: str, served: Served) -> None:
        self._token = token
        self._served = served
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.bind(name_of(token))

    def start(self) -> Self:
        self._socket.listen(16)
        threading.Thread(target=self._accept, name="nsx-lab-packets-channel", daemon=True).start()
        return self

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(PATIENCE)
            _, user, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
            with connection.makefile("rb") as lines:
                line = lines.readline(LARGEST)
            reply = {"refused": "another user"} if user != os.geteuid() else self._reply(line)
            connection.sendall(json.dumps(reply).encode() + b"\n")

    def _reply(self, line: bytes) -> Json:
        try:
            request = json.loads(line)
            if not hmac.compare_digest(str(request["token"]), self._token):
                return {"refused": "another lab's token"}
            self._served.settle()
            if request["do"] == "probe":
                timeout, explain = float(request["timeout"]), bool(request["explain"])
                outcome = self._served.probe(Flow.from_json(request["flow"]), explain=explain, timeout=timeout)
                return {"outcome": asdict(outcome), "problem": self._served.problem}
            nodes = [
                {"name": node.name, "kind": node.kind.value, "addresses": [str(one) for one in node.addresses]}
                for node in self._served.plane.plan.nodes
            ]
            notes = self._served.plane.plan.notes
            return {
                "nodes": nodes,
                "notes": notes,
                "where": self._served.plane.where(),
                "problem": self._served.problem,
            }
        except WorldError as error:
            return {"world": str(error)}
        except (DataplaneError, ValueError, KeyError, TypeError) as error:
            return {"refused": f"{type(error).__name__}: {error}"}


class Remote:
    """The asking side. `token`: the control token in the lab file."""

    def __init__(self, token: str) -> None:
        self._token = token

    def probe(self, flow: Flow, *, explain: bool = False, timeout: float = TIMEOUT) -> Outcome:
        """As `Attachment.probe`. Errors: WorldError; Unavailable when the lab moves no packets."""
        request = {"do": "probe", "flow": flow.as_json(), "explain": explain, "timeout": timeout}
        body = self._ask(request)["outcome"]
        return Outcome(**{**body, "flow": Flow(**body["flow"]), "hops": tuple(body["hops"])})

    def nodes(self) -> Json:
        """`nodes` (name, kind, addresses), `notes`, `where` (paths below /proc), `problem`."""
        return self._ask({"do": "nodes"})

    def _ask(self, request: Mapping[str, Any]) -> Json:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(PATIENCE)
            try:
                connection.connect(name_of(self._token))
            except OSError as error:
                raise Unavailable(
                    "this lab moves no packets", "start it with: nsx-lab serve --packets WORLD.json"
                ) from error
            connection.sendall(json.dumps({**request, "token": self._token}).encode() + b"\n")
            with connection.makefile("rb") as lines:
                line = lines.readline()
        reply: Json = json.loads(line) if line else {"refused": "no answer"}
        if "world" in reply:
            raise WorldError(reply["world"])
        if "refused" in reply:
            raise ApplyError(f"the lab's data plane refused: {reply['refused']}")
        return reply
