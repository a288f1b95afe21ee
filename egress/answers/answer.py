"""An Answer: a question with what the walk found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from egress.answers.asking import Ask, ask
from egress.answers.causes import Finding, find_all
from egress.answers.questions import Purpose, Question
from egress.reachability.flow import Protocol, Result
from egress.reachability.view import View

_SYMPTOMS = {
    Purpose.PULL: 'image pulls end with "connect: connection timed out" or "Client.Timeout exceeded while awaiting headers"',
    Purpose.LOOKUP: 'image pulls end with "lookup ...: i/o timeout"',
    Purpose.INGRESS: "clients of {to}:{port} time out",
    Purpose.OTHER: "connections to {to}:{port} time out",
}
"""What people see when a flow fails, in the words of the tools that show it (docs/reachability.md names the sources)."""


CANNOT_KNOW = "cannot know"
_WORDS = {Result.ALL: "works", Result.SOME: "sometimes", Result.NONE: "fails"}


@dataclass(frozen=True)
class Answer:
    """A question with what the walk found."""

    question: Question
    finding: Finding

    @property
    def works(self) -> bool:
        """Every path carries the packet there and the answer back, and nothing that was not seen can change that."""
        return self.finding.verdict.result is Result.ALL and self.known

    @property
    def word(self) -> str:
        """The verdict in a word or two."""
        return _WORDS[self.finding.verdict.result] if self.known else CANNOT_KNOW

    @property
    def known(self) -> bool:
        """Everything that the verdict depends on was seen."""
        return not self.finding.unseen

    @property
    def symptom(self) -> str:
        """What people see of it, nothing if it works. On some paths only: every now and then."""
        if self.works or not self.known:
            return ""
        verdict = self.finding.verdict
        flow = verdict.flow
        text = _SYMPTOMS[self.question.purpose].format(to=flow.to, port=flow.port)
        if flow.protocol is Protocol.ICMP:
            text = f"pings of {flow.to} get no answer"
        if verdict.result is Result.SOME:
            return f"now and then, on {len(verdict.failing)} of {len(verdict.paths)} paths: {text}"
        return text

    def as_json(self) -> dict[str, Any]:
        """The answer as plain values."""
        verdict = self.finding.verdict
        flow = verdict.flow
        return {
            "question": self.question.title,
            "purpose": self.question.purpose.value,
            "flow": {"from": flow.origin, "to": str(flow.to), "protocol": flow.protocol.value, "port": flow.port},
            "result": verdict.result.value if self.known else "unknown",
            "cannot_know": [str(one) for one in self.finding.unseen],
            "seen": [str(address) for address in verdict.seen],
            "symptom": self.symptom,
            "missing": [remedy.as_json() for remedy in self.finding.remedies],
            "complete": self.finding.complete,
            "paths": [path.as_json() for path in verdict.paths],
        }


def answers(view: View, asked: Ask) -> list[Answer]:
    """The answers to what was asked of one view. Errors: EgressError."""
    questions = ask(view, asked)
    findings = find_all(view, [question.flow for question in questions])
    return [Answer(question, finding) for question, finding in zip(questions, findings, strict=True)]
