"""What a manager has around a domain's Tier-0, as far as this user may see it.

    with Manager.of(domain, root, lab) as manager:
        seen = sight(manager, domain)

Only the Tier-0 itself must be readable. Any other part that is refused, missing or cut is remembered as not seen, and ends nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TypeVar

from egress.domain import WorkloadDomain
from egress.domain.fields import listed
from egress.manager.client import Manager, PartError
from egress.policy import paths
from egress.policy.owned import owned
from egress.policy.paths import Collection, Section, last
from egress.policy.sighting import INGRESS, REALIZED, Doubt, Forwarded, Sighting, Unseen, acts
from egress.policy.tree import Json
from egress.vocabulary import INFRA

T = TypeVar("T")
_AT_ONCE = 4
"""Requests under way at a time: a manager takes 40 of one client (default of client_api_concurrency_limit)."""
_TOLD = 3


@dataclass(frozen=True)
class _Part:
    """A collection below `parent`. `unseen`: what is remembered where it cannot be read; its `why` is filled in then."""

    parent: str
    kind: Collection
    unseen: Unseen


@dataclass
class _Found:
    """What was read so far."""

    objects: dict[str, Json] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    unseen: dict[tuple[str, str | None], Unseen] = field(default_factory=dict)

    def miss(self, part: Unseen, why: str) -> None:
        """Remembers a part that could not be read; one of the same name is told once."""
        self.unseen.setdefault((part.what, part.about), replace(part, why=why))


def sight(manager: Manager, domain: WorkloadDomain) -> Sighting:
    """Reads what is around a domain's Tier-0. Errors: EgressError where the manager or the Tier-0 itself cannot be read."""
    gateway, body = manager.gateway(domain.tier0)
    found = _Found({gateway: body})
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="sight") as pool:
        reader = _Reader(manager, gateway, found, pool)
        try:
            forwarded = reader.read(domain)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    return Sighting(gateway, found.objects, found.states, forwarded, tuple(found.unseen.values()))


