"""Everything a running lab consists of, in one place."""

from __future__ import annotations

import secrets

from nsx_lab.manager.auth import Doorkeeper
from nsx_lab.manager.journal import Journal
from nsx_lab.manager.manager import Manager, Settings
from nsx_lab.manager.policy import PolicyApi
from nsx_lab.manager.store import Object


class World:
    """Manager, door, journal and API. `seed_document` is what `reset` goes back to."""

    def __init__(self, settings: Settings | None = None, username: str = "admin", password: str = "") -> None:
        self.username = username
        self.password = password or secrets.token_urlsafe(18)
        self.control_token = secrets.token_urlsafe(24)
        self.manager = Manager(settings)
        self.door = Doorkeeper(self.manager.clock)
        self.door.add_user(self.username, self.password)
        self.journal = Journal()
        self.policy = PolicyApi(self.manager, self.door)
        self.seed_tree: Object | None = None

    def reset(self) -> None:
        """Back to the seed: objects and realization; users, sessions and the journal's numbering stay."""
        with self.manager.lock:
            self.manager.reset()
            self.journal.clear()
            if self.seed_tree is not None:
                self.manager.seed(self.seed_tree)
