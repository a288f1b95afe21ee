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
from egress.domain import EgressError
from egress.domain.files import SourceFile, read_tree
from egress.escape import json_text, line
from egress.review.gate import base, binding, page, policy
from egress.review.gate.base import Base
from egress.review.gate.binding import Binding
from egress.review.gate.judge import judge
from egress.review.gate.junit import as_junit
from egress.review.gate.sarif import as_sarif
from egress.review.gate.text import as_json, lines, stacks, summary
from egress.review.planned_run import PlannedRun
from egress.toolchain.runs import in_ci
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
    there = _base(project, reference)
    holds = _holds(project, run, there)
    domains = {domain.stack: domain for domain in project.fleet.readable().domains}
    verdict = judge(run, domains, holds, there.moved if there else {}, datetime.now(UTC))
    if sarif_file:
        write(sarif_file, json_text(as_sarif(verdict, metadata.version("tier0-egress"))) + "\n")
    if junit_file:
        write(junit_file, as_junit(verdict, run, holds.demands))
    if as_data:
        print_json(as_json(verdict, run))
        say(summary(verdict, run))
    else:
        for told in lines(verdict, run):
            echo(line(told))
    return OK if verdict.passes else NEEDS_YOU


def _base(project: Project, reference: str | None) -> Base | None:
    if reference is not None:
        return base.read(project.root, reference, os.environ)
    if in_ci(os.environ):
        raise EgressError(
            f"in CI (CI={os.environ['CI']}) the gate needs --base REF, the branch that is merged into, or a branch could give itself "
            "what it needs; after the merge: --base HEAD"
        )
    return None


def _holds(project: Project, run: PlannedRun, there: Base | None) -> Binding:
    """What holds of the gate files. Errors: DomainFileError for what is wrong in one of them."""
    file = project.root / policy.FILE
    here = policy.read(read_tree(SourceFile(file, policy.FILE))) if os.path.lexists(file) else policy.NO_FILE
    domains = [*project.fleet.readable().domains, *(there.domains if there else ())]
    known = {*project.stacks, *stacks(run), *(domain.stack for domain in domains)}
    binding.refuse_unknown(here, known, domains, there.gate if there else None)
    if there:
        binding.refuse_unknown(there.gate, known, domains, there.gate)
    return binding.bind(here, there)
