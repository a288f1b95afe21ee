"""Joins a failure text with the packet walk: is it the network, and if so, what is missing in this domain?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from egress.answers.causes import Finding, Trials, find
from egress.answers.questions import Question
from egress.diagnosis.failure import Failure
from egress.diagnosis.meanings import meaning
from egress.diagnosis.suspicion import NETWORK, ServerPlace, server_place, suspicion
from egress.reachability.flow import Result
from egress.reachability.view import Files, Source, View

_NOTHING_IN_THE_FILE = (
    "the domain file has everything that this needs: it is not applied, or something else is changed; ask with --live"
)
_NOTHING = (
    "routes and NAT have everything that this needs: look at firewalls, at what hangs outside, and at the far side"
)
_GAPS = 3
_STAGE_UNTOLD = "the text does not tell a lookup from a connection: packets to the registry get through, and lookups were walked as well"


@dataclass(frozen=True)
class Diagnosis:
    """A failure, and for the network's share of causes what the walk says of each sender it may be about.

    `source`, `watched`: what was walked, and what BFD means there, as in View. `place`: where the DNS server is that the text names. `notes`: what could not be walked, or was walked
    otherwise than the file says.
    """

    failure: Failure
    source: Source
    place: ServerPlace = ServerPlace.UNSAID
    walked: tuple[tuple[Question, Finding], ...] = ()
    notes: tuple[str, ...] = ()
    watched: tuple[str, ...] = ()

    @property
    def explained(self) -> bool:
        """The walk finds the same failure."""
        return any(finding.verdict.result is not Result.ALL for _, finding in self.walked)

    def sentences(self) -> list[str]:
        """What the failure means, then what the walk says about it."""
        said = [meaning(self.failure, self.place), *self.notes]
        doubtful = [(question, finding) for question, finding in self.walked if finding.unseen]
        for question, finding in doubtful:
            gaps = "; ".join(str(one) for one in finding.unseen[:_GAPS])
            said.append(f"{question.title}: cannot know, as not everything was seen: {gaps}")
        for question, finding in self.walked:
            if finding.unseen:
                continue
            if finding.verdict.result is not Result.ALL:
                said += _of_a_finding(question, finding)
        said += [f"look at BFD before firewalls: {sentence}" for sentence in self.watched if self.walked]
        if self.walked and not self.explained and not doubtful:
            titles = ", ".join(question.title for question, _ in self.walked)
            nothing = _NOTHING_IN_THE_FILE if isinstance(self.source, Files) else _NOTHING
            said.append(f"{titles}: packets get there and back; {nothing}")
        return list(dict.fromkeys(said))

    def as_json(self) -> dict[str, Any]:
        """The diagnosis as plain values."""
        failure = self.failure
        return {
            "cause": failure.cause.value,
            "stage": failure.stage.value if failure.stage else None,
            "network": failure.cause in NETWORK or bool(self.walked),
            "host": failure.host,
            "address": _text(failure.address),
            "port": failure.port,
            "server": _text(failure.server),
            "source": _text(failure.source),
            "proxy": failure.proxy,
            "image": failure.image,
            "object": failure.of,
            "text": failure.text,
            "says": self.sentences(),
            "walked": [question.title for question, _ in self.walked],
            "missing": [remedy.as_json() for _, finding in self.walked for remedy in finding.remedies],
        }


def diagnose(view: View, failure: Failure, sender: str | None = None) -> Diagnosis:
    """A failure joined with the walk. `sender`: mapping or Tier-1 that the pod belongs to, None: as the text tells."""
    (found,) = diagnoses(view, [failure], sender)
    return found


def diagnoses(view: View, failures: Sequence[Failure], sender: str | None = None) -> list[Diagnosis]:
    """Failures joined with the walk, each flow walked once."""
    trials = Trials()
    known: dict[object, Finding] = {}

    def ask(questions: Sequence[Question]) -> tuple[tuple[Question, Finding], ...]:
        for question in questions:
            if question.flow not in known:
                known[question.flow] = find(view, question.flow, trials)
        return tuple((question, known[question.flow]) for question in questions)

    def one(failure: Failure) -> Diagnosis:
        suspected = suspicion(view, failure, sender)
        walked, notes = ask(suspected.questions), suspected.notes
        if suspected.before and all(finding.verdict.result is Result.ALL for _, finding in walked):
            earlier = ask(suspected.before)
            walked += earlier
            notes += (_STAGE_UNTOLD,) if any(finding.verdict.result is not Result.ALL for _, finding in earlier) else ()
        asked = [f"Tier-1 {question.sender.tier1} " for question, _ in walked if question.sender]
        differs = [one for one in view.differs if "Tier-1 " not in one or any(name in one for name in asked)]
        notes += tuple(differs if walked else ())
        return Diagnosis(failure, view.source, server_place(view, failure), walked, notes, view.watched)

    return [one(failure) for failure in failures]


def _of_a_finding(question: Question, finding: Finding) -> list[str]:
    """Why a flow fails, and what is to be done."""
    verdict = finding.verdict
    title = question.title
    if verdict.result is Result.SOME:
        title = f"{title}, on {len(verdict.failing)} of {len(verdict.paths)} paths"
    if not finding.remedies:
        hop = verdict.failing[0].last
        return [f"{title}: ends at {hop.node}, {hop.drop.value if hop.drop else ''}"]
    return [text for remedy in finding.remedies for text in (f"{title}: {remedy.why}", f"to do: {remedy.fix}")]


def _text(value: object) -> str | None:
    return None if value is None else str(value)
