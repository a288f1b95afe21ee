"""A domain file drafted from a survey: every value with the path that it came from, every question at its place, every object that the file
cannot hold at its end.

What the reader of domain files refuses is not written as an entry: the reader itself is asked, with stand-ins for what is not known, until it takes
the rest. So the file loads, unless a question stands where a value is needed; the reader's sentence then names the question.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Network
from typing import Any

from egress.domain import WorkloadDomain
from egress.domain.fields import listed
from egress.inventory.coverage import Way, coverage
from egress.inventory.senders import EgressAddress, short
from egress.inventory.survey import Survey
from egress.inventory.vpcs import egress_addresses
from egress.policy.paths import Collection, Section, collection, last, nat_section
from egress.policy.sighting import Doubt, Unseen
from egress.policy.virtual_servers import VirtualServer
from egress.scan import sections
from egress.scan.below import Below, Store, answering, ingress, stores, tier1s
from egress.scan.bfd import bfd
from egress.scan.bodies import below
from egress.scan.found import Foreign, Gathered, Question
from egress.scan.gaps import why
from egress.scan.gateway import Seen, seen
from egress.scan.lines import Row, rendered
from egress.scan.mappings import named
from egress.scan.ranges import around, ranges
from egress.scan.routes import routes
from egress.scan.rules import Rules, rules
from egress.scan.sections import Egress, Top
from egress.scan.trial import settled
from egress.vocabulary import ANYWHERE, INFRA


@dataclass(frozen=True)
class Draft:
    """A drafted file. gateway: path of its Tier-0. questions: what only a person can answer. foreign: what the file has no room for. addresses:
    egress addresses that were seen, each with what becomes of it. unseen: parts that this user may not see, or that were cut. stores, servers: IP
    blocks and pools, and what load balancers answer on. domain: what the file says, None where a question keeps it from being read."""

    name: str
    gateway: str
    text: str
    questions: tuple[Question, ...]
    foreign: tuple[Foreign, ...]
    addresses: tuple[tuple[EgressAddress, str], ...]
    unseen: tuple[Unseen, ...]
    stores: tuple[Store, ...]
    servers: tuple[VirtualServer, ...]
    domain: WorkloadDomain | None

    @property
    def blind(self) -> bool:
        """Whether something that the file needs was not seen."""
        return any(one.doubt is Doubt.ANY for one in self.unseen)

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "name": self.name,
            "tier0": last(self.gateway),
            "loads": self.domain is not None,
            "questions": [{"key": one.key, "question": one.what} for one in self.questions],
            "foreign": [{"kind": str(one.kind), "path": one.path, "why": one.why} for one in self.foreign],
            "egress_addresses": [
                {
                    "address": short(one.network),
                    "holder": str(one.holder),
                    "name": one.name,
                    "cluster": one.owner.cluster,
                    "namespace": one.owner.namespace,
                    "path": one.path,
                    "becomes": becomes,
                }
                for one, becomes in self.addresses
            ],
            "ip_blocks": [{"network": str(one.network), "path": one.path, "usage": one.usage} for one in self.stores],
            "virtual_servers": [
                {"address": str(one.address), "port": one.port, "name": one.name, "tier1": one.tier1}
                for one in self.servers
            ],
            "not_seen": [str(one) for one in self.unseen],
        }


@dataclass(frozen=True)
class _Made:
    """The lines of one try, and what was gathered on the way."""

    rows: tuple[Row, ...]
    gathered: Gathered
    senders: tuple[EgressAddress, ...]


def draft(survey: Survey, gateway: str, given: Top) -> Draft:
    """The file for the Tier-0 at a path of the survey."""
    near = _near(survey, gateway)
    made, domain, left = settled(
        lambda refused: _made(near, gateway, given, refused), lambda made: made.rows, given.made_as
    )
    questions = [*made.gathered.questions, *(Question(one.key, one.what) for one in left)]
    answered = all(row.instead is None for row in made.rows)
    addresses = _becoming(made.senders, domain, _back(domain) if domain and answered else "")
    held, servers = stores(near), answering(near, gateway)
    rows = (*made.rows, *_tail(addresses, held, servers, made.gathered, near.unseen))
    text = rendered(rows)
    return Draft(
        name=given.name,
        gateway=gateway,
        text=text,
        questions=tuple(questions),
        foreign=tuple(made.gathered.foreign),
        addresses=addresses,
        unseen=near.unseen,
        stores=held,
        servers=servers,
        domain=domain if answered else None,
    )


def _near(survey: Survey, gateway: str) -> Survey:
    """What of a survey is around a Tier-0, with the Tier-0 that it is a VRF gateway of. What is marked for deletion is as good as gone."""
    sighting = survey.sighting(gateway)
    parent = below(survey.objects.get(gateway, {}).get("vrf_config"), "tier0_path")
    objects = {path: body for path, body in sighting.objects.items() if body.get("marked_for_delete") is not True}
    if isinstance(parent, str) and parent in survey.objects:
        objects[parent] = survey.objects[parent]
    return replace(survey, gateways=(gateway,), objects=objects, unseen=sighting.unseen)


def _made(survey: Survey, gateway: str, given: Top, refused: Mapping[str, str]) -> _Made:
    gathered = Gathered(refused)
    tier0 = seen(survey, gateway, gathered)
    found_routes = routes(survey, tier0, gathered)
    peers = bfd(survey, tier0, found_routes.default, given.made_as, gathered)
    found_rules = rules(survey, tier0, gathered)
    hanging = tier1s(survey, gateway, gathered)
    senders = egress_addresses(survey.objects, gateway, survey.unseen)
    egress = _egress(survey, tier0, found_rules, hanging, senders, gathered)
    behind = [network for one in hanging for network in one.networks]
    load_balancers = ingress(
        survey, gateway, [one.network for one in egress.ranges], (*behind, *tier0.service_networks)
    )
    static, watched = (why(survey.unseen, path) for path in _ways(gateway))
    if watched and not static:
        gathered.ask("default_route.bfd", f"has it BFD peers? they were not seen: {watched}")
    rows = (
        *sections.top(given, gathered),
        *sections.tier0(tier0, found_rules.action, gathered),
        *sections.default_route(found_routes, peers, static, _neighbours(survey, gateway), gathered),
        *sections.routes(found_routes),
        *sections.egress(egress, gathered),
        *sections.tier1s(hanging, why(survey.unseen, collection(INFRA, Collection.TIER1S)), gathered),
        *sections.ingress(load_balancers, gathered),
        *sections.hints(),
    )
    return _Made(rows, gathered, senders)


def _ways(gateway: str) -> tuple[str, str]:
    """Where static routes and their BFD peers stand."""
    static = collection(gateway, Collection.STATIC_ROUTES)
    return static, collection(static, Collection.BFD_PEERS)


def _neighbours(survey: Survey, gateway: str) -> int:
    """How many BGP neighbours the Tier-0 has: it may learn a default route from them."""
    return sum(
        1
        for path in survey.objects
        if path.startswith(f"{gateway}/") and path.split("/")[-2:-1] == [Collection.NEIGHBORS]
    )


def _egress(
    survey: Survey,
    tier0: Seen,
    found: Rules,
    hanging: Sequence[Below],
    senders: Sequence[EgressAddress],
    gathered: Gathered,
) -> Egress:
    rules_at = [collection(nat_section(tier0.path, section), Collection.NAT_RULES) for section in Section]
    return Egress(
        ranges=ranges(senders, hanging, found, stores(survey), around(tier0, hanging, found), gathered),
        applied_to=_applied_to(found, tier0),
        mappings=named(found.mappings, senders),
        exceptions=found.exceptions,
        scope_of=f"{found.held[0].path} scope" if found.held else "no rule says otherwise",
        anyhow=any(one.match.source == ANYWHERE and one.match.destination == ANYWHERE for one in found.mappings),
        hidden=why(survey.unseen, *rules_at),
        questions=_routed(found, tier0, gathered),
    )


def _applied_to(found: Rules, tier0: Seen) -> str | tuple[str, ...]:
    if found.scope is None or found.scope == {one.path for one in tier0.uplinks}:
        return "uplinks"
    if not found.scope:
        return "everywhere"
    return tuple(name for path, name in tier0.interfaces.items() if path in found.scope)


def _routed(found: Rules, tier0: Seen, gathered: Gathered) -> tuple[Question, ...]:
    """A question for translated addresses outside of the uplinks' subnets: the way to them is outside of NSX."""
    translated = [one.translated for one in found.mappings if one.translated is not None]
    beyond = [one for one in dict.fromkeys(translated) if not _inside(one, tier0.uplink_networks)]
    if not beyond:
        return ()
    shown = listed([short(one) for one in beyond])
    what = (
        f"which network that holds {shown} does the physical network route to this Tier-0? it is in no uplink's subnet"
    )
    return (gathered.ask("egress.routed", what),)


