"""`egress gate`: whether saved plans may be applied."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import click

from egress.cli._names import GateRuleId
from egress.cli.context import Project
from egress.cli.output import NEEDS_YOU, OK, echo, print_json, say
from egress.escape import json_text, line
from egress.review.gate import page
from egress.review.gate.asking import ask
from egress.review.gate.junit import as_junit
from egress.review.gate.sarif import as_sarif
from egress.review.gate.text import as_json, lines, summary
from egress.review.planned_run import PlannedRun
from egress.writing import write

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("gate")
@click.argument(
    "directory", metavar="DIR", required=False, type=click.Path(path_type=Path, exists=True, file_okay=False)
)
@click.option(
    "--base",
    "reference",
    metavar="REF",
    help="The branch that is merged into: what its gate.yaml demands holds, and overrides count that are on it.",
)
@click.option("--json", "as_data", is_flag=True, help="One JSON value on standard output.")
@click.option("--sarif", "sarif_file", type=_FILE, help="Also write the verdict into this file, as SARIF 2.1.0.")
@click.option("--junit", "junit_file", type=_FILE, help="Also write the verdict into this file, as JUnit XML.")
@click.option("--rules", is_flag=True, help="Print all rules as Markdown (docs/gate.md) and judge nothing.")
@click.option(
    "--explain", "rule", metavar="RULE", type=GateRuleId(), help="Print why a rule is there, and judge nothing."
)
@click.pass_obj
def command(
    project: Project,
    directory: Path | None,
    reference: str | None,
    as_data: bool,
    sarif_file: Path | None,
    junit_file: Path | None,
    rules: bool,
    rule: str | None,
) -> int:
    """Judge the saved plans in DIR: what is denied, what somebody has to answer for.

    DIR is what egress plan --out made. Rules look at the plans' own data and at what the packet walk said of them; gate.yaml beside
    cdktf.json says what the team demands, who answers for what, and which managers are frozen (docs/gate.md).

    Exit codes: 0 every plan may be applied; 1 it cannot judge; 2 a plan is stopped.
    """
    if rule is not None:
        echo(page.explained(rule))
        return OK
    if rules:
        echo(page.page(), nl=False)
        return OK
    if directory is None:
        raise click.UsageError("Missing argument 'DIR': a folder that egress plan --out made.")
    run = PlannedRun.read(directory)
    asked = ask(project.root, run, reference, os.environ, datetime.now(UTC))
    verdict = asked.verdict
    if sarif_file:
        write(sarif_file, json_text(as_sarif(verdict, metadata.version("tier0-egress"))) + "\n")
    if junit_file:
        write(junit_file, as_junit(verdict, run, asked.demands))
    if as_data:
        print_json(as_json(verdict, run))
        say(summary(verdict, run))
    else:
        for told in lines(verdict, run):
            echo(line(told))
    return OK if verdict.passes else NEEDS_YOU
