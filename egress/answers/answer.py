"""An Answer: a question with what the walk found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from egress.answers.asking import Ask, ask
from egress.answers.causes import Finding, find
from egress.answers.questions import Question
from egress.answers.symptoms import symptom
from egress.reachability.flow import Result
from egress.reachability.view import View
from egress.reachability.walk import Walker


@dataclass(frozen=True)
class Answer:
    """A question with what the walk found."""

    question: Question
    finding: Finding

    @property
    def works(self) -> bool:
        """Every path carries the packet there and the answer back."""
        return self.finding.verdict.result is Result.ALL

    def as_json(self) -> dict[str, Any]:
        """The answer as plain values."""
        verdict = self.finding.verdict
        flow = verdict.flow
        return {
            "question": self.question.title,
            "purpose": self.question.purpose.value,
            "flow": {"from": flow.origin, "to": str(flow.to), "protocol": flow.protocol.value, "port": flow.port},
            "result": verdict.result.value,
            "seen": [str(address) for address in verdict.seen],
            "symptom": symptom(self.question, verdict),
            "missing": [remedy.as_json() for remedy in self.finding.remedies],
            "complete": self.finding.complete,
            "paths": [path.as_json() for path in verdict.paths],
        }


def answers(view: View, asked: Ask) -> list[Answer]:
    """The answers to what was asked of one view. Errors: EgressError."""
    walker = Walker(view.topology)
    return [Answer(question, find(view, question.flow, walker)) for question in ask(view, asked)]
