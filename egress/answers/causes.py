"""Why a flow fails, and what is missing. Not a guess: every remedy is put in, and the flow is walked again.

`find` looks at where the first failing path ends, puts in what would help there, walks again, and goes on until the flow
works or nothing more can be said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from egress.answers import idle, missing_at_edge, missing_outside
from egress.answers.in_the_way import in_the_way
from egress.answers.remedy import Missing, Proposal, Remedy
from egress.policy.sighting import INGRESS, Doubt, Unseen
from egress.reachability.flow import DropReason, Flow, Path, Result, Verdict
from egress.reachability.surroundings import OUTSIDE
from egress.reachability.topology import NodeKind
from egress.reachability.view import View

_ROUNDS = 8
"""More missing things than this at once are not looked for."""
_REMEMBERED = 32
"""Views with a remedy in place that are kept: those of a few flows, as each is as large as the gateway."""


@dataclass(frozen=True)
class Finding:
    """A flow's verdict, and what is missing if it fails. `complete`: with all remedies in place the flow works. `tried`: all of them were put
    in and walked; false where a person has to decide what to put in.

    `unseen`: what the verdict depends on and a manager did not show. Then it is no verdict, and nothing is advised.
    """

    verdict: Verdict
    remedies: tuple[Remedy, ...]
    complete: bool
    tried: bool = True
    unseen: tuple[Unseen, ...] = ()

    @property
    def more(self) -> bool:
        """The walk says that the remedies are not enough."""
        return bool(self.remedies) and self.tried and not self.complete


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
        question = (id(view), proposal.remedy)
        known = self._known.pop(question, None)
        if known is None:
            if len(self._known) == _REMEMBERED:
                self._known.pop(next(iter(self._known)))  # what was not asked for the longest time
            known = (view, proposal.put_in())
            self.made += 1
        self._known[question] = known
        return known[1]


def find(view: View, flow: Flow, trials: Trials | None = None) -> Finding:
    """The verdict of a flow and its remedies. `trials`: of other flows in the same view."""
    trials = trials or Trials()
    verdict = result = view.walker.walk(flow)
    unseen = doubts(view, verdict)
    if unseen:
        return Finding(verdict, (), False, unseen=unseen)
    now = view
    remedies: list[Remedy] = []
    tried = True
    while result.result is not Result.ALL and len(remedies) < _ROUNDS:
        chosen = _helping(view, now, flow, result, trials)
        if chosen is None or chosen.remedy in remedies:
            break
        remedies.append(chosen.remedy)
        if chosen.after is None:
            tried = False
            break
        now, result = chosen.after
    return Finding(verdict, tuple(remedies), result.result is Result.ALL, tried)


class _Chosen(NamedTuple):
    """A remedy, with the view that has it in place and what became of the flow there; None where a person has to decide what to put in."""

    remedy: Remedy
    after: tuple[View, Verdict] | None


def _helping(asked_of: View, view: View, flow: Flow, verdict: Verdict, trials: Trials) -> _Chosen | None:
    """The first remedy for the first failing path with which the walk goes further. One that a person has to decide comes only if nothing helps.

    asked_of: the view without any remedy. What a remedy has put into `view` is not advised to be taken away again.
    """
    asked: _Chosen | None = None
    best: _Chosen | None = None
    for proposal in candidates(view, verdict, view.beyond(asked_of)):
        after = trials.of(view, proposal)
        if after is None:
            asked = asked or _Chosen(proposal.remedy, None)
            continue
        result = after.walker.walk(flow)
        if result.result is Result.ALL:
            return _Chosen(proposal.remedy, (after, result))
        if best is None and _goes_further(verdict, result):
            best = _Chosen(proposal.remedy, (after, result))
    return best or asked


def _goes_further(before: Verdict, after: Verdict) -> bool:
    """Whether what ended the first failing path ends fewer paths now, or ends them later."""
    end = _end(before.failing[0])
    then, now = (sum(_end(path) == end for path in one.failing) / len(one.paths) for one in (before, after))
    return now < then


def _end(path: Path) -> tuple[object, ...]:
    """What tells where a failing path ends from where another does."""
    last = path.last
    return (path.delivered, last.node, last.drop, last.after.source, last.after.destination, last.via)


def find_all(view: View, flows: Iterable[Flow]) -> list[Finding]:
    """The findings of several flows. Those of one sender are looked at one after the other: they often lack the same."""
    trials = Trials()
    asked = list(flows)
    order = sorted(range(len(asked)), key=lambda index: asked[index].origin)
    found = {index: find(view, asked[index], trials) for index in order}
    return [found[index] for index in range(len(asked))]


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


def candidates(view: View, verdict: Verdict, put_in: frozenset[str]) -> Iterator[Proposal]:
    """Remedies for the first failing path of a verdict, the likeliest first: what is there and does nothing, what is in the way, then what is missing.

    put_in: paths of objects that an earlier remedy put there."""
    path = verdict.failing[0]
    hop = path.last
    yield from idle.candidates(view, verdict)
    yield from in_the_way(view, path, put_in)
    if hop.drop is DropReason.NO_NEIGHBOUR:
        yield from missing_outside.nobody_there(view, path, hop)
    elif hop.kind is NodeKind.TIER0_SR:
        yield from missing_at_edge.propose(view, path, hop)
    elif hop.drop is DropReason.NO_ROUTE and hop.kind in (NodeKind.ROUTER, NodeKind.HOST):
        found = missing_outside.no_way(view, path, hop)
        if found is not None:
            yield found
    elif hop.drop is DropReason.NO_ROUTE and hop.kind is NodeKind.TIER1 and not path.back:
        yield from missing_at_edge.captured(path, hop)
    elif hop.drop is DropReason.NO_ROUTE and hop.kind is NodeKind.TIER0_DR:
        why = f"no edge of Tier-0 {view.topology.nodes[hop.node].gateway} is up"
        up = replace(view.around.world, down=frozenset())
        remedy = Remedy(Missing.EDGE, hop.node, "edges", why, "bring an edge back")
        yield Proposal(remedy, lambda: view.in_world(up))
