"""What a manager has around a domain's Tier-0, as far as this user may see it.

    with Manager.of(domain, root, lab) as manager:
        seen = sight(manager, domain)

Only the Tier-0 itself must be readable. Any other part that is refused, missing or cut is remembered as not seen, and ends nothing.
Of several domains on one Tier-0 what is around it is read once (`around`), and given to the sight of each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from egress import limits
from egress.domain import WorkloadDomain
from egress.domain.fields import listed
from egress.domain.model import Tier0
from egress.inventory.vpcs import not_shown
from egress.manager.client import Manager
from egress.manager.parts import (
    Found,
    Part,
    below_services,
    below_tier0,
    collect,
    on_tier0s,
    rules_of_tier1,
    services_of_tier1,
)
from egress.manager.refusals import PartError, or_why
from egress.manager.vpcs import look_for_vpcs
from egress.policy import paths
from egress.policy.owned import owned
from egress.policy.paths import Collection, Section, last
from egress.policy.sighting import REALIZED, Forwarded, Sighting, Unseen, acts, tells_of
from egress.policy.tree import Json

_TOLD = 3
_RARE = "resource_type:PolicyNatRule AND (parent_path:*INTERNAL OR parent_path:*DEFAULT)"


@dataclass(frozen=True)
class Around:
    """What is around the Tier-0 whose path is `gateway`, whichever domain on it is asked about.

    found: objects, and what could not be read. alarms: those of realization. tables: as of a Sighting. Either may be why it could not be read.
    """

    gateway: str
    found: Found
    alarms: list[Json] | str
    tables: dict[str, frozenset[Forwarded]] | str


def around(manager: Manager, wanted: Tier0) -> Around:
    """Reads what is around a Tier-0. Errors: EgressError where the manager or the Tier-0 itself cannot be read."""
    gateway, body = manager.gateway(wanted)
    with _side_by_side() as pool:
        return _Reader(manager, gateway, Found({gateway: body}), pool).read()


def sight(manager: Manager, domain: WorkloadDomain, known: Around | None = None) -> Sighting:
    """Reads what is around a domain's Tier-0, and how the domain's own objects fare. known: what is around it, where that was read already.

    Errors: EgressError where the manager or the Tier-0 itself cannot be read.
    """
    there = known or around(manager, domain.tier0)
    found = Found(there.found.objects, {}, dict(there.found.unseen))
    with _side_by_side() as pool:
        reader = _Reader(manager, there.gateway, found, pool)
        reader.states(domain, there.alarms)
    if isinstance(there.tables, str):
        reader.without_tables(there.tables)
    tables, untabled = (None, there.tables) if isinstance(there.tables, str) else (there.tables, "")
    return Sighting(there.gateway, found.objects, found.states, tables, tuple(found.unseen.values()), untabled)


@contextmanager
def _side_by_side() -> Iterator[ThreadPoolExecutor]:
    """Threads for requests; none goes on, and none is begun any more, once the block is left."""
    with ThreadPoolExecutor(limits.mine().at_once, thread_name_prefix="sight") as pool:
        try:
            yield pool
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


class _Reader:
    """Reads what is around one Tier-0."""

    def __init__(self, manager: Manager, gateway: str, found: Found, pool: ThreadPoolExecutor) -> None:
        self._manager = manager
        self._gateway = gateway
        self._found = found
        self._pool = pool

    def read(self) -> Around:
        """Everything but how the objects of one domain fare."""
        asked = self._pool.submit(or_why, self._tables)
        alarms = self._pool.submit(or_why, self._alarms)
        rare = self._pool.submit(or_why, self._rare)
        self._collections((*below_tier0(self._gateway), *on_tier0s(f"below {last(self._gateway)}")))
        self._drop_strangers()
        self._collections(self._second(self._taken(rare.result())))
        look_for_vpcs(self._manager, self._found, self._pool, blocks=True)
        for part in not_shown(self._found.objects, self._gateway, self._found.unseen.values()):
            self._found.miss(part, part.why)
        return Around(self._gateway, self._found, alarms.result(), asked.result())

    def _collections(self, parts: Iterable[Part]) -> None:
        collect(self._manager, self._found, self._pool, parts)

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

    def _rare(self) -> list[Json]:
        """NAT rules of the sections that hardly any Tier-1 uses, all at once."""
        return list(self._manager.all(paths.SEARCH, query=_RARE))

    def _taken(self, rare: list[Json] | str) -> Sequence[Section]:
        """The sections of Tier-1s that are left to be read, once the rare ones were found by a search; all where it was refused."""
        if isinstance(rare, str):
            return tuple(Section)
        for body in rare:
            path = str(body.get("path"))
            gateway = "/".join(path.split("/")[:4])
            if gateway in self._found.objects and _is(gateway, Collection.TIER1S) and not body.get("marked_for_delete"):
                self._found.objects[path] = body
        return (Section.USER,)

    def _second(self, sections: Sequence[Section]) -> Iterator[Part]:
        """Below the Tier-0's locale services, and below each Tier-1, of whose NAT `sections` are read."""
        for path in list(self._found.objects):
            if _is(path, Collection.LOCALE_SERVICES):
                yield from below_services(path, self._gateway)
            elif _is(path, Collection.TIER1S):
                yield services_of_tier1(path)
                yield from rules_of_tier1(path, sections)

    def states(self, domain: WorkloadDomain, alarms: list[Json] | str) -> None:
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
        for path, state in zip(own, self._pool.map(lambda path: or_why(lambda: self._state(path)), own), strict=True):
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
            if not tells_of(path):
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

    def _tables(self) -> dict[str, frozenset[Forwarded]]:
        """The forwarding table of each edge, by the last part of what the manager calls the edge. Errors: PartError."""
        tables = list(self._manager.all(paths.forwarding_table(self._gateway), named=False))
        if not tables:
            raise PartError("it lists no edge")
        found: dict[str, frozenset[Forwarded]] = {}
        for number, table in enumerate(tables):
            rows = table.get("route_entries")
            entries = [one for one in rows if isinstance(one, dict)] if isinstance(rows, list) else []
            edge = last(str(table.get("edge_node") or f"edge {number + 1}"))
            ways = {Forwarded(str(one.get("network")), str(one.get("next_hop"))) for one in entries}
            found[edge] = found.get(edge, frozenset()) | ways
        return found

    def without_tables(self, why: str) -> None:
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


def _is(path: str, *kinds: Collection) -> bool:
    return path.split("/")[-2:-1] in [[kind] for kind in kinds]
