"""Runs the rules over domains and keeps what they said. Data first; text.py and sarif.py only write it down."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from egress.checks.registry import RULES
from egress.checks.rule import REGISTRY, Broken, CannotKnow, Path, Rule, Severity, Verdict
from egress.checks.suppressions import UNUSED
from egress.domain import Place, Problem, WorkloadDomain
from egress.policy.presence import Presence

_NOT_SUPPRESSIBLE = {UNUSED, "suppression-of-unknown-rule"}
_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


class Finding(NamedTuple):
    """A broken rule. `key`: dotted path of the value. `place`: None for a domain that was not read from a file.
    `reason`: why it is suppressed, None if it is not."""

    rule: Rule
    stack: str
    key: str
    place: Place | None
    what: str
    fix: str
    reason: str | None = None


class Undecided(NamedTuple):
    """A rule that the files do not tell enough for, and what is missing."""

    rule: Rule
    stack: str
    what: str


@dataclass(frozen=True)
class Report:
    """What the rules said about `stacks`.

    `findings` without the suppressed ones, worst first; `problems`: findings in files that are no domain yet.
    """

    stacks: tuple[str, ...]
    findings: tuple[Finding, ...] = ()
    suppressed: tuple[Finding, ...] = ()
    undecided: tuple[Undecided, ...] = ()
    problems: tuple[Problem, ...] = ()

    def __add__(self, other: Report) -> Report:
        """What two reports over the same stacks say, in one."""
        return Report(
            self.stacks,
            tuple(sorted((*self.findings, *other.findings), key=_rank)),
            tuple(sorted((*self.suppressed, *other.suppressed), key=_rank)),
            (*self.undecided, *other.undecided),
            (*self.problems, *other.problems),
        )

    def of(self, severity: Severity) -> tuple[Finding, ...]:
        """The findings of one severity, in the order of files and lines."""
        return tuple(finding for finding in self.findings if finding.rule.severity is severity)

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Findings that stop a synth."""
        return self.of(Severity.ERROR)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """Findings that a synth counts, and that `egress check` tells."""
        return self.of(Severity.WARNING)

    @property
    def notes(self) -> tuple[Finding, ...]:
        """Findings that are told only by `egress check`."""
        return self.of(Severity.NOTE)

    @property
    def failed(self) -> bool:
        """Whether there is an error, or a file that is no domain."""
        return bool(self.errors or self.problems)

    def about(self, stack: str) -> Report:
        """What was said about one of the stacks, judged together with the others. Without the files that are no domain."""
        return Report(
            stacks=(stack,),
            findings=tuple(finding for finding in self.findings if finding.stack == stack),
            suppressed=tuple(finding for finding in self.suppressed if finding.stack == stack),
            undecided=tuple(entry for entry in self.undecided if entry.stack == stack),
        )

    def verdict(self, rule_id: str, stack: str) -> Verdict:
        """What one rule says about one stack. A suppressed finding is still a broken rule."""
        if any(f.rule.id == rule_id and f.stack == stack for f in (*self.findings, *self.suppressed)):
            return Verdict.BROKEN
        if any(u.rule.id == rule_id and u.stack == stack for u in self.undecided):
            return Verdict.CANNOT_KNOW
        return Verdict.HOLDS


class About(NamedTuple):
    """What a report has to know of a domain: its stack, and what it suppresses."""

    stack: str
    suppress: tuple[Suppressing, ...]

    @classmethod
    def of(cls, domain: WorkloadDomain) -> About:
        """The same of a domain."""
        return cls(domain.stack, tuple(_suppressing(domain, index) for index in range(len(domain.suppress))))


class Suppressing(NamedTuple):
    """A suppression. `unused`: what is said where it suppresses nothing."""

    rule: str
    reason: str
    unused: Finding


def check(domains: Sequence[WorkloadDomain], problems: Iterable[Problem] = ()) -> Report:
    """Judges every rule over the domains. Pure: reads no file, asks no network.

    `problems`: findings of files that could not be read as domains, carried into the report.
    """
    outcomes = (said(rule, domain, outcome) for rule in RULES for domain, outcome in outcomes_of(rule, domains))
    return report(outcomes, map(About.of, domains), [rule for rule in RULES if not rule.live], problems)


