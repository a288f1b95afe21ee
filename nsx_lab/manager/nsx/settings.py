"""What may be switched while a lab runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from nsx_lab.manager.nsx.profiles import PROFILES, Profile, profile
from nsx_lab.shape import BOOLEAN, Shape, number, one_of

MODES = ("refuse", "realize")
A_YEAR = 365 * 86400.0

SHAPE = Shape(
    {
        "profile": one_of(PROFILES),
        "semantics": one_of(MODES),
        "partial_patch": BOOLEAN,
        "echo_any": BOOLEAN,
        "strict_bfd_lookup": BOOLEAN,
        "index_lag": number(0, A_YEAR),
        "session_seconds": number(0, A_YEAR),
    },
    noun="setting",
)


@dataclass
class Settings:
    """`semantics` says what happens to a configuration that breaks a rule: "refuse" (400 at once) or "realize" (accepted, realized as ERROR).

    `partial_patch`: PATCH merges. `echo_any`: see profiles. `strict_bfd_lookup`: see manager. `index_lag`: seconds of the lab's clock
    after which search sees a write. `session_seconds`: after so long without a request a session ends.
    """

    profile: Profile = field(default_factory=lambda: profile("4.2"))
    semantics: str = "refuse"
    partial_patch: bool = False
    echo_any: bool = False
    strict_bfd_lookup: bool = False
    index_lag: float = 0.0
    session_seconds: float = 1800.0

    def change(self, values: Mapping[str, Any]) -> None:
        """Changes the settings named, all or none; ValueError for unknown names and wrong values. A profile is given by its name."""
        SHAPE.check(values)
        for name, value in values.items():
            setattr(self, name, profile(value) if name == "profile" else value)

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "profile": self.profile.name}
