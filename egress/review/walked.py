"""The review of a plan: the domain's questions asked of what is on the manager now, and of that with the plan put in."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from ipaddress import ip_address

from egress.answers.answer import Answer, answers
from egress.answers.asking import Ask
from egress.answers.what_if import Loss, what_if
from egress.checks import Report
from egress.delivery.content.plan_content import PlanContent
from egress.domain import WorkloadDomain
from egress.domain.addresses import Address
from egress.pictures.graph_text import mermaid
from egress.pictures.picture import draw
from egress.policy.planned import ROUTE, planned
from egress.policy.tree import Json
from egress.reachability.flow import Result
from egress.reachability.surroundings import Wishes, file_next_hops, further_next_hops
from egress.reachability.view import AfterPlan, Live, View, view
from egress.review.consequence import Consequence, Fate, Noticed, OutageChange, Review, Side

_FATES = {Result.ALL: Fate.WORKS, Result.SOME: Fate.SOMETIMES, Result.NONE: Fate.FAILS}
LARGEST_PICTURE = 20_000
"""Characters of Mermaid beyond which no picture is kept: forges draw none of 50,000 (Mermaid, maxTextSize), and nobody reads one."""


def review(
    domain: WorkloadDomain,
    everyone: Sequence[WorkloadDomain],
    content: PlanContent,
    live: Live | None,
    not_seen: str,
    report: Report,
) -> Review:
    """What a plan does to packets.

    everyone: domains that may share the Tier-0. live: what the manager has; None where it could not be read: `not_seen` says why, and what
    the plan does is then put into what the domain files say. report: what was found around the stack. Errors: EgressError.
    """
    known = tuple(_known_next_hops(content))
    around = Wishes(next_hops=known)
    before = view(domain, everyone, live, around) if live else None
    after = (
        put_in(before, content) if before else view(domain, everyone, AfterPlan(planned(domain, content.raw)), around)
    )
    found = answers(after, Ask())
    return Review(
        stack=domain.stack,
        source=str(live) if live else "the domain files, as the manager was not read",
        not_seen=not_seen,
        consequences=tuple(consequences(answers(before, Ask()) if before else None, found)),
        outages=tuple(_outages(before, after)) if before and _does_something(content) else (),
        noticed=tuple(Noticed(one.rule.id, one.rule.severity.value, one.what, one.fix) for one in report.findings),
        differs=before.differs if before else (),
        assumed=tuple(_assumed(domain, known)),
        picture=_picture(after, found),
    )


def put_in(before: View, content: PlanContent) -> View:
    """The live view as it will be once the plan is applied: what the plan makes or changes is there, and realized; what it takes away is
    gone. BFD peers answer as they do now."""
    assert isinstance(before.source, Live)
    touched = {change.path for change in content.changes if change.actions != ("no-op",)}
    made = planned(before.domain, content.raw).objects
    changed: dict[str, Json | None] = {path: None for path in touched - made.keys() if path in before.objects}
    changed |= {path: body for path, body in made.items() if path in touched or path not in before.objects}
    states = {path: state for path, state in before.source.states.items() if path not in touched}
    if len(states) < len(before.source.states):
        before = before.from_source(replace(before.source, states=states))
    return before.put_in(changed)


def _known_next_hops(content: PlanContent) -> Iterator[Address]:
    """Next hops of the stack's routes as they were applied last: routers that are there, whatever the file names now. Otherwise a changed next
    hop would make what works today look broken. What somebody else has put in place of one since is not vouched for."""
    applied = {change.address: change.before for change in content.drifted}
    for change in content.changes:
        if change.type == ROUTE and change.before is not None:
            for hop in (applied.get(change.address) or change.before).get("next_hop") or ():
                with contextlib.suppress(ValueError):
                    yield ip_address(str(hop.get("ip_address")))


def _assumed(domain: WorkloadDomain, known: Sequence[Address]) -> Iterator[str]:
    """Routers that the file names and that nothing applied has used so far."""
    new = [hop for hop in dict.fromkeys([*file_next_hops(domain), *further_next_hops(domain)]) if hop not in known]
    if new:
        yield f"there is a router at {' and at '.join(map(str, new))}, which knows the way back: no plan can tell"


def _does_something(content: PlanContent) -> bool:
    return any(change.actions != ("no-op",) for change in content.changes)


def consequences(before: Sequence[Answer] | None, after: Sequence[Answer]) -> Iterator[Consequence]:
    """The answers of one time beside those of another, in the order of the later ones. `before`: None where nobody looked."""
    earlier = {answer.question.title: answer for answer in before or ()}
    for answer in after:
        question, then = answer.question, earlier.get(answer.question.title)
        yield Consequence(
            question=question.title,
            purpose=question.purpose,
            who=question.sender.title if question.sender else "",
            to=str(question.flow.to),
            port=question.flow.port,
            before=_side(then) if then else None,
            after=_side(answer),
        )


def _side(answer: Answer) -> Side:
    finding = answer.finding
    if not answer.known:
        return Side(Fate.UNKNOWN, why=tuple(map(str, finding.unseen)))
    return Side(
        fate=_FATES[finding.verdict.result],
        seen=tuple(map(str, finding.verdict.seen)),
        why=tuple(dict.fromkeys(remedy.why for remedy in finding.remedies)),
        to_do=tuple(dict.fromkeys(remedy.fix for remedy in finding.remedies)),
    )


def _outages(before: View, after: View) -> Iterator[OutageChange]:
    """What single failures do otherwise than before to flows that work as long as nothing fails, before and after: of the others the verdict
    itself tells. Nothing where the verdicts may depend on what was not seen."""
    if before.doubtful:
        return
    earlier = {str(loss.outage): _of_working(loss) for loss in what_if(before)}
    for loss in what_if(after):
        for title, result in _of_working(loss).items():
            was = earlier.get(str(loss.outage), {}).get(title)
            if was is not None and was is not result:
                yield OutageChange(str(loss.outage), title, _FATES[was], _FATES[result])


def _of_working(loss: Loss) -> dict[str, Result]:
    """What a failure does to the flows that work without it."""
    return {
        title: result for (title, result), usual in zip(loss.results, loss.before, strict=True) if usual is Result.ALL
    }


def _picture(after: View, found: Sequence[Answer]) -> str:
    text = mermaid(draw(after, list(found)))
    return text if len(text) <= LARGEST_PICTURE else ""
