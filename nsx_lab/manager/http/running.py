"""Everything a running lab consists of, in one place."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable

from nsx_lab.manager.http.auth import Doorkeeper
from nsx_lab.manager.http.faults import FaultEngine
from nsx_lab.manager.http.journal import Journal
from nsx_lab.manager.http.limits import Limits
from nsx_lab.manager.http.policy import PolicyApi
from nsx_lab.manager.http.tls import Authority
from nsx_lab.manager.http.visitors import Visitors
from nsx_lab.manager.nsx.manager import Manager
from nsx_lab.manager.nsx.settings import Settings
from nsx_lab.manager.store.seed import Seed


class World:
    """Manager, door, journal and API. `first_seed` is what `reset` goes back to."""

    def __init__(self, settings: Settings | None = None, username: str = "admin", password: str = "") -> None:
        self.username = username
        self.password = password or secrets.token_urlsafe(18)
        self.control_token = secrets.token_urlsafe(24)
        self.visitors = Visitors()
        self.authority = Authority()
        self.manager = Manager(settings)
        self.door = Doorkeeper(self.manager.clock, self.manager.settings)
        self.door.add_user(self.username, self.password)
        self.journal = Journal()
        self.faults = FaultEngine()
        self.hanging: set[asyncio.Event] = set()
        """Requests that a fault holds; the server's loop only."""
        self.limits = Limits(self.manager.clock)
        self.policy = PolicyApi(self.manager, self.door)
        self.first_seed: Seed | None = None
        self.fail_over: Callable[[float], None] = lambda seconds: None
        """Set by whoever serves this world."""

    def reset(self) -> None:
        """Back to the seed, without faults: users, sessions, settings and the journal's numbering stay."""
        with self.manager.lock:
            self.faults.set([])
            self.manager.reset()
            self.journal.clear()
            if self.first_seed is not None:
                self.manager.seed(self.first_seed)
