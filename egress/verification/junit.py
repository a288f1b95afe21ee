"""Verifications as JUnit XML, which CI systems show as tests: a suite a stack, a case a check and rule, one more for what could not be seen.

What needs somebody is a failure, what could not be seen an error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from egress.junit import Xml, text, written
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
        suite = Xml.SubElement(whole, "testsuite", name=text(one.stack))
        for name in CASES:
            if name != "probe-no-answer" or probed:
                case = Xml.SubElement(suite, "testcase", classname=text(one.stack), name=name)
                _fill(case, [each for each in one.findings if each.id == name])
        if not one.saw_enough:
            said = [*map(str, one.blind), *(f"cannot be judged: {title}" for title in one.unknown)]
            _error(suite[-1], said[0], said)
    for stack, why in failed.items():
        suite = Xml.SubElement(whole, "testsuite", name=text(stack))
        _error(Xml.SubElement(suite, "testcase", classname=text(stack), name=SEEN), why, [why])
    return written(whole)


def _fill(case: Xml.Element, findings: Sequence[Finding]) -> None:
    """What a case says of its findings: the first that needs somebody is its message."""
    said = "\n".join(f"{one.severity}: {one.what}; fix: {one.fix}" for one in findings)
    bad = [one for one in findings if one.matters]
    if bad:
        failure = Xml.SubElement(case, "failure", type=bad[0].severity.value, message=text(bad[0].what))
        failure.text = text(said)
    elif findings:
        Xml.SubElement(case, "system-out").text = text(said)


def _error(case: Xml.Element, message: str, said: Sequence[str]) -> None:
    error = Xml.SubElement(case, "error", type="not seen", message=text(message))
    error.text = text("\n".join(said))
