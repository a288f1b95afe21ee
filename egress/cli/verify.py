"""`egress verify`: the domain file held against the manager, by our own reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from egress.checks import Severity
from egress.checks.text import told_suppressed
from egress.cli._beside import at_once, parallel_option, table_of
from egress.cli._durations import Duration
from egress.cli._names import stacks_argument
from egress.cli._verifying import Round, verified_all
from egress.cli._watching import watch
from egress.cli.context import Project, timeout_option
from egress.cli.output import FAILED, NEEDS_YOU, OK, echo, print_json, say, show
from egress.escape import line
from egress.verification.junit import as_junit
from egress.verification.text import as_json, gaps, shown, summary, told
from egress.verification.verify import Verification
from egress.writing import write

_COLOURS = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
_EVERY = 60


@click.command("verify")
@stacks_argument
@click.option(
    "--watch", "watching", is_flag=True, help="Go on until Ctrl-C, and print only what changes, with the time."
)
@click.option(
    "--every",
    type=Duration(least=1),
    metavar="DURATION",
    help=f"With --watch: time between two looks, as in 30s or 5m. Default: {_EVERY}s.",
)
@click.option(
    "--probe",
    is_flag=True,
    help="Also ask from this machine: TLS on 6443 and 443 of the virtual servers, a query to each DNS server.",
)
@parallel_option
@timeout_option
@click.option("--json", "as_data", is_flag=True, help="Print one JSON value; with --watch one a line.")
@click.option(
    "--junit",
    "junit_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also write the result into this file, as JUnit XML: a case a check and stack.",
)
@click.pass_obj
def command(
    project: Project,
    stacks: tuple[str, ...],
    watching: bool,
    every: int | None,
    probe: bool,
    parallel: int | None,
    as_data: bool,
    junit_file: Path | None,
) -> int:
    """Compare the domain file with the manager, by reads of its own; nothing is written.

    No engine is needed, and no state. Looked at are the stack's objects, attribute by attribute, and whether NSX realized them; HA mode, uplinks and HA VIPs; the default route
    in the forwarding table of each edge; every egress address below the Tier-0; what others have in the way; then packets are walked over
    what is there. docs/verify.md lists the checks. Drift is the state against the manager; this is the file against it.

    Exit codes: 0 well; 1 could not see or compare everything; 2 a finding that needs you; notes do not count.
    """
    if watching and junit_file:
        raise click.UsageError("--junit is a report of one look, and --watch takes many: give one of them")
    if every is not None and not watching:
        raise click.UsageError("--every is the time between two looks: it goes with --watch")
    if watching and parallel is not None:
        raise click.UsageError("--watch looks at one stack after the other: leave --parallel out")
    if watching:
        return watch(project, stacks, _EVERY if every is None else every, probe=probe, as_data=as_data)
    domains = project.domains(stacks)
    rounds = verified_all(project, domains, at_once(parallel, project), probe=probe)
    done = [one.done for one in rounds if one.done is not None]
    failed = {one.stack: one.failed for one in rounds if one.done is None}
    if junit_file:
        write(junit_file, as_junit(done, failed, probed=probe))
    if as_data:
        print_json([_as_data(one) for one in rounds])
    for stack, why in failed.items():
        say(line(f"{stack}: could not be verified: {why}"))
    for each in () if as_data else done:
        _show(each)
    if not as_data:
        table_of([_row(one) for one in rounds])
    return _code(rounds)


def _code(rounds: Sequence[Round]) -> int:
    if any(one.done is not None and one.done.matters for one in rounds):
        return NEEDS_YOU
    return OK if all(one.done is not None and one.done.saw_enough for one in rounds) else FAILED


def _row(one: Round) -> tuple[str, str, str]:
    if one.done is None:
        return one.stack, "failed", one.failed
    found = [finding.what for finding in one.done.findings if finding.matters]
    if one.done.matters:
        return one.stack, "finding" if len(found) == 1 else f"{len(found)} findings", found[0] if found else ""
    return one.stack, "well" if one.done.saw_enough else "not all seen", ""


def _as_data(one: Round) -> dict[str, object]:
    failed: dict[str, object] = {"stack": one.stack, "well": False, "failed": one.failed}
    return failed if one.done is None else as_json(one.done)


def _show(done: Verification) -> None:
    for finding in done.findings:
        show(told(finding, done.stack), _COLOURS[finding.severity], f": {finding.severity.value}: ")
    for suppressed in told_suppressed(done.report):
        show(suppressed, "dim")
    for gap in gaps(done):
        show(gap, "yellow")
    for sentence in shown(done):
        show(f"{done.stack}: {sentence}", "dim")
    echo(summary(done))
