"""What a synth does with a report: warnings are told, errors stop it."""

from __future__ import annotations

import sys
from typing import TextIO

from egress.checks.report import Report
from egress.checks.text import told
from egress.domain import EgressError


class ChecksFailedError(EgressError):
    """Domains with errors. The message holds every error with its place and fix; `report` has the rest."""

    def __init__(self, report: Report) -> None:
        self.report = report
        problems = [str(problem) for problem in report.problems]
        findings = [told(finding) for finding in report.errors]
        super().__init__("\n".join([*problems, *findings, "nothing was written: egress check tells more"]))


def enforce(report: Report, stream: TextIO | None = None) -> None:
    """Writes every warning to `stream`, left out: standard error. Errors: ChecksFailedError when the report has errors."""
    for finding in report.warnings:
        (stream or sys.stderr).write(f"{told(finding)}\n")
    if report.failed:
        raise ChecksFailedError(report)
