"""`egress propose`: mappings for egress addresses that have none, as a change of domain files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import click

from egress import forge
from egress.cli._names import stacks_argument
from egress.cli._proposed import Patch, from_managers, from_proposals
from egress.cli.context import Project, timeout_option
from egress.cli.output import NEEDS_YOU, OK, echo, print_json, say
from egress.delivery.git.branch import Remote, What, proposed
from egress.domain import EgressError
from egress.escape import json_text
from egress.forge import Done, Kind, Mark, Outcome
from egress.forge.place import TOKENS
from egress.proposal import request
from egress.proposal.document import as_data, from_data
from egress.toolchain.running.own_files import read_object
from egress.writing import write

MARK = Mark("proposal")
_FILE = click.Path(path_type=Path, dir_okay=False)
_ANEW = "egress propose --out FILE writes one"


@click.command("propose")
@stacks_argument
@click.option("--write", "in_place", is_flag=True, help="Change the domain files.")
@click.option(
    "--branch",
    metavar="NAME",
    help="Commit the change on this branch, over HEAD; work tree and index stay as they are.",
)
@click.option("--push", is_flag=True, help="Push the branch to origin, too.")
@click.option(
    "--to",
    metavar="github|gitlab|file[:PATH]",
    help="Keep one pull request for the branch: opened, updated in place, closed when nothing is proposed any more.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON value on standard output.")
@click.option("--out", "out_file", type=_FILE, help="Also write that JSON value into this file.")
@click.option(
    "--from",
    "from_file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Take the proposals from such a file instead of asking managers.",
)
@timeout_option
@click.pass_obj
def command(
    project: Project,
    stacks: tuple[str, ...],
    in_place: bool,
    branch: str | None,
    push: bool,
    to: str | None,
    as_json: bool,
    out_file: Path | None,
    from_file: Path | None,
) -> int:
    """Propose mappings for egress addresses that have none: a change of domain files.

    The manager is read (GET only): every Tier-1 below the Tier-0, and what it translates to. A new egress address gets the smallest
    patch of the file: the next free translated address of egress.pool and the next priority; nothing where a mapping of the whole
    range is for it. One that moved keeps its mapping. What is gone is told, and never removed. Printed are the patch and its
    reasons; a file is changed whole or not at all, and only if no check finds an error that was not there before.

    The branch holds one commit, which the next run replaces; a commit of somebody else on it is never touched. --to speaks to
    the forge that the environment of its CI gives, with GITHUB_TOKEN (permissions: {contents: write, pull-requests: write}) or
    GITLAB_TOKEN (scopes api and write_repository). --out and --from part the job that reads managers from the one that writes.

    Exit codes: 0 nothing to propose; 1 could not see everything, or could not write; 2 something is proposed, or left to you.
    """
    kind = _kind(to)
    _refuse_contradictions(stacks, in_place, branch, push, kind, from_file)
    requests = forge.requests(kind, os.environ, branch) if kind and kind is not Kind.FILE and branch else None
    settings = forge.push_settings(kind, os.environ) if kind and push else {}
    for token in TOKENS if kind else ():
        os.environ.pop(token, None)  # no hook of git, which runs next, posts for us
    patches = _patches(project, stacks, from_file)
    proposals = [one.proposal for one in patches]
    if out_file:
        write(out_file, json_text(as_data(proposals)) + "\n")
    if as_json:
        print_json(as_data(proposals))
    for one in patches:
        _show(one, as_json)
    matters = any(one.matters for one in proposals)
    changed = [one for one in patches if one.before != one.after]
    if in_place:
        _write(changed)
    if branch and changed:
        remote = Remote(settings=settings) if push else None
        files = {one.file.path.relative_to(project.root).as_posix(): one.after for one in changed}
        done = proposed(project.root, branch, files, request.message(proposals), remote)
        pushed = ", pushed to origin" if push and done.what is not What.UNCHANGED else ""
        say(f"branch {branch}: {done.what} ({done.commit[:12]}){pushed}")
    if kind is Kind.FILE and to and (matters or any(one.stale for one in proposals)):
        _told(forge.upsert_comment(forge.comments(to, os.environ), MARK, request.body(proposals)))
    if requests:
        asked = forge.upsert_request(requests, MARK, request.TITLE, request.body(proposals)) if changed else None
        _told(asked or forge.close_request(requests, MARK, request.LEFT if matters else request.WELL))
    return NEEDS_YOU if matters else OK


def _kind(to: str | None) -> Kind | None:
    if to is None:
        return None
    name, colon, _ = to.partition(":")
    if name not in list(Kind) or (colon and name != Kind.FILE):
        raise EgressError(f"--to {to!r} is no forge, allowed is github, gitlab, file or file:PATH")
    return Kind(name)


def _refuse_contradictions(
    stacks: Sequence[str], in_place: bool, branch: str | None, push: bool, kind: Kind | None, from_file: Path | None
) -> None:
    if in_place and branch:
        raise click.UsageError("--write changes the files here, --branch leaves them as they are: give one of the two")
    if push and not branch:
        raise click.UsageError("--push pushes a branch: name it with --branch")
    if kind in (Kind.GITHUB, Kind.GITLAB) and not push:
        raise click.UsageError(
            f"--to {kind} keeps a pull request for a branch that is there: give --branch NAME and --push, too"
        )
    if kind in (Kind.GITHUB, Kind.GITLAB) and stacks:
        raise click.UsageError("a pull request is for all stacks, or another run would take its change back: name none")
    if from_file and stacks:
        raise click.UsageError("--from says which stacks: name none")


def _patches(project: Project, stacks: Sequence[str], from_file: Path | None) -> tuple[Patch, ...]:
    if from_file:
        what = "the proposal"
        return from_proposals(project, from_data(read_object(from_file, what, _ANEW), f"{what} {str(from_file)!r}"))
    return from_managers(project, stacks)


def _show(patch: Patch, as_json: bool) -> None:
    """The patch on standard output, and why on standard error, where it is in the way of no `git apply`."""
    proposal = patch.proposal
    if not as_json and patch.diff:
        echo(patch.diff, nl=False)
    for change in proposal.changes:
        say(f"{proposal.stack}: {change.key}: {'; '.join(change.why)}")
        for ask in change.asks:
            say(f"{proposal.stack}: {change.key}: confirm {ask}")
    for told in patch.warnings:
        say(f"{proposal.stack}: with it egress check says: {told}")
    for told in proposal.undecided:
        say(f"{proposal.stack}: left to you: {told}")
    for told in proposal.stale:
        say(f"{proposal.stack}: stale: {told}")
    for told in proposal.already:
        say(f"{proposal.stack}: {told}")
    if not proposal.matters:
        say(f"{proposal.stack}: nothing to propose")


def _write(patches: Sequence[Patch]) -> None:
    """Every file, if none was changed meanwhile. Errors: EgressError, before the first one is written."""
    for one in patches:
        with one.file.path.open(encoding="utf-8", newline="") as stream:
            if stream.read() != one.before:
                raise EgressError(f"{one.file.shown} was changed meanwhile, nothing was written: run it again")
    for one in patches:
        write(one.file.path, one.after)
        say(f"{one.file.shown}: written; egress plan {one.proposal.stack} shows what becomes of it")


def _told(outcome: Outcome) -> None:
    if outcome.done is not Done.NOTHING:
        say(f"the pull request: {outcome.done}{f' ({outcome.page})' if outcome.page else ''}")
