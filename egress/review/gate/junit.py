"""A verdict as JUnit XML, which CI systems show as tests: a suite per stack, a case per rule that was judged.

Form: as GitLab and Jenkins read it (docs.gitlab.com, "Unit test reports"): what stops is a failure, what somebody answered for is skipped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.etree import ElementTree as Xml

from egress import escape
from egress.review.finding import Demand, GateFinding, GateVerdict
from egress.review.gate.registry import RULES
from egress.review.gate.text import answered, stacks, state
from egress.review.planned_run import PlannedRun


def as_junit(verdict: GateVerdict, run: PlannedRun, demands: Mapping[str, Demand | None]) -> bytes:
    """The verdict as a JUnit file. demands: what holds; a rule that is off has no case."""
    whole = Xml.Element("testsuites", name="egress gate")
    for stack in stacks(run, verdict.findings):
        suite = Xml.SubElement(whole, "testsuite", name=_text(stack or "the run"))
        found = verdict.of(stack)
        for rule in RULES:
            if demands[rule.id] is not None:
                case = Xml.SubElement(suite, "testcase", classname=_text(stack or "the run"), name=rule.id)
                _fill(case, [one for one in found if one.rule == rule.id])
        suite.set("tests", str(len(suite)))
        suite.set("failures", str(len(suite.findall("testcase/failure"))))
        suite.set("skipped", str(len(suite.findall("testcase/skipped"))))
        suite.set("errors", "0")
    Xml.indent(whole)
    return bytes(Xml.tostring(whole, encoding="utf-8", xml_declaration=True))


def _fill(case: Xml.Element, found: Sequence[GateFinding]) -> None:
    """What a case says of a rule's findings: the first that stops is its message."""
    said = "\n".join(f"{state(one)}: {one.what}; to do: {one.fix}" for one in found)
    stops = [one for one in found if one.stops]
    given = [one.overridden for one in found if one.overridden]
    if stops:
        Xml.SubElement(case, "failure", type=stops[0].demand.value, message=_text(stops[0].what)).text = _text(said)
    elif given:
        Xml.SubElement(case, "skipped", message=_text(answered(given[0])))
    elif found:
        Xml.SubElement(case, "system-out").text = _text(said)


def _text(text: str) -> str:
    """Text without a character that XML forbids; ElementTree writes the entities."""
    return escape.terminal(text)
