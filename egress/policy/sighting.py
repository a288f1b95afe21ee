"""A Sighting: what was seen on a manager around one Tier-0, and what could not be seen. Values only; `egress.manager` makes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType

from egress.policy.paths import is_interface, is_locale_service, is_nat_rule, is_static_route
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
    """Whether something that stands at or below a path could not be read: what is there is not all of it."""
    return any(one.path and (one.path == path or one.path.startswith(f"{path}/")) for one in unseen)


def out_of_sight(unseen: Iterable[Unseen], path: str) -> bool:
    """Whether an object or a collection lies in a part that could not be read: its absence means nothing then."""
    return any(one.path and (one.path == path or path.startswith(f"{one.path}/")) for one in unseen)


@dataclass(frozen=True)
class Sighting:
    """What a manager has around the Tier-0 whose path is `gateway`.

    objects: by path. states: why an object is not realized, by path, of those that are not; what is not in it acts. tables: the ways in the
    forwarding table of each edge, by what the manager calls the edge; None where no table was seen, and then `untabled` says why. unseen:
    what could not be read.
    """

    gateway: str
    objects: PolicyObjects
    states: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    tables: Mapping[str, frozenset[Forwarded]] | None = None
    unseen: tuple[Unseen, ...] = ()
    untabled: str = ""

    @property
    def forwarded(self) -> frozenset[Forwarded] | None:
        """The ways in the tables of all edges together, None where no table was seen."""
        return None if self.tables is None else frozenset().union(*self.tables.values())


def acting(objects: PolicyObjects, states: Mapping[str, str]) -> dict[str, Json]:
    """The objects without what is not realized: that does nothing. A locale service that is not has no HA VIP."""
    return {
        path: _without_vips(body) if path in states and is_locale_service(path) else body
        for path, body in objects.items()
        if path not in states or not acts(path)
    }


def _without_vips(body: Json) -> Json:
    return {name: value for name, value in body.items() if name != "ha_vip_configs"}


def tells_of(path: str) -> bool:
    """Whether it is known what becomes of packets while the object at a path is not realized."""
    return acts(path) or is_locale_service(path)


def acts(path: str) -> bool:
    """Whether a path is that of an object which is left out until it is realized: a NAT rule, a static route, an interface."""
    return is_nat_rule(path) or is_static_route(path) or is_interface(path)
