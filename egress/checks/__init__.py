"""Preflight rules over domain files: no NSX, no engine, no network.

`check(domains)` gives a `Report`: what is broken, what is suppressed and why, what the files do not tell. `check_live` does so
for domains and what their managers hold, which somebody has read before.
`enforce(report)` is what every synth does with it.
"""

from egress.checks.gate import ChecksFailedError, enforce
from egress.checks.registry import RULES
from egress.checks.report import Finding, Report, Undecided, check, check_live
from egress.checks.rule import Rule, Severity, Verdict
from egress.checks.text import summary, told

__all__ = [
    "RULES",
    "ChecksFailedError",
    "Finding",
    "Report",
    "Rule",
    "Severity",
    "Undecided",
    "Verdict",
    "check",
    "check_live",
    "enforce",
    "summary",
    "told",
]
