"""A verdict as SARIF 2.1.0: code hosts show it beside the lines of the domain files that lead to it."""

from __future__ import annotations

from typing import Any

from egress.checks.sarif import SCHEMA, locations
from egress.review.finding import Demand, GateFinding, GateVerdict
from egress.review.gate.registry import RULES
from egress.review.gate.rule import Rule
from egress.review.gate.text import answered

Json = dict[str, Any]
_LEVELS = {Demand.DENY: "error", Demand.OVERRIDE: "error", Demand.WARN: "warning"}


def as_sarif(verdict: GateVerdict, version: str) -> Json:
    """The verdict as one SARIF run. `version`: of this program. Who answers for a finding is its suppression."""
    driver = {"name": "egress gate", "version": version, "rules": [_rule(rule) for rule in RULES]}
    results = [_result(one) for one in verdict.findings]
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}


def _rule(rule: Rule) -> Json:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.reason},
        "help": {"text": f"{rule.reason} To do: {rule.fix}. Source: {rule.source}."},
        "defaultConfiguration": {"level": _LEVELS[rule.demand]},
    }


def _result(one: GateFinding) -> Json:
    subject = f"{one.stack}: " if one.stack else ""
    note = f" ({one.note})" if one.note else ""
    result: Json = {
        "ruleId": one.rule,
        "level": _LEVELS[one.demand],
        "message": {"text": f"{subject}{one.what}; to do: {one.fix}{note}"},
        "locations": locations(one.place),
    }
    if one.overridden:
        result["suppressions"] = [{"kind": "external", "justification": answered(one.overridden)}]
    return result
