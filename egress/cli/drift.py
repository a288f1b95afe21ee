"""`egress drift`: what somebody changed behind the engine's back."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import click

from egress import forge
from egress.cli._beside import at_once, parallel_option, table_of
from egress.cli._drift_issues import DriftIssues
from egress.cli._names import stacks_argument
from egress.cli._runs import for_each, lock_timeout, planned, tell
from egress.cli.context import Project
from egress.cli.output import FAILED, NEEDS_YOU, OK, echo, entry, print_json, say
from egress.delivery.content import drift
from egress.delivery.content.drift import Drift
from egress.delivery.content.network_words import short_name, value
from egress.delivery.planning.looks import Found
from egress.delivery.planning.plans import Verb
from egress.domain import EgressError
from egress.escape import line
from egress.forge import Kind
from egress.forge.place import TOKENS
from egress.review import drift_issue
from egress.toolchain.stack.stacks import Stack


@click.command("drift")
@stacks_argument
@click.option("--json", "as_json", is_flag=True, help="One JSON value on standard output.")
@click.option(
    "--issue",
    type=click.Choice([Kind.GITHUB.value, Kind.GITLAB.value]),
    help="Keep one issue per stack: opened and updated where it has drifted or could not be compared, closed when it is well.",
)
@parallel_option
@lock_timeout
@click.pass_obj
def command(
    project: Project, stacks: tuple[str, ...], as_json: bool, issue: str | None, parallel: int | None, patience: int
) -> int:
    """Compare the manager with the state, attribute by attribute; nothing is written.

    Also looked for is what no engine sees: a state that tracks nothing, a second default route, rules of others that match
    before ours, another HA mode or uplink address than declared. An object that was only saved again (its revision moved, no
    value did) is mentioned and is no drift. A network list that the manager leaves out of its answer is not seen by the
    provider, so not here either: egress verify reads the manager itself, and holds the file against it.

    --issue speaks to the forge that the environment of its CI gives, with GITHUB_TOKEN (permissions: {issues: write}) or
    GITLAB_TOKEN (scope api).

    Exit codes: 0 no drift; 1 could not compare, or could not see everything; 2 drift, or nothing is tracked.
    """

    def act(stack: Stack, around: Found) -> Compared:
        found = drift.read(planned(stack, Verb.REFRESH).content)
        return Compared(stack.name, stack.run.target(stack.domain), found, around.without_objects())

    issues = DriftIssues(forge.issues(Kind(issue), os.environ)) if issue else None
    for token in TOKENS if issue else ():
        os.environ.pop(token, None)  # neither main.py nor engine nor provider, which run next, posts for us
    domains = project.domains(stacks)
    failures: dict[str, str] = {}
    try:
        done = for_each(
            project,
            domains,
            act,
            patience=patience,
            parallel=at_once(parallel, project),
            go_on=True,
            failed=failures.__setitem__,
        )
    except EgressError as error:
        if issues:
            issues.none_compared([domain.stack for domain in domains], str(error))
        raise
    whole = [one for one in done if one is not None]
    if as_json:
        print_json([one.as_data() for one in whole])
    for one in whole:
        tell(one.around, one.stack)
        if not as_json:
            _show(one)
    if not as_json:
        table_of([_row(domain.stack, one, failures) for domain, one in zip(domains, done, strict=True)])
    if issues:
        _post(issues, whole, failures)
        if not stacks:
            issues.gone(project.stacks)
    if any(one.matters for one in whole):
        return NEEDS_YOU
    return FAILED if len(whole) < len(done) or any(one.around.failed for one in whole) else OK


@dataclass(frozen=True)
class Compared:
    """A stack, what it is on, what of it is not as its state says, and what is around it."""

    stack: str
    target: str
    drift: tuple[Drift, ...]
    around: Found

    @property
    def matters(self) -> bool:
        """Whether somebody has to look."""
        return any(one.matters for one in self.drift) or self.around.matters

    def as_data(self) -> dict[str, Any]:
        """For programs."""
        return {"stack": self.stack, "drift": [one.as_data() for one in self.drift]} | self.around.as_data()


def _post(issues: DriftIssues, whole: list[Compared], failures: dict[str, str]) -> None:
    """What was found, to the stacks' issues: answers come first, so that they are there if the forge is not."""
    for name, why in failures.items():
        issues.not_compared(name, why)
    for one in whole:
        if one.matters:
            body = drift_issue.body(one.stack, one.target, one.drift, one.around.report, one.around.failed)
            issues.drifted(one.stack, body)
        elif one.around.failed:
            issues.not_compared(one.stack, one.around.failed)
        else:
            issues.well(one.stack)


def _row(stack: str, compared: Compared | None, failures: Mapping[str, str]) -> tuple[str, str, str]:
    if compared is None:
        return stack, "failed", failures.get(stack, "")
    if compared.matters:
        names = [short_name(one.path) for one in compared.drift if one.matters]
        return stack, "drift" if names else "findings", ", ".join(names)
    return stack, "not seen" if compared.around.failed else "no drift", compared.around.failed


def _show(compared: Compared) -> None:
    name, found = compared.stack, compared.drift
    for one in found:
        if not one.matters:
            say(f"{name}: {line(short_name(one.path))} was saved again, its revision moved and nothing else")
    real = [one for one in found if one.matters]
    if not real:
        if not compared.matters and not compared.around.failed:
            say(f"{name}: no drift")
        return
    echo(f"{name}: drift, in the state -> on the manager")
    for one in real:
        if one.deleted:
            entry(f"{short_name(one.path)}: deleted")
        for change in one.values:
            words = value(change.attribute, change.state, change.manager)
            entry(f"{short_name(one.path)}: {words.attribute}: {words.before} -> {words.after}")
    say(f"to put it back: egress apply {name}; to keep it: change the domain file")
