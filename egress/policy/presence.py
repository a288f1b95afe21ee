"""A domain's Tier-0 as it is on the manager, held against what the domain owns: whose is what, what stands twice.

Tolerant of strangers: an object of somebody else's that cannot be read is none that we could clash with.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import NamedTuple

from egress.domain import WorkloadDomain
from egress.domain.addresses import as_network
from egress.policy import paths
from egress.policy.fields import network_parts, networks_of
from egress.policy.owned import BfdPeer, Identity, NatRule, Owned, Route, default_tags, nat_scope, owned
from egress.policy.paths import Collection, Section
from egress.policy.tree import Json, PolicyObjects, children
from egress.vocabulary import ANYWHERE, FirewallMatch

OURS = "tier0-egress"
"""Value of the tag `managed-by` on every object whose file entry gives no tags of its own."""
_TRANSLATING = ("SNAT", "REFLEXIVE", "NO_SNAT")
"""Actions that decide about the source of a packet (NSX Policy API, PolicyNatRule.action)."""


class ForeignRule(NamedTuple):
    """A NAT rule on the gateway that the domain does not own. `sources`: empty means any."""

    path: str
    section: Section
    priority: int
    action: str
    sources: tuple[IPv4Network | IPv6Network, ...]
    limited: bool
    scope: frozenset[str]
    stack: str | None


@dataclass(frozen=True)
class Presence:
    """What is on the manager below a domain's Tier-0, and what the domain's state tracks.

    gateway: Policy path. objects: by path. tracked: Policy paths in the state; None where the state was not looked at.
    state_place: where the state is, for people. stacks: names that domain files of the project give.
    stray_states: names of stacks that have a local state here and no domain file. state_of: the other stack whose objects the
    state tracks, if it is another's. may_be_new: a stack that was never applied is nothing to wonder about.
    """

    domain: WorkloadDomain
    gateway: str
    objects: PolicyObjects
    tracked: frozenset[str] | None
    state_place: str
    stacks: frozenset[str]
    stray_states: tuple[str, ...] = ()
    state_of: str | None = None
    may_be_new: bool = False

    @cached_property
    def owned(self) -> Owned:
        """What the domain's stack makes."""
        return owned(self.domain)

    @cached_property
    def own(self) -> frozenset[str]:
        """Paths of everything that the domain's stack makes."""
        sections = {paths.nat_section(self.gateway, section) for section in Section}
        return frozenset(self.owned.objects(self.gateway)) - sections

    @cached_property
    def untracked(self) -> tuple[str, ...]:
        """Own paths that are on the manager and not in the state, sorted. Empty where the state was not looked at."""
        if self.tracked is None:
            return ()
        return tuple(sorted(path for path in self.own if path in self.objects and path not in self.tracked))

    def strangers(self) -> dict[str, list[str]]:
        """Paths of objects that bear our tag and the name of a stack that no domain file gives, by that name."""
        known = self.stacks | {default_tags(self.domain)["stack"]}
        found: dict[str, list[str]] = {}
        for path in self._managed():
            stack = stack_of(self.objects[path])
            if stack is not None and stack not in known and path not in self.own and path not in (self.tracked or ()):
                found.setdefault(stack, []).append(path)
        return found

    @cached_property
    def left_over(self) -> tuple[str, ...]:
        """Paths, sorted, of objects that bear our tag and this stack's name, and that neither its file gives nor its state tracks. Empty where the
        state was not looked at."""
        if self.tracked is None:
            return ()
        name = default_tags(self.domain)["stack"]
        found = (path for path in self._managed() if path not in self.own and path not in (self.tracked or ()))
        return tuple(sorted(path for path in found if stack_of(self.objects[path]) == name))

    def routes_like(self, route: Route) -> list[str]:
        """Paths of other static routes on the gateway for the network of one of ours."""
        wanted = ip_network(route.network)
        own = paths.static_route(self.gateway, route.identity.nsx_id)
        return [
            path
            for path, body in children(self.objects, self.gateway, Collection.STATIC_ROUTES)
            if path != own and _network(body.get("network")) == wanted
        ]

    def peers_like(self, peer: BfdPeer) -> list[str]:
        """Paths of other BFD peers on the gateway that watch the next hop of one of ours."""
        own = paths.bfd_peer(self.gateway, peer.identity.nsx_id)
        beside = children(self.objects, paths.collection(self.gateway, Collection.STATIC_ROUTES), Collection.BFD_PEERS)
        return [path for path, body in beside if path != own and str(body.get("peer_address")) == str(peer.peer)]

    def rules_like(self, rule: NatRule) -> list[ForeignRule]:
        """Foreign rules that translate exactly the source of one of ours, wherever it leaves."""
        if rule.destination is not None:
            return []
        wanted = () if rule.source == ANYWHERE else (as_network(rule.source),)
        return [one for one in self._meeting(rule) if one.sources == wanted and not one.limited]

    def rules_before(self, rule: NatRule) -> list[ForeignRule]:
        """Foreign rules that match some of the packets of one of ours, and are looked at first."""
        mine = (Section.USER.place, rule.priority)
        like = {one.path for one in self.rules_like(rule)}
        return [
            one for one in self._meeting(rule) if (one.section.place, one.priority) <= mine and one.path not in like
        ]

    def foreign(self, source: IPv4Network) -> list[ForeignRule]:
        """Foreign rules that decide about packets from a source which has no mapping of ours, in the order in which they are looked at."""
        scope, action = nat_scope(self.domain), self.domain.tier0.nat_action
        identity, firewall = Identity("", "", "", {}), FirewallMatch.MATCH_INTERNAL_ADDRESS
        rule = NatRule("", (), identity, source, None, 0, scope, action, source, firewall)
        return sorted(self._meeting(rule), key=lambda one: (one.section.place, one.priority, one.path))

    def _meeting(self, rule: NatRule) -> Iterator[ForeignRule]:
        """Foreign rules that decide about packets which one of ours is for."""
        wanted = as_network(rule.source)
        scope = {paths.interface(self.gateway, self.owned.locale_service, name) for name in rule.scope}
        for one in self._foreign_rules:
            meets = not one.sources or any(source.version == 4 and source.overlaps(wanted) for source in one.sources)
            if rule.source == ANYWHERE and one.sources:
                continue  # a rule for some sources before the one for any is what people make the latter for
            if meets and (not scope or not one.scope or scope & one.scope):
                yield one

    @cached_property
    def _foreign_rules(self) -> tuple[ForeignRule, ...]:
        return tuple(self._read_foreign_rules())

    def _read_foreign_rules(self) -> Iterator[ForeignRule]:
        for section in Section:
            nat = paths.nat_section(self.gateway, section)
            for path, body in children(self.objects, nat, Collection.NAT_RULES):
                if path in self.own or body.get("action") not in _TRANSLATING or body.get("enabled") is False:
                    continue
                given = str(body.get("source_network") or "")
                readable = _networks(given)
                if readable is not None:
                    scope = body.get("scope")
                    yield ForeignRule(
                        path,
                        section,
                        _int(body.get("sequence_number")),
                        str(body["action"]),
                        readable,
                        bool(body.get("destination_network") or body.get("service")),
                        frozenset(map(str, scope if isinstance(scope, list) else ())),
                        stack_of(body),
                    )

    def _managed(self) -> Iterator[str]:
        """Paths of the kinds of objects that stacks make."""
        kinds = (Collection.STATIC_ROUTES, Collection.NAT_RULES, Collection.BFD_PEERS)
        return (path for path in self.objects if path.split("/")[-2:-1] in [[kind] for kind in kinds])


def stack_of(body: Json) -> str | None:
    """The stack that an object's tags name, None where it bears none of our tags."""
    given = body.get("tags")
    held = given if isinstance(given, list) else []
    tags = {str(one.get("scope")): str(one.get("tag")) for one in held if isinstance(one, dict)}
    return tags.get("stack") if tags.get("managed-by") == OURS else None


def _networks(text: str) -> tuple[IPv4Network | IPv6Network, ...] | None:
    """The networks of a comma list, ranges as networks; empty for any; None where one cannot be read."""
    try:
        return tuple(network for part in network_parts(text) for network in networks_of(part))
    except ValueError:
        return None


def _network(value: object) -> IPv4Network | IPv6Network | None:
    """A network, or None. Host bits are passed over, as NSX does (assumption)."""
    try:
        return ip_network(str(value).strip(), strict=False)
    except ValueError:
        return None


def _int(value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        return 0
