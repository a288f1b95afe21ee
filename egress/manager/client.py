"""GETs to the Policy API: retried where NSX asks for it, read page by page, and told as sentences when they fail."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from egress.domain import EgressError, LabTarget, WorkloadDomain
from egress.domain.model import Tier0
from egress.manager.access import Access, access
from egress.policy import paths
from egress.policy.paths import Collection, Section
from egress.policy.tree import Json
from egress.vocabulary import INFRA

_BASE = "/policy/api/v1"
_RETRIED = (429, 502, 503, 504)
"""Statuses that pass by themselves: rate limit, overload, a proxy in front (NSX API guide, rate limiting)."""
_TRIES = 4
_MAX_PAGES = 1000


class Manager:
    """One manager. `pause` waits between tries, in seconds; tests give their own."""

    def __init__(self, access: Access, pause: Callable[[float], None] = time.sleep) -> None:
        self.host = access.host
        self._pause = pause
        self._http = httpx.Client(
            base_url=f"https://{access.host}{_BASE}",
            verify=access.tls,
            auth=access.login,
            timeout=30,
            trust_env=False,
            follow_redirects=False,
        )

    @classmethod
    def of(cls, domain: WorkloadDomain, root: Path, lab: LabTarget | None) -> Self:
        """The manager of a domain, or the lab that stands in for it. Errors: EgressError."""
        return cls(access(domain, root, lab, os.environ))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def get(self, path: str, **query: str) -> Json:
        """The object at a Policy path such as /infra/tier-0s/T0. Errors: EgressError, a sentence for each way to fail."""
        answer = self._answer(path, query)
        if answer.status_code != 200:
            raise EgressError(self._refusal(path, answer))
        try:
            body = answer.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise EgressError(
                f"{self.host} answered {path} with something that is no JSON object: is it an NSX Manager?"
            )
        return body

    def all(self, path: str) -> Iterator[Json]:
        """Every object of a collection, page by page."""
        query: dict[str, str] = {}
        for _ in range(_MAX_PAGES):
            page = self.get(path, **query)
            yield from page.get("results") or ()
            if not page.get("cursor"):
                return
            query = {"cursor": str(page["cursor"])}
        raise EgressError(f"{self.host} gives no end of {path}: stopped after {_MAX_PAGES} pages")

    def tier0(self, wanted: Tier0) -> tuple[str, dict[str, Json]]:
        """The path of a Tier-0 and the objects that the packet walk needs, by path. Errors: EgressError."""
        gateway, found = self.gateway(wanted)
        tier1s = self._below(INFRA, Collection.TIER1S)
        found.update((path, body) for path, body in tier1s if body.get("tier0_path") == gateway)
        return gateway, found

    def gateway(self, wanted: Tier0, *, bfd_peers: bool = False) -> tuple[str, dict[str, Json]]:
        """The path of a Tier-0 and what is below it, by path, without what hangs on it. Errors: EgressError."""
        gateway = self._gateway(wanted)
        found: dict[str, Json] = {gateway: self.get(gateway)}
        for services, body in self._below(gateway, Collection.LOCALE_SERVICES):
            found[services] = body
            found.update(self._below(services, Collection.INTERFACES))
        found.update(self._below(gateway, Collection.STATIC_ROUTES))
        for section in Section:
            nat = paths.nat_section(gateway, section)
            found[nat] = {}
            found.update(self._below(nat, Collection.NAT_RULES))
        if bfd_peers:
            found.update(self._below(paths.collection(gateway, Collection.STATIC_ROUTES), Collection.BFD_PEERS))
        return gateway, found

    def _gateway(self, wanted: Tier0) -> str:
        if wanted.id is not None:
            return paths.tier0(wanted.id)
        named = [
            body["id"]
            for body in self.all(paths.collection(INFRA, Collection.TIER0S))
            if body.get("display_name") == wanted.display_name
        ]
        if len(named) != 1:
            many = f"{len(named)} Tier-0s" if named else "no Tier-0"
            raise EgressError(
                f"{self.host} has {many} with the display name {wanted.display_name!r}: name it by tier0.id"
            )
        return paths.tier0(named[0])

    def _below(self, parent: str, kind: Collection) -> Iterator[tuple[str, Json]]:
        for body in self.all(paths.collection(parent, kind)):
            yield paths.child(parent, kind, str(body.get("id"))), body

    def _answer(self, path: str, query: dict[str, str]) -> httpx.Response:
        for tried in range(_TRIES):
            wait = 0.2 * 2**tried
            try:
                answer = self._http.get(quote(path), params=query)
            except httpx.TransportError as error:
                if tried == _TRIES - 1 or "CERTIFICATE_VERIFY_FAILED" in str(error):
                    raise EgressError(self._unreachable(error)) from None
            else:
                if answer.status_code not in _RETRIED or tried == _TRIES - 1:
                    return answer
                wait = _seconds(answer.headers.get("Retry-After"), wait)
            self._pause(wait)
        raise AssertionError("the last try returns or raises")

    def _unreachable(self, error: httpx.TransportError) -> str:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return f"the certificate of {self.host} is not trusted: name its authority in nsx.ca_file ({error})"
        return f"{self.host} cannot be reached: {str(error) or type(error).__name__}"

    def _refusal(self, path: str, answer: httpx.Response) -> str:
        status = answer.status_code
        said = _said(answer)
        if status == 401 or (status == 403 and "credentials" in said):
            return f"{self.host} does not let this user in ({status}{said}): check user and password in the environment"
        if status == 403:
            return f"{self.host} does not let this user read {path} ({status}{said}): the role Auditor is enough"
        if status == 404:
            return f"{self.host} has no {path} ({status}{said}): check the ids in the domain file"
        return f"{self.host} answered {path} with {status}{said}"


def _said(answer: httpx.Response) -> str:
    """The error message in an answer, cut to a line; empty where there is none."""
    try:
        message: Any = answer.json().get("error_message", "")
    except (ValueError, AttributeError):
        return ""
    return f": {str(message).splitlines()[0][:200]}" if message else ""


def _seconds(header: str | None, otherwise: float) -> float:
    return min(float(header), 30.0) if header and header.isdecimal() else otherwise
