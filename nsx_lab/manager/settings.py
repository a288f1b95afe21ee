"""What may be switched while a lab runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from nsx_lab.manager.profiles import Profile, profile

MODES = ("refuse", "realize")


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

    def __post_init__(self) -> None:
        self.check()

    def check(self) -> None:
        if self.semantics not in MODES:
            raise ValueError(f"unknown semantics {self.semantics!r}: allowed are {', '.join(MODES)}")

    def change(self, values: Mapping[str, Any]) -> None:
        """Changes the settings named; ValueError for unknown names and values of the wrong type. A profile is given by its name."""
        known = {item.name: type(getattr(self, item.name)) for item in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"unknown setting {name!r}: allowed are {', '.join(known)}")
            new = profile(str(value)) if name == "profile" else value
            if known[name] is float and isinstance(new, int) and not isinstance(new, bool):
                new = float(new)
            if not isinstance(new, known[name]):
                raise ValueError(f"setting {name}: {value!r} is not of type {known[name].__name__}")
            setattr(self, name, new)
        self.check()

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "profile": self.profile.name}
