"""The lines of a domain file that a scan writes, one function for each key at the top."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from egress.inventory.senders import EgressAddress
from egress.policy.paths import Collection, collection, last
from egress.scan.below import Below, Ingress
from egress.scan.bfd import MARK as BFD
from egress.scan.found import MARK, Gathered, Question
from egress.scan.gateway import Entry, Seen
from egress.scan.lines import Row, heading, item, pair, remark
from egress.scan.mappings import Mapping as Named
from egress.scan.names import Names
from egress.scan.origins import object_lines
from egress.scan.ranges import KEY as RANGES
from egress.scan.ranges import Range
from egress.scan.routes import Routes
from egress.scan.rule_order import Rule
from egress.vocabulary import TITLES, HaMode, NatAction

TRIAL_UPLINKS = [{"id": "uplink", "edge": "edge", "address": "192.0.2.1/24"}]
TRIAL_HOPS = [{"address": "192.0.2.254"}]
TRIAL_RANGES = ["198.51.100.0/24"]
"""What stands in a trial for what is not known (RFC 5737)."""


@dataclass(frozen=True)
class Top:
    """What a file says of itself and its manager. schema: the address of its JSON Schema, for editors. version: of NSX.

    stack: the one that the file stands for; left out, it is called as the file's domain. ca_elsewhere: the manager's authority was read from
    a file outside of the project.
    """

    name: str
    host: str
    version: str | None = None
    ca_file: str | None = None
    credentials: str = "NSXT"
    schema: str | None = None
    stack: str = ""
    ca_elsewhere: bool = False

    @property
    def made_as(self) -> str:
        """The name that ids are derived from."""
        return self.stack or self.name


def ask(question: Question, indent: int) -> Row:
    """A question at its place."""
    return remark(f"{MARK}: {question.what}", indent)


def unknown(indent: int, key: str, question: Question, trial: Any) -> list[Row]:
    """A key that a file must have and whose value is not known: what stands there makes the reader refuse the file, and says why."""
    short_form = question.what.partition("?")[0]
    return [ask(question, indent), pair(indent, key, f"{MARK}: {short_form}?", instead=trial)]


def top(given: Top, gathered: Gathered) -> Iterator[Row]:
    """Version, name and manager."""
    if given.schema:
        yield remark(f"yaml-language-server: $schema={given.schema}")
    yield pair(0, "version", 1)
    yield pair(0, "name", given.name)
    yield heading(0, "nsx")
    yield pair(2, "host", given.host, "as it was asked")
    if given.version:
        yield pair(2, "version", given.version, "as it says")
    if given.ca_file:
        yield pair(2, "ca_file", given.ca_file)
    if given.ca_elsewhere:
        what = "which file of the project holds the manager's certificate authority? it was read from elsewhere"
        yield ask(gathered.ask("nsx.ca_file", what), 2)
    if given.credentials != "NSXT":
        yield pair(2, "credentials", given.credentials)


def tier0(seen: Seen, action: NatAction | None, gathered: Gathered) -> Iterator[Row]:
    """The gateway."""
    yield heading(0, "tier0")
    yield pair(2, "id", last(seen.path), f"{seen.path} id{_called(seen)}")
    if last(seen.services) != "default":
        yield pair(2, "locale_service", last(seen.services), seen.services)
    yield from _mode(seen, action, gathered)
    if seen.vrf_of:
        yield pair(2, "vrf_of", seen.vrf_of, f"{seen.path} vrf_config")
    yield from _uplinks(seen, gathered)
    yield from _entries("service_interfaces", seen.service_interfaces)
    yield from _entries("ha_vips", seen.vips)


def _called(seen: Seen) -> str:
    name = seen.body.get("display_name")
    return f": called {name}" if isinstance(name, str) and name not in ("", last(seen.path)) else ""


def _mode(seen: Seen, action: NatAction | None, gathered: Gathered) -> Iterator[Row]:
    if seen.ha_mode is None:
        question = gathered.ask("tier0.ha_mode", "is it ACTIVE_ACTIVE or ACTIVE_STANDBY? the manager does not say")
        trial = HaMode.ACTIVE_STANDBY if action is NatAction.SNAT else HaMode.ACTIVE_ACTIVE
        yield from unknown(2, "ha_mode", question, str(trial))
        return
    yield pair(2, "ha_mode", str(seen.ha_mode), f"{seen.path} ha_mode")
    if seen.stateful:
        yield pair(2, "stateful_active_active", True, f"{seen.path} stateful_services")


def _uplinks(seen: Seen, gathered: Gathered) -> Iterator[Row]:
    if seen.hidden and seen.uplinks:
        yield ask(gathered.ask("tier0.uplinks", f"are these all? interfaces were not seen: {seen.hidden}"), 2)
    if seen.uplinks:
        yield from _entries(
            "uplinks", seen.uplinks, f"{seen.services} edge_cluster_path: {seen.cluster}" if seen.cluster else ""
        )
        return
    why = f"they were not seen: {seen.hidden}" if seen.hidden else "the Tier-0 has none that a file can hold"
    yield from unknown(2, "uplinks", gathered.ask("tier0.uplinks", f"which uplinks has it? {why}"), TRIAL_UPLINKS)


def _entries(key: str, entries: Sequence[Entry], note: str = "") -> Iterator[Row]:
    if entries:
        yield heading(2, key, note)
        yield from (item(4, one.values, one.told, one.mark) for one in entries)


def default_route(
    routes: Routes, bfd: Mapping[str, Any] | None, hidden: str, neighbours: int, gathered: Gathered
) -> Iterator[Row]:
    """The way out: as it is; external where a file cannot hold what is there; a question where nothing is. bfd: of its peers. hidden: why
    static routes were not seen. neighbours: how many BGP neighbours there are."""
    route = routes.default
    if route is not None:
        yield from object_lines(0, "default_route", route.path, route.values)
        if routes.default_v6 is not None:
            yield from object_lines(2, "ipv6", routes.default_v6.path, routes.default_v6.values)
        yield from (ask(one, 2) for one in gathered.questions if one.key == "default_route.bfd")
        if bfd is not None:
            peers = collection(route.path.rpartition("/")[0], Collection.BFD_PEERS)
            yield from object_lines(2, "bfd", peers, bfd, BFD)
        return
    yield heading(0, "default_route")
    if routes.unheld:
        what = "who looks after it? it is there, and a file cannot hold it as it is: see the end of this file"
        yield ask(gathered.ask("default_route.external", what), 2)
        yield pair(2, "external", True, f"{routes.unheld} is there")
        return
    why = f"static routes were not seen: {hidden}" if hidden else "there is no static route to 0.0.0.0/0"
    if neighbours:
        why += f", and it has {neighbours} BGP neighbour{'s' if neighbours > 1 else ''}"
    question = gathered.ask("default_route.next_hops", f"which router is the way out? {why}")
    yield from unknown(2, "next_hops", question, TRIAL_HOPS)


def routes(found: Routes) -> Iterator[Row]:
    """The routes beside the default route."""
    if found.further:
        yield heading(0, "routes")
    for route in found.further:
        yield from object_lines(2, route.key, route.path, route.values)


@dataclass(frozen=True)
class Egress:
    """What stands below `egress`: the scope as a file writes it, mappings under their keys, exceptions, ranges."""

    ranges: tuple[Range, ...]
    applied_to: str | tuple[str, ...]
    mappings: tuple[Named, ...]
    exceptions: tuple[Rule, ...]
    scope_of: str
    """Where the scope came from."""
    anyhow: bool
    """Whether a mapping of any source makes the ranges something that may be left out."""
    hidden: str = ""
    questions: tuple[Question, ...] = ()


def egress(found: Egress, gathered: Gathered) -> Iterator[Row]:
    """Ranges, scope, mappings, exceptions."""
    yield heading(0, "egress")
    if found.hidden:
        yield ask(gathered.ask("egress", f"are these all rules? NAT rules were not seen: {found.hidden}"), 2)
    yield from (ask(one, 2) for one in found.questions)
    yield from _ranges(found, gathered)
    scope = found.applied_to if isinstance(found.applied_to, str) else list(found.applied_to)
    yield pair(2, "applied_to", scope, found.scope_of)
    further = [one for one in found.mappings if one.key not in TITLES]
    for one in found.mappings:
        if one.key in TITLES:
            yield from _mapping(2, one)
    if further:
        yield heading(2, "more")
        yield from (row for one in further for row in _mapping(4, one))
    if found.exceptions:
        yield heading(2, "exceptions")
        yield from _exceptions(found.exceptions)


def _ranges(found: Egress, gathered: Gathered) -> Iterator[Row]:
    if not found.ranges:
        if not found.anyhow:
            question = gathered.ask(
                RANGES, "which are the egress ranges? nothing was seen that sends with an egress address"
            )
            yield from unknown(2, "ranges", question, TRIAL_RANGES)
        return
    yield from (ask(one, 2) for one in gathered.questions if one.key == RANGES)
    yield heading(2, "ranges")
    for one in found.ranges:
        yield item(4, str(one.network), str(one.store) if one.store else "in use, see below")


def _mapping(indent: int, one: Named) -> Iterator[Row]:
    return object_lines(indent, one.key, one.rule.path, one.rule.values, notes={"source": _senders(one.senders)})


_SENDERS = 3


def _senders(found: Sequence[EgressAddress]) -> str:
    """What sends with the addresses of a mapping, in words."""
    if not found:
        return "nothing was seen that sends with it"
    shown = [f"{one.holder} {one.name}" + (f" ({one.owner})" if one.owner else "") for one in found[:_SENDERS]]
    more = f" and {len(found) - _SENDERS} more" if len(found) > _SENDERS else ""
    return f"{', '.join(shown)}{more}"


def _exceptions(found: Iterable[Rule]) -> Iterator[Row]:
    names = Names()
    for one in found:
        key = names.give(str(one.body.get("display_name") or last(one.path)))
        yield from object_lines(4, key, one.path, one.values)


def tier1s(found: Sequence[Below], hidden: str, gathered: Gathered) -> Iterator[Row]:
    """What hangs below. hidden: why Tier-1s were not seen."""
    asked = {one.key: one for one in gathered.questions}
    if hidden:
        yield ask(gathered.ask("tier1s", f"which Tier-1s hang below it? they were not seen: {hidden}"), 0)
    if found:
        yield heading(0, "tier1s")
    for one in found:
        if one.key in asked:
            yield ask(asked[one.key], 2)
        whose = f" ({one.whose})" if one.whose else ""
        note = f", {one.note}" if one.note else ""
        yield pair(2, one.name, one.values, f"{one.path}{whose}{note}", one.path)


def ingress(found: Ingress | None, gathered: Gathered) -> Iterator[Row]:
    """The range of the load balancers, where the addresses that answer are of one."""
    if found is None:
        return
    if found.range is not None:
        yield pair(0, "ingress", {"range": str(found.range.network)}, f"{found.range}: {found.shown} answer")
        return
    what = f"which is the ingress range? {found.shown} answer, and no IP block or pool that was seen is theirs alone"
    yield ask(gathered.ask("ingress.range", what), 0)


def hints() -> Iterator[Row]:
    """What no manager knows, and a file may say."""
    yield remark(
        "no manager knows these: DNS servers and return routes, which egress explain asks about, and free addresses for egress propose:"
    )
    yield remark(
        "dns_servers: [ADDRESS], return_routes: [{host: upstream, to: EGRESS-RANGE, via: [ADDRESS]}], egress.pool: [ADDRESS]"
    )


def becoming(one: EgressAddress, becomes: str) -> str:
    """An egress address that was seen, and what becomes of it, in words."""
    return f"{one}{'' if one.translated else ', with its own addresses'}: {becomes}, {one.path}"


_AT_THE_END = 500
"""Lines of a list at the end of a file: all of them are in what the command prints."""


def listed_at_end(title: str, found: Sequence[object]) -> Iterator[Row]:
    """A list in comments at the end of a file."""
    if found:
        yield remark("")
        yield remark(title)
        yield from (remark(f"  {one}") for one in found[:_AT_THE_END])
    if len(found) > _AT_THE_END:
        yield remark(f"  and {len(found) - _AT_THE_END} more, which egress scan prints")
