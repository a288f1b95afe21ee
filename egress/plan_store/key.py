"""What a plan is found by: stack, verb, and what it was made from. No commit: a squash merge makes another one of the same files."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

_SAFE = re.compile(r"[a-z0-9][a-z0-9-]{0,200}")
SUFFIX = ".plan"


@dataclass(frozen=True)
class Key:
    """A plan's key. digest: SHA-256 of the synthesised JSON, in hexadecimal digits."""

    stack: str
    verb: str
    digest: str

    @classmethod
    def of(cls, stack: str, verb: str, configuration: bytes) -> Key:
        """The key of a plan that was made from this configuration."""
        return cls(stack, verb, hashlib.sha256(configuration).hexdigest())

    def __post_init__(self) -> None:
        assert all(_SAFE.fullmatch(part) for part in (self.stack, self.verb, self.digest)), "no part of a path"

    @property
    def name(self) -> str:
        """Where the plan lies in a store."""
        return f"{self.stack}/{self.verb}-{self.digest}{SUFFIX}"
