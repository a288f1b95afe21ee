"""A Sighting: what was seen on a manager around one Tier-0, and what could not be seen. Values only; `egress.manager` makes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType

from egress.policy.paths import is_nat_rule, is_static_route
from egress.policy.tree import Json, PolicyObjects

REALIZED = "REALIZED"
"""The one state in which an object acts (NSX Policy API, GenericPolicyRealizedResource.state)."""
INGRESS = "ingress"
NOTHING: Mapping[str, str] = MappingProxyType({})


class Doubt(Enum):
    """Which verdicts a gap leaves open: every one, only those of flows that fail for what else was seen, or none."""

    ANY = "any"
    FAILING = "failing"
    NONE = "none"


@dataclass(frozen=True)
class Unseen:
    """A part of a manager that could not be read, or whose meaning could not. `what`: in words; `why`: a sentence.

    `about`: id of the Tier-1 whose flows depend on it, INGRESS for what comes to load balancers, None for every flow. `path`: of what
    is below it nothing is known.
    """

    what: str
    why: str
    about: str | None = None
    doubt: Doubt = Doubt.ANY
    path: str = ""

    def __str__(self) -> str:
        return f"{self.what}: {self.why}"


@dataclass(frozen=True)
class Forwarded:
    """A static way in the forwarding table of an edge: network and next hop, as texts."""

    network: str
    next_hop: str


def hidden(unseen: Iterable[Unseen], path: str) -> bool:
    """Whether nothing is known of what stands at or below a path."""
    return any(one.path and (one.path == path or one.path.startswith(f"{path}/")) for one in unseen)


@dataclass(frozen=True)
class Sighting:
    """What a manager has around the Tier-0 whose path is `gateway`.

    objects: by path. states: why an object is not realized, by path, of those that are not; what is not in it acts. forwarded:
    the static ways in the forwarding tables of all edges, None where no table was seen. unseen: what could not be read.
    """

    gateway: str
    objects: PolicyObjects
    states: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    forwarded: frozenset[Forwarded] | None = None
    unseen: tuple[Unseen, ...] = ()


def acting(objects: PolicyObjects, states: Mapping[str, str]) -> dict[str, Json]:
    """The objects without the rules and static routes that are not realized: those do nothing."""
    return {path: body for path, body in objects.items() if path not in states or not acts(path)}


def acts(path: str) -> bool:
    """Whether a path is that of an object which does something to packets once it is realized: a NAT rule or a static route."""
    return is_nat_rule(path) or is_static_route(path)
