"""What people see when a flow fails, in the words of the tools that show it (docs/reachability.md names the sources)."""

from __future__ import annotations

from egress.answers.questions import Purpose, Question
from egress.reachability.flow import Result, Verdict


def symptom(question: Question, verdict: Verdict) -> str:
    """The symptom of a failing question, nothing for one that works. On some paths only: every now and then."""
    if verdict.result is Result.ALL:
        return ""
    text = _SYMPTOMS[question.purpose].format(to=question.flow.to, port=question.flow.port)
    if verdict.result is Result.SOME:
        return f"now and then, on {len(verdict.failing)} of {len(verdict.paths)} paths: {text}"
    return text


_SYMPTOMS = {
    Purpose.PULL: 'image pulls end with "connect: connection timed out" or "Client.Timeout exceeded while awaiting headers"',
    Purpose.LOOKUP: 'image pulls end with "lookup ...: i/o timeout"',
    Purpose.INGRESS: "clients of {to}:{port} time out",
    Purpose.OTHER: "connections to {to}:{port} time out",
}
