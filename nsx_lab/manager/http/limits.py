"""Rate and concurrency limits of the API, off unless asked for."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from nsx_lab.manager.store import errors
from nsx_lab.manager.store.clock import Clock
from nsx_lab.manager.store.ledger import Evidence, claim

claim(
    'limit on requests per second and client (100 in the product): 429, code "102", "Client \'admin\' exceeded request rate of 100 per second"',
    Evidence.ISSUE,
    "terraform-provider-nsxt #189, #404; default: HttpServiceProperties.client_api_rate_limit. Off unless asked for",
    "test_limits.py::test_requests_above_the_rate_answer_429",
)
claim(
    "limit on outstanding requests per client (40 in the product): 503; its text is the lab's",
    Evidence.DOC,
    "HttpServiceProperties.client_api_concurrency_limit. Off unless asked for",
    "test_limits.py::test_outstanding_requests_above_the_limit_answer_503",
)


@dataclass
class Limits:
    """`rate` in requests per second and `outstanding` in requests, per client; 0 is no limit."""

    clock: Clock
    rate: int = 0
    outstanding: int = 0
    _recent: dict[str, deque[float]] = field(default_factory=dict)
    _open: dict[str, int] = field(default_factory=dict)

    def enter(self, client: str) -> None:
        """Counts a request in, or raises what the manager answers instead."""
        if self.outstanding and self._open.get(client, 0) >= self.outstanding:
            raise errors.NsxError(
                503,
                503,
                "common-services",
                f"Client '{client}' exceeded the limit of {self.outstanding} outstanding requests",
            )
        self.count(client)
        self._open[client] = self._open.get(client, 0) + 1

    def leave(self, client: str) -> None:
        """Counts a request out that `enter` let in."""
        self._open[client] -= 1
        if not self._open[client]:
            del self._open[client]

    def count(self, client: str) -> None:
        """Counts a request against the rate alone, for one that is answered before the next comes in; raises as `enter`."""
        if not self.rate:
            return
        now = self.clock.now()
        if client not in self._recent:
            self._forget(now)
        recent = self._recent.setdefault(client, deque())
        while recent and recent[0] <= now - 1.0:
            recent.popleft()
        if len(recent) >= self.rate:
            error = errors.NsxError(
                429, 102, "common-services", f"Client '{client}' exceeded request rate of {self.rate} per second"
            )
            error.body["error_code"] = "102"
            raise error
        recent.append(now)

    def _forget(self, now: float) -> None:
        """Clients that have not asked within the last second: names are theirs to choose, and must not pile up."""
        for client in [client for client, recent in self._recent.items() if not recent or recent[-1] <= now - 1.0]:
            del self._recent[client]
