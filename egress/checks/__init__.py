"""Preflight rules over domain files: no NSX, no engine, no network.

`check(domains)` gives a `Report`: what is broken, what is suppressed and why, what the files do not tell.
`enforce(report)` is what every synth does with it.
"""

from egress.checks.gate import ChecksFailedError, enforce
from egress.checks.registry import RULES
from egress.checks.report import Finding, Report, Undecided, check
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
    "enforce",
    "summary",
    "told",
]
