"""Rules over a domain and what its manager holds: looked at by plan, apply, drift and `egress check --live`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from egress.checks.rule import Broken, Outcomes, Path, Severity, live_rule
from egress.domain.model import HaMode
from egress.policy import paths
from egress.policy.owned import BFD, Route
from egress.policy.paths import Collection, last
from egress.policy.presence import ForeignRule, Presence, stack_of
from egress.policy.tree import children


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


@live_rule(
    "nothing-tracked",
    Severity.ERROR,
    "the state tracks what the stack made",
    explanation="A state that tracks nothing has no drift and nothing to destroy, whatever is on the manager: it was never "
    "applied, it is lost, or it is looked for in the wrong place.",
    source="house rule",
)
def nothing_tracked(there: Presence) -> Outcomes:
    if there.own and there.tracked is not None and not there.tracked and (there.untracked or not there.may_be_new):
        found = (
            f"{len(there.untracked)} of its {_count(len(there.own), 'object')} are" if there.untracked else "none is"
        )
        file = "" if there.domain.stack in there.stacks else "put its domain file back, then "
        remedy = (
            f"was the state lost, or were they adopted? {file}egress apply {there.domain.stack} --import-existing takes them back"
            if there.untracked
            else f"egress apply {there.domain.stack} makes them; if it was applied before, state: names the wrong place"
        )
        yield Broken(("state",), f"the state ({there.state_place}) tracks nothing, and {found} on the manager", remedy)


@live_rule(
    "own-object-untracked",
    Severity.ERROR,
    "every object of the stack on the manager is in its state",
    explanation="The ids are known in advance, so an object under one of them is the stack's own. The provider refuses to create "
    "it again, after it may have created others.",
    source="provider 3.11.1, recordings 09 and 09b: already exists",
)
def own_object_untracked(there: Presence) -> Outcomes:
    if there.untracked and there.tracked:
        names = ", ".join(last(path) for path in there.untracked)
        yield Broken(
            ("state",),
            f"on the manager and not in the state ({there.state_place}): {names}",
            f"egress apply {there.domain.stack} --import-existing takes them into the state",
        )


@live_rule(
    "object-left-over",
    Severity.WARNING,
    "every object that bears this stack's tags is in its file or in its state",
    explanation="NSX that was restored from a backup has again what was taken away since, and a state that was restored no longer knows what was made "
    "since. No plan shows such an object, and it acts.",
    source="house rule",
)
def object_left_over(there: Presence) -> Outcomes:
    if there.left_over:
        names = ", ".join(last(path) for path in there.left_over)
        yield Broken(
            ("state",),
            f"on the manager with the tags of {there.domain.stack}, and neither in its file nor in its state ({there.state_place}): {names}",
            f"to take it away: egress apply {there.domain.stack} --import-existing; to keep it: put its entry into the file first",
        )


@live_rule(
    "state-of-another-stack",
    Severity.ERROR,
    "the state is the stack's own",
    explanation="With the state of another stack in its place, a plan replaces or destroys that stack's objects.",
    source="house rule",
)
def state_of_another(there: Presence) -> Outcomes:
    if there.state_of is not None:
        yield Broken(
            ("state",),
            f"the state ({there.state_place}) tracks the objects of {there.state_of}, and none of this stack",
            f"put the state back in its place; if {there.state_of} was renamed: egress rename {there.state_of} {there.domain.stack}",
        )


@live_rule(
    "second-default-route",
    Severity.ERROR,
    "the gateway has one default route of each address family",
    explanation="Two static routes for 0.0.0.0/0 share the load or shadow one another: traffic leaves by hops that no file names. "
    "A renamed domain file makes its route a second time.",
    source="house rule",
)
def second_default_route(there: Presence) -> Outcomes:
    yield from _second(there, there.owned.default_routes)


@live_rule(
    "second-route-for-a-network",
    Severity.ERROR,
    "the gateway has one static route for each network of the stack's further routes",
    explanation="Two static routes for one network share the load or shadow one another: traffic leaves by hops that no file names.",
    source="NSX Policy API, StaticRoutes (nothing forbids two routes for one network)",
)
def second_route(there: Presence) -> Outcomes:
    yield from _second(there, there.owned.further)


def _second(there: Presence, routes: Sequence[Route]) -> Outcomes:
    for route in routes:
        for path in there.routes_like(route):
            yield Broken(
                route.at,
                f"the manager has another {route.network} on {last(there.gateway)}: {_whose(there, path)}",
                _remedy(there, path, _adopt(there)),
            )


@live_rule(
    "second-rule-for-a-source",
    Severity.ERROR,
    "the gateway has one NAT rule for each of the stack's sources",
    explanation="Of two rules for one source the first wins, and which one that is may change. A renamed domain file makes its "
    "rules a second time.",
    source="NSX Policy API, PolicyNatRule.sequence_number: among equal ones the order is undefined",
)
def second_rule(there: Presence) -> Outcomes:
    for rule in there.owned.rules:
        for one in there.rules_like(rule):
            yield Broken(
                rule.at,
                f"the manager has another rule for {rule.source}: {_whose(there, one.path)}, priority {one.priority}",
                _remedy(there, one.path, _adopt(there)),
            )


@live_rule(
    "second-bfd-peer",
    Severity.ERROR,
    "the gateway has one BFD peer for each next hop that the stack watches",
    explanation="NSX takes one BFD peer for an address, so that ours cannot be made beside another: an apply would make the route and then "
    "fail. The provider does not look either: its look for an existing peer asks for another path.",
    source="NSX 9.1 API specification, StaticRouteBfdPeer.peer_address: one BFD configuration for each peer address; provider 3.11.1, recording 15b",
)
def second_bfd_peer(there: Presence) -> Outcomes:
    for peer in there.owned.bfd_peers:
        for path in there.peers_like(peer):
            yield Broken(
                BFD,
                f"the manager has another BFD peer for {peer.peer}: {_whose(there, path)}",
                _remedy(there, path, "take one of the two away: the peer in NSX, or default_route.bfd in the file"),
            )


@live_rule(
    "foreign-rule-first",
    Severity.ERROR,
    "no rule of somebody else takes the stack's packets first",
    explanation="The first rule that matches decides. A NO_SNAT or SNAT rule before ours takes its packets, and neither plan nor "
    "drift of the engine sees it, as both know the stack's own objects only.",
    source="NSX Policy API, PolicyNatRule.sequence_number; sections are looked at in the order INTERNAL, USER, DEFAULT",
)
def foreign_rule_first(there: Presence) -> Outcomes:
    for rule in there.owned.rules:
        for one in there.rules_before(rule):
            yield Broken(
                rule.at,
                f"{_described(there, one)} matches {_what(one)} before {rule.identity.nsx_id} (priority {rule.priority})",
                "narrow or move that rule, or give ours a lower priority",
            )


@live_rule(
    "objects-of-no-stack",
    Severity.WARNING,
    "every object that bears our tag belongs to a domain file",
    explanation="Objects of a stack whose file is gone or was renamed stay on the manager, and no plan shows them.",
    source="house rule",
)
def objects_of_no_stack(there: Presence) -> Outcomes:
    for stack, found in sorted(there.strangers().items()):
        names = ", ".join(last(path) for path in found)
        yield Broken(
            (),
            f"{last(there.gateway)} holds {_count(len(found), 'object')} of stack {stack}, which no domain file here gives: {names}",
            f"was it renamed to {there.domain.stack}? egress rename {stack} {there.domain.stack}; is it gone? egress destroy "
            f"{stack}; is it another repository's? suppress this with that reason",
        )


@live_rule(
    "state-of-no-stack",
    Severity.WARNING,
    "every local state belongs to a domain file",
    explanation="A state whose domain file is gone or was renamed tracks objects that no plan shows.",
    source="house rule",
)
def state_of_no_stack(there: Presence) -> Outcomes:
    for stack in there.stray_states:
        yield Broken(
            (),
            f"the project keeps a state of {stack}, and no domain file gives that stack",
            f"was it renamed? egress rename {stack} NEW-NAME; is it gone? egress destroy {stack}",
        )


@live_rule(
    "ha-mode-differs",
    Severity.ERROR,
    "the gateway has the HA mode that the file declares",
    explanation="The HA mode decides between SNAT and REFLEXIVE rules; NSX accepts a rule of the other kind and does not realize it.",
    source="NSX Policy API, PolicyNatRule.action; what happens to a wrong one: assumption",
)
def ha_mode_differs(there: Presence) -> Outcomes:
    real = there.objects.get(there.gateway, {}).get("ha_mode")
    declared = there.domain.tier0.ha_mode
    if real in list(HaMode) and real != declared:
        yield Broken(
            ("tier0", "ha_mode"),
            f"the file says {declared}, {last(there.gateway)} is {real}",
            f"write ha_mode: {real}; or change the gateway first, in the steps of docs/recovery.md, Another HA mode",
        )


@live_rule(
    "uplink-differs",
    Severity.ERROR,
    "the uplinks have the addresses that the file declares",
    explanation="Scope, next hops, checks and packet walk start from the uplinks. A rule whose scope names an interface that is not "
    "there cannot be applied.",
    source="house rule",
)
def uplink_differs(there: Presence) -> Outcomes:
    domain = there.domain
    if not any(_interfaces(there)):
        return
    for index, uplink in enumerate(domain.tier0.uplinks):
        path = paths.interface(there.gateway, domain.tier0.locale_service, uplink.id)
        at: Path = ("tier0", "uplinks", index)
        if path not in there.objects:
            known = ", ".join(sorted(last(one) for one in _interfaces(there))) or "none"
            yield Broken(at, f"the manager has no interface {uplink.id}", f"the interfaces there are: {known}")
            continue
        real = list(_addresses(there.objects[path].get("subnets")))
        if str(uplink.address) not in real:
            yield Broken(
                (*at, "address"),
                f"the file says {uplink.address}, {uplink.id} has {' and '.join(real) or 'no address'}",
                "write the address that it has; next hops and translated addresses follow its network (docs/recovery.md, Uplinks with other addresses)",
            )


@live_rule(
    "interfaces-not-shown",
    Severity.NOTE,
    "the manager shows the gateway's interfaces",
    explanation="Where it shows none, uplinks cannot be compared: the gateway has none yet, or this user may not see them.",
    source="assumption",
)
def interfaces_not_shown(there: Presence) -> Outcomes:
    if there.gateway in there.objects and not any(_interfaces(there)):
        yield Broken(
            ("tier0", "uplinks"),
            f"the manager shows no interface of {last(there.gateway)}, so the uplinks were not compared",
            "look whether tier0 names the right gateway, and whether this user may read its interfaces",
        )


def _addresses(subnets: Any) -> Iterator[str]:
    """Addresses of an interface with their length. What cannot be read is none."""
    for subnet in subnets if isinstance(subnets, list) else ():
        held = subnet.get("ip_addresses") if isinstance(subnet, dict) else None
        for address in held if isinstance(held, list) else ():
            yield f"{address}/{subnet.get('prefix_len')}"


def _interfaces(there: Presence) -> Iterator[str]:
    for services, _ in children(there.objects, there.gateway, Collection.LOCALE_SERVICES):
        for path, _ in children(there.objects, services, Collection.INTERFACES):
            yield path


def _described(there: Presence, rule: ForeignRule) -> str:
    return f"{rule.action} {_whose(there, rule.path)} (section {rule.section}, priority {rule.priority})"


def _what(rule: ForeignRule) -> str:
    return " and ".join(str(source) for source in rule.sources) or "any source"


def _whose(there: Presence, path: str) -> str:
    stack = _stack(there, path)
    return f"{last(path)} of stack {stack}" if stack else f"{last(path)}, which no stack of this tool made"


def _adopt(there: Presence) -> str:
    return f"egress adopt {there.domain.stack} makes it the stack's own where it does the same, or take one of the two away"


def _remedy(there: Presence, path: str, otherwise: str) -> str:
    stack = _stack(there, path)
    if stack is None or stack in there.stacks:
        return otherwise
    return f"was {stack} renamed to {there.domain.stack}? egress rename {stack} {there.domain.stack}; otherwise {otherwise}"


def _stack(there: Presence, path: str) -> str | None:
    return stack_of(there.objects[path])