def check_live(there: Sequence[Presence]) -> Report:
    """Judges the rules over domains and what their managers hold. Pure: the looking was done before."""
    rules = [rule for rule in RULES if rule.live]
    outcomes = (
        said(rule, one.domain, outcome) for rule in rules if rule.live for one in there for outcome in rule.live(one)
    )
    return report(outcomes, [About.of(one.domain) for one in there], rules)


def said(rule: Rule, domain: WorkloadDomain, outcome: Broken | CannotKnow) -> Finding | Undecided:
    """What a rule said about a domain, as a report has it."""
    if isinstance(outcome, CannotKnow):
        return Undecided(rule, domain.stack, outcome.what)
    return Finding(rule, domain.stack, _dotted(outcome.at), domain.place(*outcome.at), outcome.what, outcome.fix)


def report(
    outcomes: Iterable[Finding | Undecided],
    about: Iterable[About],
    judged: Sequence[Rule],
    problems: Iterable[Problem] = (),
) -> Report:
    """All that the judged rules said about some domains, rule by rule. `problems`: as in `check`."""
    findings: list[Finding] = []
    undecided: dict[Undecided, None] = {}
    for outcome in outcomes:
        if isinstance(outcome, Undecided):
            undecided[outcome] = None
        else:
            findings.append(outcome)
    about = tuple(about)
    open_, suppressed = _suppress(findings, about, judged)
    return Report(
        stacks=tuple(one.stack for one in about),
        findings=tuple(sorted(dict.fromkeys(open_), key=_rank)),
        suppressed=tuple(sorted(dict.fromkeys(suppressed), key=_rank)),
        undecided=tuple(undecided),
        problems=tuple(sorted(set(problems))),
    )


def outcomes_of(rule: Rule, domains: Sequence[WorkloadDomain]) -> Iterator[tuple[WorkloadDomain, Broken | CannotKnow]]:
    """What a rule over files says about domains, each with the one that it is about."""
    if rule.one:
        for domain in domains:
            for outcome in rule.one(domain):
                yield domain, outcome
    if rule.all:
        for outcome in rule.all(domains):
            assert outcome.domain is not None, f"{rule.id} does not say whose value it is"
            yield outcome.domain, outcome


def _dotted(path: Path) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def _rank(finding: Finding) -> tuple[int, str, int, int, str, str]:
    place = finding.place or Place(finding.stack, 0, 0)
    return _ORDER[finding.rule.severity], place.file, place.line, place.column, finding.rule.id, finding.what


def _suppress(
    findings: Sequence[Finding], about: Sequence[About], judged: Sequence[Rule]
) -> tuple[list[Finding], list[Finding]]:
    reasons = {(one.stack, entry.rule): entry.reason for one in about for entry in one.suppress}
    open_: list[Finding] = []
    suppressed: list[Finding] = []
    for finding in findings:
        reason = reasons.get((finding.stack, finding.rule.id))
        if reason is None or finding.rule.id in _NOT_SUPPRESSIBLE:
            open_.append(finding)
        else:
            suppressed.append(finding._replace(reason=reason))
    used = {(finding.stack, finding.rule.id) for finding in suppressed}
    return open_ + _unused(about, used, judged), suppressed


def _unused(about: Sequence[About], used: set[tuple[str, str]], judged: Sequence[Rule]) -> list[Finding]:
    """Suppressions of the judged rules that suppress nothing: a rule that was not asked is not one that holds."""
    known = {rule.id for rule in judged}
    return [
        entry.unused
        for one in about
        for entry in one.suppress
        if entry.rule in known and (one.stack, entry.rule) not in used
    ]


def _suppressing(domain: WorkloadDomain, index: int) -> Suppressing:
    entry = domain.suppress[index]
    what = f"{entry.rule} finds nothing to suppress here"
    unused = said(REGISTRY[UNUSED], domain, Broken(("suppress", index, "rule"), what, "take the suppression out"))
    assert isinstance(unused, Finding)
    return Suppressing(entry.rule, entry.reason, unused)
