"""Parts of a manager that are read side by side: collections, each of which may be refused, missing or cut without an end to the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from egress.manager.client import Manager
from egress.manager.refusals import or_why
from egress.policy import paths
from egress.policy.paths import Collection, Section, last
from egress.policy.sighting import INGRESS, Doubt, Unseen
from egress.policy.tree import Json
from egress.vocabulary import INFRA

AT_ONCE = 4
"""Requests under way at a time: a manager takes 40 of one client (default of client_api_concurrency_limit)."""


@dataclass(frozen=True)
class Part:
    """A collection below `parent`. `unseen`: what is remembered where it cannot be read; its `why` is filled in then."""

    parent: str
    kind: Collection
    unseen: Unseen

    @property
    def path(self) -> str:
        """Path of the collection."""
        return paths.collection(self.parent, self.kind)


@dataclass
class Found:
    """What was read so far."""

    objects: dict[str, Json] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    unseen: dict[tuple[str, str | None], Unseen] = field(default_factory=dict)

    def miss(self, part: Unseen, why: str) -> None:
        """Remembers a part that could not be read; one of the same name is told once."""
        self.unseen.setdefault((part.what, part.about), replace(part, why=why))


def collect(manager: Manager, found: Found, pool: ThreadPoolExecutor, parts: Iterable[Part]) -> None:
    """Reads parts side by side, and keeps them in the order in which they were asked for."""
    asked = list(parts)
    answers = pool.map(lambda part: or_why(lambda: dict(manager.children(part.parent, part.kind))), asked)
    for part, answer in zip(asked, answers, strict=True):
        if isinstance(answer, str):
            found.miss(replace(part.unseen, path=part.path), answer)
        else:
            found.objects.update(answer)


def below_tier0(gateway: str) -> Iterator[Part]:
    """What stands directly below a Tier-0."""
    name = last(gateway)
    yield Part(gateway, Collection.LOCALE_SERVICES, Unseen(f"interfaces of {name}", ""))
    yield Part(gateway, Collection.STATIC_ROUTES, Unseen(f"static routes of {name}", ""))
    for section in Section:
        yield Part(paths.nat_section(gateway, section), Collection.NAT_RULES, Unseen(f"NAT rules of {name}", ""))
    peers = paths.collection(gateway, Collection.STATIC_ROUTES)
    yield Part(peers, Collection.BFD_PEERS, Unseen(f"BFD peers of {name}", ""))


def below_services(services: str, gateway: str) -> Iterator[Part]:
    """What stands below a locale service of a Tier-0."""
    name = last(gateway)
    yield Part(services, Collection.INTERFACES, Unseen(f"interfaces of {name}", ""))
    peers = Unseen(f"BGP neighbours of {name}", "", doubt=Doubt.FAILING)
    yield Part(paths.bgp(services), Collection.NEIGHBORS, peers)


def on_tier0s(where: str) -> Iterator[Part]:
    """What may hang on Tier-0s. where: which, in words, as in `below T0-wld01`."""
    yield Part(INFRA, Collection.TIER1S, Unseen(f"Tier-1s {where}", ""))
    yield Part(INFRA, Collection.SEGMENTS, Unseen("segments behind Tier-1s", "", doubt=Doubt.NONE))
    yield Part(INFRA, Collection.LB_SERVICES, Unseen("load balancers", "", INGRESS))
    yield Part(INFRA, Collection.LB_VIRTUAL_SERVERS, Unseen("virtual servers of load balancers", "", INGRESS))


def services_of_tier1(tier1: str) -> Part:
    """The locale services of a Tier-1: they say whether it has service routers."""
    name = last(tier1)
    return Part(tier1, Collection.LOCALE_SERVICES, Unseen(f"edge cluster of Tier-1 {name}", "", name))


def rules_of_tier1(tier1: str, sections: Sequence[Section]) -> Iterator[Part]:
    """The NAT rules of a Tier-1 in some sections."""
    name = last(tier1)
    for section in sections:
        rules = Unseen(f"NAT rules of Tier-1 {name}", "", name)
        yield Part(paths.nat_section(tier1, section), Collection.NAT_RULES, rules)
