"""GETs to the Policy API: retried where NSX asks for it, read page by page, ended by a deadline, and told as sentences when
they fail."""

from __future__ import annotations

import os
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from egress import limits
from egress.deadline import Deadline, PassedError
from egress.domain import EgressError, LabTarget, WorkloadDomain
from egress.domain.fields import quoted
from egress.domain.model import Tier0
from egress.lean_httpx import httpx
from egress.manager.access import Access, access
from egress.manager.network import BoundedTransport
from egress.manager.refusals import MissingError, ObjectError, PartError, SilentError, parsed, refusal
from egress.manager.troubles import certificate_error, told
from egress.policy import paths
from egress.policy.paths import Collection, Section
from egress.policy.tree import Json
from egress.vocabulary import INFRA

_BASE = "/policy/api/v1"
MANAGER_API = "/api/v1/"
"""Where the few questions begin that are not asked below it: the version, open alarms (NSX API guide)."""
VERSION = f"{MANAGER_API}node/version"
_RETRIED = (429, 502, 503, 504)
"""Statuses that pass by themselves: rate limit, overload, a proxy in front (NSX API guide, rate limiting)."""
_TRIES = 4
_MAX_PAGES = 1000
MAX_BYTES = 64 << 20
"""Bytes of one answer, unpacked (limit of this project): a page of 1,000 objects is about 2 MiB."""


@dataclass(frozen=True)
class _Answer:
    """An answer, read to its end."""

    status: int
    headers: httpx.Headers
    body: bytes

    def data(self) -> Any:
        """The JSON in the body. Errors: ValueError."""
        return parsed(self.body)


