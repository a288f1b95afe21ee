"""What a rule says about an object."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class When(Enum):
    """When a broken rule shows."""

    REFUSE = "always refused at once"
    EITHER = "refused at once or realized as ERROR, by the lab's setting"
    REALIZE = "always accepted, and realized as ERROR"


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken rule: code and text as the manager gives them."""

    code: int
    message: str
    when: When = When.EITHER