def _inside(network: IPv4Network, networks: Sequence[IPv4Network]) -> bool:
    return any(network.subnet_of(one) for one in networks)


def _back(domain: WorkloadDomain) -> str:
    """Where a route back would lead: to the HA VIPs, else to the uplinks of the way out."""
    vips = [one.address.ip for one in domain.tier0.ha_vips]
    return listed(vips or [one.address.ip for one in domain.tier0.uplinks if one.nat])


def _becoming(
    senders: Sequence[EgressAddress], domain: WorkloadDomain | None, back: str
) -> tuple[tuple[EgressAddress, str], ...]:
    """What becomes of each address, as far as the file says. back: where a route back would lead, empty where that is not known."""
    if domain is None:
        return tuple((one, "not known") for one in senders)
    found = coverage(domain, (), senders, complete=False)
    words = {
        Way.MAPPING: "translated by mapping {}",
        Way.UPLINK_SUBNET: "in the subnet of uplink {}",
        Way.RETURN_ROUTE: "led back by {}",
    }
    told = {one.address: words[one.way].format(one.by) for one in found.covered}
    hint = f" (upstream it would lead to {back})" if back else ""
    lost = f"no mapping, and no return route is known{hint}"
    return tuple((one, told.get(one, lost)) for one in senders)


def _tail(
    addresses: Sequence[tuple[EgressAddress, str]],
    held: Sequence[Store],
    servers: Sequence[VirtualServer],
    gathered: Gathered,
    unseen: Sequence[Unseen],
) -> tuple[Row, ...]:
    told = [sections.becoming(one, becomes) for one, becomes in addresses]
    answers = [f"{one.address}:{one.port} {one.name}, on Tier-1 {one.tier1}" for one in servers]
    return (
        *sections.listed_at_end("egress addresses that were seen:", told),
        *sections.listed_at_end("IP blocks and pools that were seen:", [f"{one.network} {one}" for one in held]),
        *sections.listed_at_end("load balancers answer on:", answers),
        *sections.listed_at_end("there, and not in this file, which cannot hold it as it is:", gathered.foreign),
        *sections.listed_at_end("not seen:", unseen),
    )