class Manager:
    """One manager.

    pause: waits between tries, in seconds; tests give their own. deadline: shared by everything that a command reads; left
    out: one of its own. tell: is told how many objects were read so far. transport: what answers in place of the network.
    """

    def __init__(
        self,
        access: Access,
        pause: Callable[[float], None] = time.sleep,
        deadline: Deadline | None = None,
        tell: Callable[[int], None] = lambda _: None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.host = access.host
        self._advised = access.advised
        self._pause = pause
        self._deadline = deadline or Deadline()
        self._tell = tell
        self._read = 0
        self._recent: deque[float] = deque()
        self._turn = threading.Lock()
        self._answered = False
        self._network = transport or BoundedTransport(access.tls, lambda: self._deadline.left())
        self._http = httpx.Client(
            base_url=f"https://{access.host}",
            transport=self._network,
            auth=access.login,
            timeout=None,
            trust_env=False,
            follow_redirects=False,
        )

    @classmethod
    def of(
        cls,
        domain: WorkloadDomain,
        root: Path,
        lab: LabTarget | None,
        deadline: Deadline | None = None,
        tell: Callable[[int], None] = lambda _: None,
    ) -> Self:
        """The manager of a domain, or the lab that stands in for it. Errors: EgressError."""
        return cls(access(domain, root, lab, os.environ), deadline=deadline, tell=tell)

    def anew(self, deadline: Deadline) -> None:
        """What is asked from now on has a time of its own, and tells of nothing that was read or answered before."""
        self._deadline, self._read, self._answered = deadline, 0, False

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def get(self, path: str, **query: str) -> Json:
        """The object at a Policy path such as /infra/tier-0s/T0. Errors: EgressError, a sentence for each way to fail."""
        answer = self._answer(path, query)
        if answer.status != 200:
            where = answer.headers.get("Location", "nowhere")
            raise refusal(self.host, path, answer.status, where, answer.body, self._advised)
        try:
            body = answer.data()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise PartError(f"{self.host} answered {path} with something that is no JSON object: is it an NSX Manager?")
        return body

    def version(self) -> str:
        """The version of NSX, as in 4.2.1. Errors: EgressError."""
        said = str(self.get(VERSION).get("product_version"))
        found = re.match(r"[0-9]{1,2}(\.[0-9]{1,3}){1,2}", said)
        if found is None:
            raise PartError(f"{self.host} says that its version is {quoted(said)}, which is none")
        return found[0]

    def all(self, path: str, *, named: bool = True, **asked: str) -> Iterator[Json]:
        """Every object of a collection, page by page. named: each must have an id, as objects have; tables have none. asked: the query."""
        query = asked
        seen: set[str] = set()
        for _ in range(_MAX_PAGES):
            page = self.get(path, **query)
            found = page.get("results") or []
            if not isinstance(found, list) or not all(_is_object(one, named) for one in found):
                raise PartError(f"{self.host} answered {path} with something that is no list of objects with ids")
            self._read += len(found)
            self._tell(self._read)
            yield from found
            cursor = str(page.get("cursor") or "")
            if not cursor or not found:  # a search gives a cursor with its last page, too
                return
            if cursor in seen:
                raise PartError(
                    f"{self.host} gives no end of {path}: the page after {quoted(cursor)} is that page again"
                )
            seen.add(cursor)
            query = {**asked, "cursor": cursor}
        raise EgressError(f"{self.host} gives no end of {path}: stopped after {_MAX_PAGES} pages")

    def below(self, wanted: Tier0, *, bfd_peers: bool = False) -> tuple[str, dict[str, Json]]:
        """The path of a Tier-0 and what is below it, by path, without what hangs on it. Errors: EgressError."""
        gateway, body = self.gateway(wanted)
        found: dict[str, Json] = {gateway: body}
        for services, body in self.children(gateway, Collection.LOCALE_SERVICES):
            found[services] = body
            found.update(self.children(services, Collection.INTERFACES))
        found.update(self.children(gateway, Collection.STATIC_ROUTES))
        for section in Section:
            nat = paths.nat_section(gateway, section)
            found[nat] = {}
            found.update(self.children(nat, Collection.NAT_RULES))
        if bfd_peers:
            found.update(self.children(paths.collection(gateway, Collection.STATIC_ROUTES), Collection.BFD_PEERS))
        return gateway, found

    def gateway(self, wanted: Tier0) -> tuple[str, Json]:
        """The path of a Tier-0 and the object itself. Errors: EgressError."""
        path = self._path(wanted)
        return path, self.get(path)

    def _path(self, wanted: Tier0) -> str:
        if wanted.id is not None:
            return paths.tier0(wanted.id)
        named = [
            body["id"]
            for body in self.all(paths.collection(INFRA, Collection.TIER0S))
            if body.get("display_name") == wanted.display_name
        ]
        if len(named) != 1:
            many = f"{len(named)} Tier-0s" if named else "no Tier-0"
            raise (ObjectError if named else MissingError)(
                f"{self.host} has {many} with the display name {wanted.display_name!r}: name it by tier0.id"
            )
        return paths.tier0(named[0])

    def children(self, parent: str, kind: Collection) -> Iterator[tuple[str, Json]]:
        """Path and object of everything in a collection below `parent`. Errors: EgressError."""
        for body in self.all(paths.collection(parent, kind)):
            yield paths.child(parent, kind, str(body.get("id"))), body

    def _answer(self, path: str, query: dict[str, str]) -> _Answer:
        for tried in range(_TRIES):
            wait = 0.2 * 2**tried
            last = tried == _TRIES - 1
            self._deadline.begin_request()
            self._keep_pace()
            try:
                answer = self._asked(path, query)
            except (PassedError, httpx.TimeoutException):
                if not self._deadline.command_left:
                    raise self._over(path) from None
                if last:
                    raise PartError(self._late(path)) from None
            except (httpx.ReadError, httpx.RemoteProtocolError) as error:  # it was reached, and the answer broke off
                if not self._deadline.command_left:
                    raise self._over(path) from None
                if last:
                    raise PartError(self._told(error)) from None
            except httpx.TransportError as error:
                if not self._deadline.command_left:
                    raise self._over(path) from None
                if last or certificate_error(error):
                    raise EgressError(self._told(error)) from None
            except httpx.DecodingError:
                raise PartError(f"{self.host} answered {path} with something that cannot be unpacked") from None
            else:
                self._answered = True
                if answer.status not in _RETRIED or last:
                    return answer
                wait = _seconds(answer.headers.get("Retry-After"), wait)
            if wait >= self._deadline.command_left:
                raise EgressError(
                    f"{self.host} asks to wait {wait:g} s, and {self._deadline.command_left:.0f} of the "
                    f"{self._deadline.seconds:g} s that a command may read are left: try again later, or give --timeout"
                )
            self._pause(wait)
        raise AssertionError("the last try returns or raises")

    def _keep_pace(self) -> None:
        """Waits where a request more would be one too many in this second."""
        with self._turn:
            now = time.monotonic()
            while self._recent and self._recent[0] <= now - 1.0:
                self._recent.popleft()
            if len(self._recent) >= limits.mine().per_second:
                self._pause(self._recent.popleft() + 1.0 - now)
            self._recent.append(time.monotonic())

    def _asked(self, path: str, query: dict[str, str]) -> _Answer:
        """One try. Errors: httpx.TransportError, httpx.DecodingError, PassedError; EgressError for an answer without end."""
        url = path if path.startswith(MANAGER_API) else f"{_BASE}{path}"
        with self._http.stream("GET", quote(url.encode("utf-8", "surrogatepass")), params=query) as answer:
            body = bytearray()
            for chunk in answer.iter_bytes():
                body += chunk
                self._deadline.left()
                if len(body) > MAX_BYTES:
                    raise PartError(f"{self.host} answered {path} with more than {MAX_BYTES >> 20} MiB: stopped there")
            return _Answer(answer.status_code, answer.headers, bytes(body))

    def _told(self, error: BaseException) -> str:
        return self._advised(told(self.host, error))

    def _over(self, path: str) -> EgressError:
        """The time of the command is over."""
        met = isinstance(self._network, BoundedTransport) and self._network.met
        return (SilentError if met and not self._answered else EgressError)(self._late(path))

    def _late(self, path: str) -> str:
        read = f"({self._read} objects were read)"
        if self._deadline.command_left:
            return f"{self.host} did not answer {path} in {_TRIES} tries {read}: look at the manager"
        return (
            f"{self.host} did not answer {path} within the {self._deadline.seconds:g} s that a command may read "
            f"{read}: look at the manager, or give more time with --timeout"
        )


def _is_object(one: Any, named: bool) -> bool:
    return isinstance(one, dict) and (isinstance(one.get("id"), str) or not named)


def _seconds(header: str | None, otherwise: float) -> float:
    """Seconds to wait, as a Retry-After says; a date is not read. The deadline is the limit."""
    return float(header[:9]) if header and header.isdecimal() else otherwise
