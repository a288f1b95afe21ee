"""Errors of the data plane.

DataplaneError
 ├─ WorldError     the world file or a probe is not usable: says what was given and what is allowed
 ├─ Unavailable    this machine cannot do it: `reason` and `remedy`
 └─ ApplyError     the kernel refused a part of the plan (a bug here, or a plan nobody thought of)
"""

from __future__ import annotations


class DataplaneError(RuntimeError):
    """Root of the tree."""


class WorldError(DataplaneError):
    """A world, a realized object or a probe that cannot be used."""


class ApplyError(DataplaneError):
    """The kernel, `ip` or `nft` refused."""


class Unavailable(DataplaneError):  # noqa: N818 - a state of the machine, caught by name
    """Real packets are not to be had here. `reason`: what is missing. `remedy`: how to get it."""

    def __init__(self, reason: str, remedy: str = "") -> None:
        super().__init__(f"no real packets here: {reason}" + (f"; {remedy}" if remedy else ""))
        self.reason = reason
        self.remedy = remedy
