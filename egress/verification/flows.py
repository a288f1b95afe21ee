"""The domain's questions, walked over what the manager has and held against the same over the file: what fails there only is a finding."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TypeAlias

from egress.answers.answer import Answer, answers
from egress.answers.asking import Ask
from egress.answers.what_if import Loss, what_if
from egress.domain import WorkloadDomain
from egress.domain.fields import listed
from egress.reachability.flow import Result
from egress.reachability.view import View
from egress.verification.finding import Finding, found

_RANK = {Result.NONE: 0, Result.SOME: 1, Result.ALL: 2}
_WORDS = {Result.NONE: "fails", Result.SOME: "works sometimes", Result.ALL: "works"}
_Target: TypeAlias = tuple[str, str, int]
"""What a flow is for, and where it goes."""


def walked(view: View, idle: Collection[str] = ()) -> tuple[Answer, ...]:
    """The answers to a view's own questions, without those of Tier-1s through which nothing sends."""
    return tuple(
        one for one in answers(view, Ask()) if one.question.sender is None or one.question.sender.tier1 not in idle
    )


def failing(domain: WorkloadDomain, live: Sequence[Answer], by_file: Sequence[Answer]) -> Iterator[Finding]:
    """Flows that fail on the manager. What could not be judged is none of them: it was not seen. Of a sender that the file does not know is
    expected what works for one that it knows."""
    said = {_key(one): one.finding.verdict.result for one in reversed(by_file)}
    best: dict[_Target, Result] = {}
    for one in by_file:
        best[_target(one)] = max(best.get(_target(one), Result.NONE), one.finding.verdict.result, key=_RANK.__getitem__)
    for answer in live:
        if answer.works or not answer.known:
            continue
        result = answer.finding.verdict.result
        expected = said.get(_key(answer), best.get(_target(answer)))
        remedies = answer.finding.remedies
        why = f": {listed(list(dict.fromkeys(one.why for one in remedies)))}" if remedies else ""
        fixes = listed(list(dict.fromkeys(one.fix for one in remedies)), "; ")
        if expected is not None and _RANK[result] >= _RANK[expected]:
            yield found(
                "flow-fails-by-file",
                domain,
                (),
                answer.question.title,
                f"it {_WORDS[result]} by the file, too",
                "",
                fixes or f"egress explain {domain.stack} says why",
            )
        else:
            by = f"that it {_WORDS[expected]}" if expected else ""
            yield found(
                "flow-fails",
                domain,
                (),
                answer.question.title,
                f"it {_WORDS[result]}{why}",
                by,
                fixes or f"egress explain {domain.stack} --live --hops shows where it ends",
            )


def _key(answer: Answer) -> tuple[str, _Target]:
    sender = answer.question.sender
    return sender.tier1 if sender else "", _target(answer)


def _target(answer: Answer) -> _Target:
    question = answer.question
    return question.purpose.value, str(question.flow.to), question.flow.port


def outages(live: View) -> tuple[Loss, ...]:
    """What single failures do; nothing where verdicts may depend on what was not seen."""
    return () if live.doubtful else what_if(live)


def worse(
    domain: WorkloadDomain, losses: Sequence[Loss], by_file: Sequence[Loss], asked: Collection[str]
) -> Iterator[Finding]:
    """Failures that do more than by the file, to flows that work as long as nothing fails, there and here. asked: titles of those that count."""
    said = {str(loss.outage): _of_working(loss) for loss in by_file}
    for loss in losses:
        then = said.get(str(loss.outage), {})
        lost = [
            title for title, result in _of_working(loss).items() if title in then and _RANK[result] < _RANK[then[title]]
        ]
        if lost:
            yield found(
                "outage-worse",
                domain,
                (),
                f"without {loss.outage}",
                f"this works less than by the file: {listed(lost)}",
                "",
                f"egress explain {domain.stack} --live --without {loss.outage.name} shows where",
            )


def _of_working(loss: Loss) -> dict[str, Result]:
    pairs = zip(loss.results, loss.before, strict=True)
    return {title: result for (title, result), usual in pairs if usual is Result.ALL}