class _Reader:
    """Reads parts side by side, and keeps them in the order in which they were asked for."""

    def __init__(self, manager: Manager, gateway: str, found: _Found, pool: ThreadPoolExecutor) -> None:
        self._manager = manager
        self._gateway = gateway
        self._found = found
        self._pool = pool

    def read(self, domain: WorkloadDomain) -> frozenset[Forwarded] | None:
        """Everything. The forwarding tables are given back: they are no objects."""
        table = self._pool.submit(_or_why, self._forwarded)
        alarms = self._pool.submit(_or_why, self._alarms)
        self._collections(_first(self._gateway))
        self._drop_strangers()
        self._collections(self._second())
        self._states(domain, alarms.result())
        forwarded = table.result()
        if isinstance(forwarded, str):
            self._without_tables(forwarded)
            return None
        return forwarded

    def _collections(self, parts: Iterable[_Part]) -> None:
        asked = list(parts)
        answers = self._pool.map(lambda part: _or_why(lambda: self._children(part)), asked)
        for part, answer in zip(asked, answers, strict=True):
            if isinstance(answer, str):
                self._found.miss(replace(part.unseen, path=paths.collection(part.parent, part.kind)), answer)
            else:
                self._found.objects.update(answer)

    def _children(self, part: _Part) -> dict[str, Json]:
        return dict(self._manager.children(part.parent, part.kind))

    def _drop_strangers(self) -> None:
        """Leaves out what hangs on another Tier-0."""
        objects = self._found.objects
        tier1s = {path: body for path, body in objects.items() if _is(path, Collection.TIER1S)}
        mine = {path for path, body in tier1s.items() if body.get("tier0_path") == self._gateway}
        services = {path for path, body in objects.items() if body.get("connectivity_path") in mine}
        for path, body in list(objects.items()):
            strange = path in tier1s and path not in mine
            strange = strange or (_is(path, Collection.SEGMENTS, Collection.LB_SERVICES) and path not in services)
            strange = strange or (
                _is(path, Collection.LB_VIRTUAL_SERVERS) and body.get("lb_service_path") not in services
            )
            if strange:
                del objects[path]

    def _second(self) -> Iterator[_Part]:
        """Below the Tier-0's locale services, and below each Tier-1."""
        for path in list(self._found.objects):
            if _is(path, Collection.LOCALE_SERVICES):
                yield _Part(path, Collection.INTERFACES, Unseen(f"interfaces of {last(self._gateway)}", ""))
                peers = Unseen(f"BGP neighbours of {last(self._gateway)}", "", doubt=Doubt.FAILING)
                yield _Part(paths.bgp(path), Collection.NEIGHBORS, peers)
            elif _is(path, Collection.TIER1S):
                name = last(path)
                yield _Part(path, Collection.LOCALE_SERVICES, Unseen(f"edge cluster of Tier-1 {name}", "", name))
                for section in Section:
                    rules = Unseen(f"NAT rules of Tier-1 {name}", "", name)
                    yield _Part(paths.nat_section(path, section), Collection.NAT_RULES, rules)

    def _states(self, domain: WorkloadDomain, alarms: list[Json] | str) -> None:
        """What is not realized: of all objects by the alarms of realization, of the stack's own by asking for each."""
        found = self._found
        if isinstance(alarms, str):
            found.miss(Unseen("alarms of realization", ""), alarms)
            alarms = []
        for alarm in alarms:
            path = str(alarm.get("source_reference") or "")
            if path in found.objects:
                found.states[path] = f"ERROR: {alarm.get('message') or 'no reason given'}"
        own = [path for path in owned(domain).objects(self._gateway) if path in found.objects and acts(path)]
        failed: list[tuple[str, str]] = []
        for path, state in zip(own, self._pool.map(lambda path: _or_why(lambda: self._state(path)), own), strict=True):
            if isinstance(state, str):
                failed.append((path, state))
            elif state[0] != REALIZED:
                found.states[path] = ": ".join(state)
            else:
                found.states.pop(path, None)
        if failed:
            names = [last(path) for path, _ in failed]
            more = f" and {len(names) - _TOLD} more" if len(names) > _TOLD else ""
            found.miss(Unseen(f"realized state of {listed(names[:_TOLD])}{more}", ""), failed[0][1])
        for path, state in found.states.items():
            if not acts(path):
                about = last(path) if _is(path, Collection.TIER1S) else None
                found.miss(Unseen(f"{last(path)} as it really is", "", about), f"it is not realized: {state}")

    def _state(self, path: str) -> tuple[str, ...]:
        """The state of an object and the reason given. Of several entities the worst counts; of none, that there is none yet."""
        answer = self._manager.get(paths.REALIZED_ENTITIES, intent_path=path).get("results")
        entities = [one for one in answer if isinstance(one, dict)] if isinstance(answer, list) else []
        bad = [one for one in entities if one.get("state") != REALIZED]
        if not bad:
            return (REALIZED,) if entities else ("UNREALIZED", "nothing in NSX stands for it yet")
        alarms = bad[0].get("alarms")
        said = [one.get("message") for one in alarms if isinstance(one, dict)] if isinstance(alarms, list) else []
        return (str(bad[0].get("state")), *[str(text) for text in said[:1] if text])

    def _alarms(self) -> list[Json]:
        return list(self._manager.all(paths.REALIZATION_ALARMS, named=False))

    def _forwarded(self) -> frozenset[Forwarded]:
        tables = list(self._manager.all(paths.forwarding_table(self._gateway), named=False))
        if not tables:
            raise PartError("it lists no edge")
        rows = [rows for table in tables if isinstance(rows := table.get("route_entries"), list)]
        entries = [entry for row in rows for entry in row if isinstance(entry, dict)]
        return frozenset(Forwarded(str(one.get("network")), str(one.get("next_hop"))) for one in entries)

    def _without_tables(self, why: str) -> None:
        """Where BFD watches a next hop, only a forwarding table says whether the route is in use."""
        peers = [
            path
            for path, body in self._found.objects.items()
            if _is(path, Collection.BFD_PEERS) and body.get("enabled", True)
        ]
        if peers:
            self._found.miss(
                Unseen(f"whether BFD peers of {last(self._gateway)} are up (its forwarding tables)", ""), why
            )


def _first(gateway: str) -> Iterator[_Part]:
    """Below the Tier-0 itself, and what may hang on it."""
    name = last(gateway)
    yield _Part(gateway, Collection.LOCALE_SERVICES, Unseen(f"interfaces of {name}", ""))
    yield _Part(gateway, Collection.STATIC_ROUTES, Unseen(f"static routes of {name}", ""))
    for section in Section:
        yield _Part(paths.nat_section(gateway, section), Collection.NAT_RULES, Unseen(f"NAT rules of {name}", ""))
    peers = paths.collection(gateway, Collection.STATIC_ROUTES)
    yield _Part(peers, Collection.BFD_PEERS, Unseen(f"BFD peers of {name}", ""))
    yield _Part(INFRA, Collection.TIER1S, Unseen(f"Tier-1s below {name}", ""))
    yield _Part(INFRA, Collection.SEGMENTS, Unseen("segments behind Tier-1s", "", doubt=Doubt.NONE))
    yield _Part(INFRA, Collection.LB_SERVICES, Unseen("load balancers", "", INGRESS))
    yield _Part(INFRA, Collection.LB_VIRTUAL_SERVERS, Unseen("virtual servers of load balancers", "", INGRESS))


def _or_why(read: Callable[[], T]) -> T | str:
    """What was read, or the sentence that says why a part could not be."""
    try:
        return read()
    except PartError as error:
        return error.what


def _is(path: str, *kinds: Collection) -> bool:
    return path.split("/")[-2:-1] in [[kind] for kind in kinds]
