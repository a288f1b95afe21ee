"""Why a flow fails, and what is missing. Not a guess: every remedy is put in, and the flow is walked again.

`find` looks at where the first failing path ends, puts in what would help there, walks again, and goes on until the flow
works or nothing more can be said.
"""

from __future__ import annotations

from dataclasses import dataclass

from egress.answers import idle, missing_at_edge, missing_outside
from egress.answers.remedy import Missing, Proposal, Remedy
from egress.policy.sighting import INGRESS, Doubt, Unseen
from egress.reachability.flow import DropReason, Flow, Result, Verdict
from egress.reachability.surroundings import OUTSIDE
from egress.reachability.topology import NodeKind
from egress.reachability.view import View
from egress.reachability.walk import Walker

_ROUNDS = 8
"""More missing things than this at once are not looked for."""


@dataclass(frozen=True)
class Finding:
    """A flow's verdict, and what is missing if it fails. `complete`: with all remedies in place the flow works.

    `unseen`: what the verdict depends on and a manager did not show. Then it is no verdict, and nothing is advised.
    """

    verdict: Verdict
    remedies: tuple[Remedy, ...]
    complete: bool
    unseen: tuple[Unseen, ...] = ()


def find(view: View, flow: Flow, walker: Walker | None = None) -> Finding:
    """The verdict of a flow and its remedies. `walker`: one of the view's topology, if there is one already."""
    verdict = result = (walker or Walker(view.topology)).walk(flow)
    unseen = doubts(view, verdict)
    if unseen:
        return Finding(verdict, (), False, unseen)
    now = view if result.result is Result.ALL else view.about(verdict)
    remedies: list[Remedy] = []
    while result.result is not Result.ALL and len(remedies) < _ROUNDS:
        proposal = idle.propose(now, flow, result) or propose(now, result)
        if proposal is None or proposal.remedy in remedies:
            break
        remedies.append(proposal.remedy)
        if proposal.after is None:
            break
        now = proposal.after
        result = Walker(now.topology).walk(flow)
    return Finding(verdict, tuple(remedies), result.result is Result.ALL)


def doubts(view: View, verdict: Verdict) -> tuple[Unseen, ...]:
    """What a verdict depends on and could not be seen: what every flow depends on, or those that pass one of its Tier-1s."""
    if not view.unseen:
        return ()
    works = verdict.result is Result.ALL
    wanted = [one for one in view.unseen if one.doubt is Doubt.ANY or (one.doubt is Doubt.FAILING and not works)]
    passed: set[str | None] = {None}
    passed |= {hop.node for path in verdict.paths for hop in (*path.forward, *path.back)}
    if verdict.flow.origin == OUTSIDE and view.around.ingress and verdict.flow.to == view.around.ingress[0]:
        passed.add(INGRESS)
    return tuple(one for one in wanted if one.about in passed)


def propose(view: View, verdict: Verdict) -> Proposal | None:
    """A remedy for the first failing path of a verdict, None where nothing can be said."""
    path = verdict.failing[0]
    hop = path.last
    if hop.drop is DropReason.NO_NEIGHBOUR:
        return missing_outside.nobody_there(view, path, hop)
    if hop.kind is NodeKind.TIER0_SR:
        return missing_at_edge.propose(view, path, hop)
    if hop.drop is DropReason.NO_ROUTE and hop.kind in (NodeKind.ROUTER, NodeKind.HOST):
        return missing_outside.no_way(view, path, hop)
    if hop.drop is DropReason.NO_ROUTE and hop.kind is NodeKind.TIER1 and not path.back:
        return missing_at_edge.captured(path, hop)
    if hop.drop is DropReason.NO_ROUTE and hop.kind is NodeKind.TIER0_DR:
        why = f"no edge of Tier-0 {view.topology.nodes[hop.node].gateway} is up"
        return Proposal(Remedy(Missing.EDGE, hop.node, "edges", why, "bring an edge back"), None)
    return None
