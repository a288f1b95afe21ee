"""Workings: what a manager counts and reports around a Tier-0 while it works: hits of NAT rules, open alarms, how full blocks and pools are.

Values only; `egress.manager` makes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from egress.inventory.survey import Usage
from egress.policy.sighting import Unseen
from egress.policy.tree import PolicyObjects


@dataclass(frozen=True)
class Hits:
    """What a NAT rule did since its counters began: packets, bytes, sessions that are open now. `warning`: what the manager says beside it."""

    packets: int
    octets: int
    sessions: int
    warning: str = ""


@dataclass(frozen=True)
class Alarm:
    """An open alarm. `event`: as in routing/bfd_down_on_external_interface. `concerns`: paths and ids of what it is about."""

    event: str
    severity: str
    summary: str
    concerns: frozenset[str]


@dataclass(frozen=True)
class Workings:
    """hits: of the stack's own NAT rules, by path. alarms: those that are open, of everything; None where they were not looked at.

    objects, usage: IP blocks and pools by path, and how full they are. unseen: what could not be read, and why.
    """

    hits: Mapping[str, Hits] = field(default_factory=dict)
    alarms: tuple[Alarm, ...] | None = None
    objects: PolicyObjects = field(default_factory=dict)
    usage: Mapping[str, Usage] = field(default_factory=dict)
    unseen: tuple[Unseen, ...] = ()
