"""`egress comment`: one comment on the pull request, updated in place."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import click

from egress import forge
from egress.cli.context import Project
from egress.cli.output import say
from egress.domain import EgressError
from egress.escape import code_block
from egress.forge import Mark
from egress.forge.place import is_of_a_fork
from egress.review.comment import COMMENT, render
from egress.review.finding import GateVerdict
from egress.review.gate.asking import ask
from egress.review.planned_run import PlannedRun

MARK = Mark("pull-request")
_STRANGERS = "Made by a run of a fork's own code, which may claim anything: nobody has looked into it.\n\n"


@click.command("comment")
@click.argument("source", metavar="[DIR|FILE]", required=False, type=click.Path(path_type=Path, exists=True))
@click.option(
    "--to",
    required=True,
    metavar="github|gitlab|file[:PATH]",
    help="Where it is posted. The forges are those of the environment that their CI gives.",
)
@click.option(
    "--body",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Instead of DIR: a text that is not trusted, as from the artifact of a fork. It is shown as it is, in a code block.",
)
@click.option("--gate", is_flag=True, help="With what egress gate says of the plans.")
@click.option(
    "--base", "reference", metavar="REF", help="The branch that is merged into, as for egress gate; with its findings."
)
@click.pass_obj
def command(
    project: Project, source: Path | None, to: str, body: Path | None, gate: bool, reference: str | None
) -> None:
    """Post what saved plans do as one comment on the pull request, updated in place.

    DIR is what `egress plan --out DIR` left; FILE is Markdown of your own, which is posted as it is. The comment is found again by
    a hidden mark, and only if its author is the one who posts now. Nothing is written where it says so already.

    For GitHub, GITHUB_TOKEN, with permissions: {pull-requests: write}; for GitLab, GITLAB_TOKEN, with the scope api.

    Exit codes: 0 posted, or it says so already; 1 not posted.
    """
    comments = forge.comments(to, os.environ)
    if body and not source:
        text = f"{_STRANGERS}{code_block(_read(body))}"
    elif source and not body:
        text = _of(project, source, gate=gate or reference is not None, reference=reference)
    else:
        raise EgressError("what to post? one of DIR, FILE and --body FILE is needed")
    done = forge.upsert_comment(comments, MARK, text)
    say(f"the comment: {done.done}{f' ({done.page})' if done.page else ''}")


def _of(project: Project, source: Path, *, gate: bool, reference: str | None) -> str:
    """The body: plans are told by our own words, whoever made them; Markdown is for those who wrote it themselves."""
    of_a_fork = is_of_a_fork(os.environ)
    if source.is_dir():
        head = _STRANGERS if of_a_fork else ""
        run = PlannedRun.read(source)
        return head + render(run, COMMENT - len(head), _verdict(project, run, reference) if gate else None)
    if gate:
        raise EgressError(
            f"{str(source)!r} is a file, and the gate judges plans: give their folder, or leave out --gate and --base"
        )
    if of_a_fork:
        raise EgressError(
            f"{str(source)!r} comes from a run of a fork, and Markdown of strangers is not posted as it is: give the folder of its "
            f"plans, or --body {source}"
        )
    return _read(source)


def _verdict(project: Project, run: PlannedRun, reference: str | None) -> GateVerdict:
    """What the gate says. Errors: EgressError, DomainFileError; nothing is posted then."""
    return ask(project.root, run, reference, os.environ, datetime.now(UTC)).verdict


def _read(file: Path) -> str:
    """A text that fits into a comment. Errors: EgressError."""
    with file.open("rb") as opened:
        raw = opened.read(COMMENT + 1)
    if len(raw) > COMMENT:
        raise EgressError(f"{str(file)!r} is longer than {COMMENT:,} bytes, which is what a comment may have: cut it")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise EgressError(f"{str(file)!r} is no text in UTF-8") from None
    if not text.strip():
        raise EgressError(f"{str(file)!r} is empty: a comment that says nothing is not posted")
    return text
