"""What a synth does with a report: warnings are counted, errors stop it."""

from __future__ import annotations

import sys
from typing import TextIO

from egress.checks.report import Report
from egress.checks.text import in_one_line, told
from egress.domain import EgressError


class ChecksFailedError(EgressError):
    """Domains with errors. The message holds every error with its place and fix; `report` has the rest."""

    def __init__(self, report: Report) -> None:
        self.report = report
        problems = [str(problem) for problem in report.problems]
        findings = [told(finding) for finding in report.errors]
        super().__init__("\n".join([*problems, *findings, "nothing was written: egress check tells more"]))


def enforce(report: Report, stream: TextIO | None = None) -> None:
    """Writes how many warnings there are to `stream`, in one line; left out: standard error. Whoever synthesises, plans or applies knows
    them, or is told where to read them. Errors: ChecksFailedError when the report has errors, each of them in full."""
    if report.failed:
        raise ChecksFailedError(report)
    if line := in_one_line(report):
        (stream or sys.stderr).write(f"{line}\n")
