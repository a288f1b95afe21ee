"""What somebody else has put on the gateway, and what it does to a flow: a rule that matches first, a route that leads elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from egress.answers.remedy import Missing, Proposal, Remedy
from egress.policy.gateways import Rule, StaticRoute
from egress.policy.owned import EVERYTHING
from egress.policy.paths import last
from egress.reachability.flow import DropReason, Hop, Path
from egress.reachability.topology import NodeKind
from egress.reachability.view import AfterPlan, View


def in_the_way(view: View, path: Path, put_in: frozenset[str]) -> Iterator[Proposal]:
    """The foreign objects that a failing path has met, each with the view without it. Whether that helps, the walk says.

    put_in: paths of objects that are there for a trial only."""
    met = [hop for hop in (*path.forward, *path.back) if hop.kind is NodeKind.TIER0_SR]
    for rule in _rules(view, met):
        if rule.path not in put_in and not _mine(view, rule.path):
            yield _without(view, rule.path, Remedy(*_of_rule(view, rule)))
    for route in _routes(view, met):
        if route.path not in put_in and not _mine(view, route.path):
            yield _without(view, route.path, Remedy(*_of_route(view, route, path.last)))


def _rules(view: View, met: list[Hop]) -> list[Rule]:
    """The rules that changed the packet, or kept it as it was."""
    names = {name for hop in met for name in hop.rules}
    if not names:
        return []
    return [rule for rule in view.tier0.rules if last(rule.path) in names]


def _routes(view: View, met: list[Hop]) -> list[StaticRoute]:
    """The routes that the packet took, with all that are for the same network: their next hops are one group."""
    ways = {hop.route for hop in met}
    taken = {route.network for route in view.tier0.routes if route.path in ways}
    ended = [hop for hop in met if hop.drop is DropReason.NO_ROUTE]
    taken |= {route.network for route in view.tier0.routes for hop in ended if hop.after.destination in route.network}
    return [route for route in view.tier0.routes if route.network in taken]


def _of_rule(view: View, rule: Rule) -> tuple[Missing, str, str, str, str]:
    name, whose = last(rule.path), _whose(view, rule.path)
    own = [last(path) for path in view.own if _shadowed(view, rule, path)]
    before = f" matches before {', '.join(own)}" if own else " decides what happens to the packet"
    why = f"rule {name} (priority {rule.priority}, {rule.action}, {whose}){before}"
    return Missing.FOREIGN_RULE, last(view.gateway), name, why, f"take {name} away, or narrow it; ask its owner"


def _shadowed(view: View, rule: Rule, path: str) -> bool:
    """Whether a rule of the domain's own is for packets that another one takes first."""
    mine = next((one for one in view.tier0.rules if one.path == path), None)
    if mine is None or (rule.section.place, rule.priority) > (mine.section.place, mine.priority):
        return False
    return not rule.sources or any(one.overlaps(other) for one in rule.sources for other in mine.sources)


def _of_route(view: View, route: StaticRoute, end: Hop) -> tuple[Missing, str, str, str, str]:
    name, whose = last(route.path), _whose(view, route.path)
    second = any(one.path in view.own and one.network == route.network for one in view.tier0.routes)
    kind = (
        "a second default route"
        if second and str(route.network) in EVERYTHING.values()
        else f"a route to {route.network}"
    )
    via = ", ".join(str(hop.address) for hop in route.next_hops if hop.address)
    why = f"{name} ({whose}) is {kind}, via {via or 'nobody, it discards'}: what takes it ends at {end.node}"
    return Missing.FOREIGN_ROUTE, last(view.gateway), name, why, f"take {name} away, or narrow it; ask its owner"


def _mine(view: View, path: str) -> bool:
    """Whether an object is one that the domain's file makes, or its plan keeps."""
    return path in view.own or (isinstance(view.source, AfterPlan) and path in view.source.planned.objects)


def _whose(view: View, path: str) -> str:
    others = (stack for stack in view.among.makers.get(last(path), ()) if stack != view.domain.stack)
    owner = next(others, None)
    return f"of stack {owner}" if owner else "not of this stack"


def _without(view: View, path: str, remedy: Remedy) -> Proposal:
    return Proposal(remedy, partial(_taken_away, view, path))


def _taken_away(view: View, path: str) -> View:
    return view.put_in({path: None})
