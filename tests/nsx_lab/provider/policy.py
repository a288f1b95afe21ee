"""A few policy objects behind HTTPS, with answers put in the way: the other end for tests without an engine."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from nsx_lab.provider.provider import Provider
from tests.nsx_lab.provider.playback import RecordedManager, Seen

Answer = dict[str, Any]
_NOT_FOUND = {"status": 404, "response": {"httpStatus": "NOT_FOUND", "error_code": 600, "error_message": "not there"}}


@dataclass
class InTheWay:
    """An answer given instead of the ordinary one, to the next `times` requests that fit."""

    method: str
    pattern: str
    answer: Answer
    times: int = 1


@dataclass
class Policy:
    """Objects by policy path, the version, and what stands in the way."""

    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    version: str = "4.2.1.0.0.1"
    in_the_way: list[InTheWay] = field(default_factory=list)
    other: Callable[[str, str], Answer | None] = lambda path, query: None

    def put(self, path: str, value: dict[str, Any]) -> None:
        """Store an object with the fields that a manager adds."""
        revision = self.objects[path]["_revision"] + 1 if path in self.objects else 0
        self.objects[path] = {"id": path.rpartition("/")[2], **value, "path": path, "_revision": revision}

    def answer(self, seen: Seen) -> Answer:
        method, path, query = seen.key
        for block in self.in_the_way:
            if block.times and block.method == method and re.search(block.pattern, path):
                block.times -= 1
                return block.answer
        if path == "/api/session/create":
            headers = {"Set-Cookie": "JSESSIONID=S1; Path=/", "X-XSRF-TOKEN": "x1"}
            return {"status": 200, "response_headers": headers}
        if path == "/api/v1/node/version":
            return {"status": 200, "response": {"node_version": self.version, "product_version": self.version}}
        return self.other(path, query) or self._object(method, unquote(path), seen.body)

    def _object(self, method: str, path: str, body: Any) -> Answer:
        path = re.sub("^/(policy|global-manager)/api/v1", "", path)
        if method == "PATCH":
            self.put(path, body)
            return {"status": 200}
        if path not in self.objects:
            return _NOT_FOUND
        if method == "DELETE":
            del self.objects[path]
            return {"status": 200}
        return {"status": 200, "response": self.objects[path]}


class PolicyServer(RecordedManager):
    """Serves a `Policy`; `seen` is what was asked."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(context)
        self.policy = Policy()
        self.seen: list[Seen] = []

    def exchange(self, seen: Seen) -> Answer:
        with self._lock:
            self.seen.append(seen)
            return self.policy.answer(seen)

    def sent(self, start: str = "/policy") -> list[tuple[str, str]]:
        """Method and path of what was asked below a path."""
        return [(s.key[0], s.key[1]) for s in self.seen if s.key[1].startswith(start)]

    def block(self, method: str, pattern: str, answer: Answer, times: int = 1) -> None:
        """Put an answer in the way."""
        self.policy.in_the_way.append(InTheWay(method, pattern, answer, times))


def error(status: int, message: str = "no", **more: Any) -> Answer:
    """An answer that refuses."""
    return {"status": status, "response": json.loads(json.dumps({"error_message": message, **more}))}


def provider_config(made: Provider, port: int, **given: object) -> dict[str, object]:
    """A provider block for a lab on loopback."""
    config: dict[str, object] = made.block.null()
    config.update(
        host=f"127.0.0.1:{port}", username="admin", password="p w&ü", allow_unverified_ssl=True, retry_max_delay=0
    )
    config.update(given)
    return config
