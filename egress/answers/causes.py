"""Why a flow fails, and what is missing. Not a guess: every remedy is put in, and the flow is walked again.

`find` looks at where the first failing path ends, puts in what would help there, walks again, and goes on until the flow
works or nothing more can be said.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from egress.answers import missing_at_edge, missing_outside
from egress.answers.remedy import Missing, Proposal, Remedy
from egress.reachability.flow import DropReason, Flow, Result, Verdict
from egress.reachability.topology import NodeKind
from egress.reachability.view import View

_ROUNDS = 8
"""More missing things than this at once are not looked for."""
_REMEMBERED = 32
"""Views with a remedy in place that are kept: those of a few flows, as each is as large as the gateway."""


@dataclass(frozen=True)
class Finding:
    """A flow's verdict, and what is missing if it fails. `complete`: with all remedies in place the flow works."""

    verdict: Verdict
    remedies: tuple[Remedy, ...]
    complete: bool


class Trials:
    """Views with a remedy in place. The same remedy in the same view is put in once, however many flows ask for it.

    `made`: how many views were made.
    """

    def __init__(self) -> None:
        self.made = 0
        self._known: dict[tuple[int, Remedy], tuple[View, View]] = {}

    def of(self, view: View, proposal: Proposal) -> View | None:
        """The view with a proposal's remedy in place, None where a person has to decide what to put in."""
        if proposal.put_in is None:
            return None
        known = self._known.get((id(view), proposal.remedy))
        if known is None:
            if len(self._known) == _REMEMBERED:
                self._known.pop(next(iter(self._known)))
            known = self._known[id(view), proposal.remedy] = (view, proposal.put_in())
            self.made += 1
        return known[1]


def find(view: View, flow: Flow, trials: Trials | None = None) -> Finding:
    """The verdict of a flow and its remedies. `trials`: of other flows in the same view."""
    trials = trials or Trials()
    verdict = result = view.walker.walk(flow)
    now = view
    remedies: list[Remedy] = []
    while result.result is not Result.ALL and len(remedies) < _ROUNDS:
        proposal = propose(now, result)
        if proposal is None or proposal.remedy in remedies:
            break
        remedies.append(proposal.remedy)
        after = trials.of(now, proposal)
        if after is None:
            break
        now = after
        result = now.walker.walk(flow)
    return Finding(verdict, tuple(remedies), result.result is Result.ALL)


def find_all(view: View, flows: Iterable[Flow]) -> list[Finding]:
    """The findings of several flows. Those of one sender are looked at one after the other: they often lack the same."""
    trials = Trials()
    asked = list(flows)
    order = sorted(range(len(asked)), key=lambda index: asked[index].origin)
    found = {index: find(view, asked[index], trials) for index in order}
    return [found[index] for index in range(len(asked))]


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
    if hop.drop is DropReason.NO_ROUTE and hop.kind is NodeKind.TIER0_DR:
        why = f"no edge of Tier-0 {view.topology.nodes[hop.node].gateway} is up"
        return Proposal(Remedy(Missing.EDGE, hop.node, "edges", why, "bring an edge back"))
    return None
