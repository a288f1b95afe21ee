"""Rules about everything that lands on one Tier-0, from one domain or from several that share it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from ipaddress import IPv4Network
from typing import NamedTuple

from egress.checks.look import Mapping, mappings, short, where
from egress.checks.rule import Broken, CannotKnow, Outcomes, Path, Severity, fleet_rule
from egress.domain import NatAction, WorkloadDomain
from egress.domain.addresses import Network, overlap
from egress.domain.model import Tier0
from egress.policy.identity import by_gateway
from egress.policy.owned import owned
from egress.vocabulary import RESERVED_IDS


class _Placed(NamedTuple):
    """A mapping and whose it is."""

    domain: WorkloadDomain
    mapping: Mapping

    def at(self, key: str) -> str:
        return where(self.domain, (*self.mapping.at, key))

    @property
    def path(self) -> Path:
        return self.mapping.at


def _on_gateways(domains: Sequence[WorkloadDomain]) -> Iterator[list[_Placed]]:
    for group in by_gateway(domains).values():
        yield [_Placed(domain, mapping) for domain in group for mapping in mappings(domain)]


def _overlapping(
    placed: Sequence[_Placed], value: Callable[[_Placed], IPv4Network], rank: Callable[[_Placed], int]
) -> Iterator[tuple[_Placed, _Placed]]:
    """Pairs whose networks overlap, wider ones first, in one pass: sorted by first address, wider ones first.

    Of several with one network, each later one is paired with one alone, that of the lowest `rank`: so there are at most as many
    pairs for each as there are networks around it, 33.
    """
    open_: dict[IPv4Network, _Placed] = {}
    for one in sorted(placed, key=lambda one: (value(one).network_address, value(one).prefixlen)):
        open_ = {network: other for network, other in open_.items() if overlap(network, value(one))}
        for other in open_.values():
            yield (other, one)
        first = open_.setdefault(value(one), one)
        if rank(one) < rank(first):
            open_[value(one)] = one


def _stateful(one: _Placed) -> int:
    return int(one.mapping.rule.action is not NatAction.REFLEXIVE)


@fleet_rule(
    "translated-twice",
    Severity.ERROR,
    "REFLEXIVE rules on a gateway translate to different addresses",
    explanation="A REFLEXIVE rule also says where inbound packets go. Two rules for one address cannot both be right, and replies of one "
    "end at the other. SNAT keeps ports apart: many sources may share an address.",
    source="NSX Policy API, PolicyNatRule.action REFLEXIVE (one to one, deterministic)",
)
def translated_twice(domains: Sequence[WorkloadDomain]) -> Outcomes:
    for placed in _on_gateways(domains):
        for one, other in _overlapping(placed, lambda one: one.mapping.translated, _stateful):
            if NatAction.REFLEXIVE in (one.mapping.rule.action, other.mapping.rule.action):
                yield Broken(
                    (*other.path, "translated"),
                    f"translated {short(other.mapping.translated)} is used already in {one.at('translated')}",
                    "choose another free address: REFLEXIVE is one to one",
                    other.domain,
                )


@fleet_rule(
    "nat-actions-mixed",
    Severity.ERROR,
    "the rules of one gateway are all stateless or all stateful",
    explanation="All NAT rules of a gateway are either stateless (REFLEXIVE) or stateful (SNAT); a mix is not supported.",
    source="NSX Manager API, NatRule; taken over for the Policy API (assumption)",
)
def actions_mixed(domains: Sequence[WorkloadDomain]) -> Outcomes:
    for placed in _on_gateways(domains):
        first = placed[0] if placed else None
        for one in placed:
            if first and one.mapping.rule.action is not first.mapping.rule.action:
                yield Broken(
                    ("tier0", "ha_mode"),
                    f"rules of {one.domain.stack} are {one.mapping.rule.action}, those of {first.domain.stack} on the same Tier-0 are {first.mapping.rule.action}",
                    "say the same ha_mode and stateful_active_active in both files",
                    one.domain,
                )
                break


@fleet_rule(
    "shared-tier0-differs",
    Severity.ERROR,
    "domains that share a Tier-0 describe the same gateway",
    explanation="There is one gateway. Where two files tell different things about it, one of them plans for a network that is not "
    "there. Say what is shared in _defaults.yaml.",
    source="house rule",
)
def shared_differs(domains: Sequence[WorkloadDomain]) -> Outcomes:
    for first, *others in by_gateway(domains).values():
        for other in others:
            for key in _SHARED:
                if _in_any_order(getattr(first.tier0, key)) != _in_any_order(getattr(other.tier0, key)):
                    yield Broken(
                        ("tier0", key),
                        f"tier0.{key} differs from {where(first, ('tier0', key))}, which describes the same Tier-0",
                        "write the same in both, best once in _defaults.yaml",
                        other,
                    )


_SHARED = [key for key in Tier0.model_fields if key not in ("id", "display_name")]
"""Everything that a file says about its Tier-0, apart from which one it is."""


def _in_any_order(value: object) -> object:
    return frozenset(value) if isinstance(value, tuple) else value


@fleet_rule(
    "default-route-has-two-owners",
    Severity.ERROR,
    "one domain owns the default route of a Tier-0",
    explanation="Two stacks that each make a default route on one gateway make two static routes for 0.0.0.0/0: they share the load or "
    "fight, and destroying one stack takes the other's way out along.",
    source="NSX Policy API, StaticRoutes (nothing forbids two routes for one network)",
)
def two_owners(domains: Sequence[WorkloadDomain]) -> Outcomes:
    for group in by_gateway(domains).values():
        owners = [domain for domain in group if not domain.default_route.external]
        for other in owners[1:]:
            yield Broken(
                ("default_route",),
                f"{owners[0].stack} owns the default route of this Tier-0 already ({where(owners[0], ('default_route',))})",
                "write default_route: {external: true} in one of the two",
                other,
            )
        if not owners:
            for domain in group:
                yield CannotKnow(
                    "default_route.external is true: whether somebody made the route is not in these files", domain
                )


@fleet_rule(
    "route-twice",
    Severity.ERROR,
    "every network has one further route on a gateway",
    explanation="Two static routes for one network share the load or shadow one another, and the file does not tell which.",
    source="NSX Policy API, StaticRoutes (nothing forbids two routes for one network)",
)
def route_twice(domains: Sequence[WorkloadDomain]) -> Outcomes:
    for group in by_gateway(domains).values():
        seen: dict[Network, tuple[WorkloadDomain, Path]] = {}
        for domain in group:
            for route in owned(domain).further:
                first, at = seen.setdefault(route.network, (domain, route.at))
                if (first, at) != (domain, route.at):
                    yield Broken(
                        (*route.at, "network"),
                        f"{route.network} has a route already in {where(first, (*at, 'network'))}",
                        "write all next hops into one of the two",
                        domain,
                    )


@fleet_rule(
    "nsx-id-twice",
    Severity.ERROR,
    "every object on a gateway has an id of its own",
    explanation="Two objects of one kind with one id are one object: the second apply fails, or overwrites what the first made.",
    source='measured: vmware/nsxt 3.11.1 ("already exists"; an existing BFD peer is overwritten silently)',
)
def id_twice(domains: Sequence[WorkloadDomain]) -> Outcomes:
    for group in by_gateway(domains).values():
        seen: dict[tuple[str, str], tuple[WorkloadDomain, Path]] = {}
        for domain in group:
            for kind, nsx_id, at in _objects(domain):
                first, first_at = seen.setdefault((kind, nsx_id), (domain, at))
                if (first, first_at) != (domain, at):
                    yield Broken(
                        at,
                        f"{kind} {nsx_id} is defined already in {where(first, first_at)}",
                        "give it another nsx_id, or leave nsx_id out",
                        domain,
                    )


@fleet_rule(
    "nsx-id-reserved",
    Severity.ERROR,
    "no object is called what the API uses itself",
    explanation="The BFD peers of static routes live below static-routes/bfd-peers, right where a route of that id would be.",
    source="NSX Policy API, /infra/tier-0s/{id}/static-routes/bfd-peers",
)
def id_reserved(domains: Sequence[WorkloadDomain]) -> Outcomes:
    for domain in domains:
        for kind, nsx_id, at in _objects(domain):
            if nsx_id in RESERVED_IDS:
                yield Broken(
                    at, f"{kind} cannot be called {nsx_id}", "give it another nsx_id, or leave nsx_id out", domain
                )


def _objects(domain: WorkloadDomain) -> Iterator[tuple[str, str, Path]]:
    """Kind, id and place of every object that the domain makes."""
    made = owned(domain)
    for route in made.routes:
        yield "static route", route.identity.nsx_id, (*route.at, "nsx_id")
    for peer in made.bfd_peers:
        yield "BFD peer", peer.identity.nsx_id, ("default_route", "bfd")
    for rule in (*made.rules, *made.exceptions):
        yield "NAT rule", rule.identity.nsx_id, (*rule.at, "nsx_id")
