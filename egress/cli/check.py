"""`egress check`: the preflight rules over domain files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import click

from egress.checks import Report, Severity, check, summary, told
from egress.checks.in_parts import Part, together
from egress.checks.sarif import as_sarif
from egress.checks.text import as_json, explained, page, told_suppressed
from egress.cli._names import RuleId, StackOrFile, is_path
from egress.cli._parts import in_parts, parts_of
from egress.cli.context import Project, deadline, timeout_option
from egress.cli.output import FAILED, NEEDS_YOU, OK, Shown, echo, print_json, progress, say, show_all
from egress.domain import DomainFile, DomainFileError, EgressError, Place, Problem, WorkloadDomain, find_root
from egress.domain.fields import quoted
from egress.domain.files import Looked, look, named, select
from egress.domain.fleet import Fleet, load
from egress.layout import Places
from egress.policy.identity import GatewayKey

if TYPE_CHECKING:
    from egress.answers.what_if import Loss
    from egress.delivery.planning.looks import Found

WHAT_IF = 20
"""Of more domains than this the what-if matrix is not made unless it is asked for: it takes longer than the rules."""
_LOOKED_AT = 10
"""Files that are read to see whether a fleet is worth parts."""
_COLOURS = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}


@click.command("check")
@click.argument("names", nargs=-1, metavar="[STACK|FILE]...", type=StackOrFile())
@click.option("--strict", is_flag=True, help="Exit 2 for warnings, too.")
@click.option("--undecided", is_flag=True, help="Also list the rules that the files do not tell enough for.")
@click.option(
    "--live", is_flag=True, help="Also look at the managers, by GET: whose is what, what stands twice or in the way."
)
@click.option(
    "--what-if/--no-what-if",
    "asked",
    default=None,
    help=f"Say what still works when an edge, an uplink, a router or a VLAN fails. Default: of up to {WHAT_IF} domains without an error.",
)
@timeout_option
@click.option("--json", "form", flag_value="json", help="Print the report as JSON.")
@click.option("--sarif", "form", flag_value="sarif", help="Print the report as SARIF 2.1.0.")
@click.option(
    "--rules", "form", flag_value="rules", help="Print all rules as Markdown (docs/rules.md) and judge nothing."
)
@click.option(
    "--explain",
    "rule",
    metavar="RULE",
    type=RuleId(),
    help="Print why a rule is there, as in docs/rules.md, and judge nothing.",
)
@click.pass_obj
def command(
    project: Project,
    names: tuple[str, ...],
    strict: bool,
    undecided: bool,
    live: bool,
    asked: bool | None,
    form: str | None,
    rule: str | None,
) -> int:
    """Judge domain files against the preflight rules. Needs no NSX, no engine and no network, unless --live asks for it.

    Takes stacks and files; without either, every stack. Rules over several domains see those that were named.
    Exits 2 when there is an error, or a file that is no domain; with --strict for a warning, too; 1 when --live could not look.
    """
    if rule is not None:
        echo(explained(rule))
        return OK
    if form == "rules":
        echo(page(), nl=False)
        return OK
    files, problems = _files(project, names)
    if not live and not asked and parts_of(len(files)) > 1 and not _share_much(files):
        return _told(_in_parts(files, problems), form, strict, undecided)
    loaded = load(files)
    report = check(loaded.domains, (*problems, *loaded.problems, *_authorities(files, loaded.domains)))
    unseen = False
    if live:
        looked = _look(project, loaded.domains)
        unseen = any(one.failed for one in looked)
        report = sum((one.report for one in looked), report)
    wanted = len(loaded.domains) <= WHAT_IF and not report.failed if asked is None else asked
    losses = _what_if(loaded.domains) if wanted and form != "sarif" else {}
    code = _told(report, form, strict, undecided, losses)
    return FAILED if unseen and code == OK else code


def _told(
    report: Report,
    form: str | None,
    strict: bool,
    undecided: bool,
    losses: Mapping[str, Sequence[Loss]] = MappingProxyType({}),
) -> int:
    """Prints a report. The exit code that it means."""
    if form == "json":
        matrix = {stack: [loss.as_json() for loss in found] for stack, found in losses.items()}
        print_json({**as_json(report), "what_if": matrix})
    elif form == "sarif":
        print_json(as_sarif(report, metadata.version("tier0-egress")))
    else:
        _print(report, undecided, losses)
    return NEEDS_YOU if report.failed or (strict and report.warnings) else OK


def _in_parts(files: Sequence[DomainFile], problems: Sequence[Problem]) -> Report:
    """The report over very many files, read and judged by several processes; those that meet another are judged here once more."""
    by_stack = {file.stack: file for file in files}
    wrong = list(problems)

    def part(stacks: Sequence[str]) -> tuple[Part, list[Problem]]:
        found: list[Problem] = []

        def domains() -> Iterator[WorkloadDomain]:
            those = [by_stack[stack] for stack in stacks]
            for file, read in zip(those, Fleet(Path()).each(those), strict=True):
                if isinstance(read, DomainFileError):
                    found.extend(read.problems)
                else:
                    found.extend(_authorities([file], [read]))
                    yield read

        return Part.of(domains()), found

    def again(stacks: Sequence[str]) -> Sequence[WorkloadDomain]:
        loaded = load([by_stack[stack] for stack in stacks])
        wrong.extend(loaded.problems)  # somebody wrote it meanwhile
        return loaded.domains

    parts = in_parts(list(by_stack), part)
    wrong += [problem for _, those in parts for problem in those]
    return together([one for one, _ in parts], again, wrong)


def _share_much(files: Sequence[DomainFile]) -> bool:
    """Whether some files here and there are on one Tier-0: then most domains meet another, and parts would be judged twice."""
    some = load(files[:: max(1, len(files) // _LOOKED_AT)]).domains
    return len({GatewayKey.of(domain) for domain in some}) < len(some)


def _what_if(domains: Sequence[WorkloadDomain]) -> dict[str, tuple[Loss, ...]]:
    """The what-if matrix of each domain, by its stack, as if everything were applied."""
    from egress.answers.what_if import what_if  # the walk's rooms: a check of many domains does without
    from egress.policy.identity import GatewayKey, by_gateway
    from egress.reachability.view import View, view

    sharing = by_gateway(domains)
    found = {}
    earlier: dict[GatewayKey, View] = {}
    for domain in domains:
        key = GatewayKey.of(domain)
        try:
            made = view(domain, sharing[key], like=earlier.get(key))
            if len(sharing[key]) > 1:
                earlier[key] = made
            found[domain.stack] = what_if(made)
        except EgressError as error:  # the rules have judged the file: what the walk cannot do is no fault of it
            say(f"{domain.stack}: what if: not walked: {error}")
    return found


def _look(project: Project, domains: Sequence[WorkloadDomain]) -> list[Found]:
    """What is on the managers around each domain. What could not be seen is said."""
    from egress.delivery.planning.looks import found_by_file, stray_states  # the engine's rooms: only --live needs them
    from egress.delivery.planning.looks import look as look_at

    places = Places(project.root, project.lab is not None)
    strays = stray_states(places, project.stacks)
    looked = []
    for domain in domains:
        with progress(f"reading {project.lab.host if project.lab else domain.nsx.host} for {domain.stack}"):
            one = found_by_file(
                domain, look_at(domain, project.root, project.lab, deadline()), places, project.stacks, strays
            )
        if one.failed:
            say(f"{domain.stack}: not seen: {one.failed}")
        looked.append(one)
        strays = ()  # told once
    return looked


def _files(project: Project, names: Sequence[str]) -> tuple[tuple[DomainFile, ...], tuple[Problem, ...]]:
    """The files that the names mean. A name with a slash or a `.yaml` at its end is a file, any other a stack."""
    found: list[DomainFile] = []
    problems: list[Problem] = []
    stacks = [name for name in names if not is_path(name)]
    projects: dict[Path, Looked] = {}
    for name in names:
        if is_path(name):
            try:
                found += named(Path(name), Path.cwd(), projects)
            except DomainFileError as error:
                problems += error.problems
    if stacks or not names:
        known, passed_over = look(project.root)
        problems += passed_over
        if known or stacks or not passed_over:
            found += select(known, stacks)
    return _each_once(found), tuple(problems)


def _authorities(files: Sequence[DomainFile], domains: Sequence[WorkloadDomain]) -> list[Problem]:
    """A finding for each `nsx.ca_file` that is missing or no certificate, in files that lie in a project."""
    named_ones = [domain for domain in domains if domain.nsx.ca_file]
    if not named_ones:
        return []
    from egress.manager.access import unusable  # what it imports takes a tenth of a second

    paths = {file.stack: file for file in files}
    found = []
    for domain in named_ones:
        file = paths[domain.stack]
        try:
            why = unusable(find_root(file.path.resolve().parent), domain.nsx.ca_file)
        except EgressError:
            continue
        if why:
            place = domain.place("nsx", "ca_file") or Place(file.shown, 1, 1)
            found.append(Problem(place, "nsx.ca_file", f"{quoted(domain.nsx.ca_file)} cannot be used: {why}"))
    return found


def _each_once(files: Sequence[DomainFile]) -> tuple[DomainFile, ...]:
    """Every file once, however often it was named. Errors: EgressError for two files that give one stack."""
    chosen = {file.path.absolute(): file for file in files}
    stacks: dict[str, DomainFile] = {}
    for file in chosen.values():
        other = stacks.setdefault(file.stack, file)
        if other is not file:
            raise EgressError(f"{other.shown} and {file.shown} both give the stack {file.stack!r}, check one at a time")
    return tuple(chosen.values())


def _print(report: Report, undecided: bool, losses: Mapping[str, Sequence[Loss]]) -> None:
    show_all(_lines(report, undecided, losses))
    echo(summary(report))


def _lines(report: Report, undecided: bool, losses: Mapping[str, Sequence[Loss]]) -> Iterator[Shown]:
    for problem in report.problems:
        key = f"{problem.key}: " if problem.key else ""
        yield _line(f"{problem.place}: error: {key}{problem.what}", Severity.ERROR)
    for finding in report.findings:
        yield _line(told(finding), finding.rule.severity)
    for suppressed in told_suppressed(report):
        yield suppressed, "dim", None
    for entry in report.undecided if undecided else ():
        yield f"{entry.stack}: undecided: {entry.what} [{entry.rule.id}]", "dim", None
    for stack, found in losses.items():
        for sentence in _matrix(found):
            yield f"{stack}: {sentence}", "dim", None


def _line(text: str, severity: Severity) -> Shown:
    return text, _COLOURS[severity], f": {severity.value}: "


def _matrix(losses: Sequence[Loss]) -> Iterator[str]:
    """What single failures do: those that do something one by one, the others together."""
    yield from (loss.in_words() for loss in losses if not loss.harmless)
    harmless = [str(loss.outage) for loss in losses if loss.harmless]
    if harmless:
        yield f"nothing is worse without {' or '.join(harmless)}"
