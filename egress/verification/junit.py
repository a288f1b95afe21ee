"""Verifications as JUnit XML, which CI systems show as tests: a suite a stack, a case a check and rule, one more for what could not be seen.

Form: as GitLab and Jenkins read it (docs.gitlab.com, "Unit test reports"): what needs somebody is a failure, what could not be seen an error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.etree import ElementTree as Xml

from egress import escape
from egress.verification.around import ASKED
from egress.verification.finding import CHECKS, Finding
from egress.verification.verify import Verification

SEEN = "everything-seen"
"""The case of what could not be seen."""
CASES: tuple[str, ...] = (*CHECKS, *ASKED, SEEN)


def as_junit(done: Sequence[Verification], failed: Mapping[str, str], *, probed: bool) -> bytes:
    """A JUnit file. failed: stacks that could not be verified at all, and why. probed: whether this machine asked, too."""
    whole = Xml.Element("testsuites", name="egress verify")
    for one in done:
        suite = Xml.SubElement(whole, "testsuite", name=_text(one.stack))
        for name in CASES:
            if name != "probe-no-answer" or probed:
                case = Xml.SubElement(suite, "testcase", classname=_text(one.stack), name=name)
                _fill(case, [each for each in one.findings if each.id == name])
        if not one.saw_enough:
            said = [*map(str, one.blind), *(f"cannot be judged: {title}" for title in one.unknown)]
            _error(suite[-1], said[0], said)
    for stack, why in failed.items():
        suite = Xml.SubElement(whole, "testsuite", name=_text(stack))
        _error(Xml.SubElement(suite, "testcase", classname=_text(stack), name=SEEN), why, [why])
    for suite in whole:
        suite.set("tests", str(len(suite)))
        suite.set("failures", str(len(suite.findall("testcase/failure"))))
        suite.set("errors", str(len(suite.findall("testcase/error"))))
        suite.set("skipped", "0")
    Xml.indent(whole)
    return bytes(Xml.tostring(whole, encoding="utf-8", xml_declaration=True))


def _fill(case: Xml.Element, findings: Sequence[Finding]) -> None:
    """What a case says of its findings: the first that needs somebody is its message."""
    said = "\n".join(f"{one.severity}: {one.what}; fix: {one.fix}" for one in findings)
    bad = [one for one in findings if one.matters]
    if bad:
        failure = Xml.SubElement(case, "failure", type=bad[0].severity.value, message=_text(bad[0].what))
        failure.text = _text(said)
    elif findings:
        Xml.SubElement(case, "system-out").text = _text(said)


def _error(case: Xml.Element, message: str, said: Sequence[str]) -> None:
    error = Xml.SubElement(case, "error", type="not seen", message=_text(message))
    error.text = _text("\n".join(said))


def _text(text: str) -> str:
    """Text without a character that XML forbids; ElementTree writes the entities."""
    return escape.terminal(text)
