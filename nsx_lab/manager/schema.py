"""Validation of bodies against the schema of their type."""

from __future__ import annotations

from nsx_lab.manager.kinds import Place
from nsx_lab.manager.profiles import Profile
from nsx_lab.manager.store import Object


class Validator:
    """Checks requests."""

    def check_request(self, place: Place, body: Object, profile: Profile) -> None:
        """Raises the NSX error for a body that does not fit its type."""
