"""JUnit XML, which CI systems show as tests: what every such file of ours has in common.

Form: as GitLab and Jenkins read it (docs.gitlab.com, "Unit test reports").
"""

from __future__ import annotations

from xml.etree import ElementTree as Xml

from egress import escape

__all__ = ["Xml", "text", "written"]


def text(value: str) -> str:
    """Text without a character that XML forbids; ElementTree writes the entities."""
    return escape.terminal(value)


def written(whole: Xml.Element) -> bytes:
    """A file of suites, each with the counts of its cases."""
    for suite in whole:
        suite.set("tests", str(len(suite)))
        for count, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            suite.set(count, str(len(suite.findall(f"testcase/{kind}"))))
    Xml.indent(whole)
    return bytes(Xml.tostring(whole, encoding="utf-8", xml_declaration=True))
