"""A report as SARIF 2.1.0, for code hosts that show findings beside the lines of a change."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from egress.checks.registry import RULES
from egress.checks.report import Finding, Report
from egress.checks.rule import Rule
from egress.domain import Place, Problem

Json = dict[str, Any]
SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
FILE_RULE = "domain-file"
"""Findings of files that are no domain have this rule id."""


def as_sarif(report: Report, version: str) -> Json:
    """The report as one SARIF run. `version`: of this program. Suppressed findings carry their reason."""
    results = [_problem(problem) for problem in report.problems]
    results += [_result(finding) for finding in (*report.findings, *report.suppressed)]
    rules: list[Json] = [{"id": FILE_RULE, "shortDescription": {"text": "the file is a domain file"}}]
    rules += [_rule(rule) for rule in RULES]
    driver = {"name": "egress", "version": version, "rules": rules}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}


def _rule(rule: Rule) -> Json:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.explanation},
        "help": {"text": f"{rule.explanation} Source: {rule.source}."},
        "defaultConfiguration": {"level": rule.severity.value},
    }


def _problem(problem: Problem) -> Json:
    text = ": ".join(part for part in (problem.key, problem.what) if part)
    return {"ruleId": FILE_RULE, "level": "error", "message": {"text": text}, "locations": locations(problem.place)}


def _result(finding: Finding) -> Json:
    result: Json = {
        "ruleId": finding.rule.id,
        "level": finding.rule.severity.value,
        "message": {"text": f"{finding.what}; fix: {finding.fix}"},
        "locations": locations(finding.place),
    }
    if finding.reason is not None:
        result["suppressions"] = [{"kind": "inSource", "justification": finding.reason}]
    return result


def locations(place: Place | None) -> list[Json]:
    """Where a place is, for a result; none for what is in no file."""
    if place is None:
        return []
    region = {"startLine": place.line, "startColumn": place.column}
    return [{"physicalLocation": {"artifactLocation": {"uri": quote(place.file)}, "region": region}}]
