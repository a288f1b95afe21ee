"""A verdict as JUnit XML, which CI systems show as tests: a suite per stack, a case per rule that was judged.

What stops is a failure, what somebody answered for is skipped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from egress.junit import Xml, text, written
from egress.review.finding import Demand, GateFinding, GateVerdict
from egress.review.gate.registry import RULES
from egress.review.gate.text import answered, stacks, state
from egress.review.planned_run import PlannedRun


def as_junit(verdict: GateVerdict, run: PlannedRun, demands: Mapping[str, Demand | None]) -> bytes:
    """The verdict as a JUnit file. demands: what holds; a rule that is off has no case."""
    whole = Xml.Element("testsuites", name="egress gate")
    for stack in stacks(run, verdict.findings):
        suite = Xml.SubElement(whole, "testsuite", name=text(stack or "the run"))
        found = verdict.of(stack)
        for rule in RULES:
            if demands[rule.id] is not None:
                case = Xml.SubElement(suite, "testcase", classname=text(stack or "the run"), name=rule.id)
                _fill(case, [one for one in found if one.rule == rule.id])
    return written(whole)


def _fill(case: Xml.Element, found: Sequence[GateFinding]) -> None:
    """What a case says of a rule's findings: the first that stops is its message."""
    said = "\n".join(f"{state(one)}: {one.what}; to do: {one.fix}" for one in found)
    stops = [one for one in found if one.stops]
    given = [one.overridden for one in found if one.overridden]
    if stops:
        Xml.SubElement(case, "failure", type=stops[0].demand.value, message=text(stops[0].what)).text = text(said)
    elif given:
        Xml.SubElement(case, "skipped", message=text(answered(given[0])))
    elif found:
        Xml.SubElement(case, "system-out").text = text(said)
