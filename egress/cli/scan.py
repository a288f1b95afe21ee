"""`egress scan`: a domain file from what is there."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from egress.cli._scanned import Target, beside, refuse_taken, targets, write_all
from egress.cli.context import Project, deadline, timeout_option
from egress.cli.output import FAILED, NEEDS_YOU, OK, echo, entry, print_json, progress, say
from egress.domain import EgressError
from egress.domain.credentials import DEFAULT
from egress.domain.fields import listed
from egress.domain.managers import ManagerKey
from egress.inventory.survey import Survey
from egress.policy.paths import last
from egress.scan import Draft, draft, without_uplinks

if TYPE_CHECKING:
    from egress.manager import Manager

_FOLDER = click.Path(path_type=Path, file_okay=False)


@dataclass(frozen=True)
class _Source:
    """Where answers come from: a manager, the lab, or a folder of kept ones."""

    host: str | None
    ca_file: Path | None
    credentials: str
    save: Path | None
    kept: Path | None


@click.command("scan")
@click.option("--host", metavar="HOST", help="The manager, with an optional port. With EGRESS_LAB it is the lab.")
@click.option(
    "--ca-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="PEM file with the manager's certificate authority. Default: the system's authorities.",
)
@click.option(
    "--credentials",
    metavar="PREFIX",
    default=DEFAULT,
    show_default=True,
    help="Prefix of the environment variables with user and password. The role Auditor is enough.",
)
@click.option("--tier0", "tier0s", multiple=True, metavar="ID", help="Only this Tier-0; may be given several times.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="The file to write, domains/NAME.yaml for instance; of several Tier-0s, the folder. Default: standard output.",
)
@click.option("--force", is_flag=True, help="Replace files that are there.")
@click.option(
    "--save", type=_FOLDER, metavar="DIR", help="Keep the manager's answers in this new folder, without secrets."
)
@click.option(
    "--from-dir",
    "kept",
    type=_FOLDER,
    metavar="DIR",
    help="Work from the answers that --save kept; no manager is asked.",
)
@timeout_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON value.")
@click.pass_obj
def command(
    project: Project,
    host: str | None,
    ca_file: Path | None,
    credentials: str,
    tier0s: tuple[str, ...],
    out: Path | None,
    force: bool,
    save: Path | None,
    kept: Path | None,
    as_json: bool,
) -> int:
    """Write a domain file from what a manager has; nothing is changed there. All that is sent are GETs.

    Every value has the path that it came from as a comment. What cannot be known is a line with QUESTION at its place; where a value is needed, the file
    does not load until the question is answered. What a domain file cannot hold is listed at the end, with the reason.

    Exit codes: 0 everything is in the file; 1 the manager could not be read, or a part that the file needs was not seen; 2 written, with questions, with objects
    that the file has no room for, or with a part that was not seen and that the file can do without.
    """
    source = _Source(host, ca_file, credentials, save, kept)
    _refuse_both(project, source)
    if out is not None and not out.is_dir():
        refuse_taken([out], force)
    found = _survey(project, source, tier0s)
    _refuse_bare(found)
    wanted = targets(found, out, force, source.ca_file, source.credentials)
    drafts = [(one, draft(found, one.gateway, one.top)) for one in wanted]
    written = {one.file: made.text for one, made in drafts if one.file is not None}
    if out is None and len(drafts) > 1 and not as_json:
        ids = listed([last(one) for one in found.gateways])
        raise EgressError(
            f"there are several Tier-0s, {ids}: name one with --tier0, or a folder for their files with --out"
        )
    write_all(written)
    if as_json:
        print_json(_as_json(found, drafts))
    else:
        for one, made in drafts:
            _tell(one, made)
    for one, stack in beside(wanted, source.kept is None and project.lab is not None):
        say(
            f"{one.top.name}: {stack} is of this Tier-0 already: an object has one owner, keep each in one of the two files"
        )
    if any(made.blind for _, made in drafts):
        return FAILED
    return NEEDS_YOU if any(made.questions or made.foreign or made.unseen for _, made in drafts) else OK


def _refuse_both(project: Project, source: _Source) -> None:
    """Errors: click's for two sources, or for none."""
    if source.kept and (source.host or source.save):
        raise click.UsageError("--from-dir asks no manager: it goes with neither --host nor --save")
    if not source.kept and not source.host and project.lab is None:
        raise click.UsageError("name the manager with --host, or a folder of kept answers with --from-dir")
    if source.kept or not source.host or project.lab is None:
        return
    if ManagerKey.of(source.host) != ManagerKey.of(project.lab.host):
        raise click.UsageError("EGRESS_LAB is set, so the lab is what is asked: take --host out, or unset EGRESS_LAB")


def _refuse_bare(found: Survey) -> None:
    """Errors: EgressError for a Tier-0 without an uplink: no file of it would mean anything."""
    bare = without_uplinks(found)
    if bare:
        others = [last(one) for one in found.gateways if last(one) not in bare]
        way_out = f", or name the others with --tier0: {listed(others)}" if others else ""
        raise EgressError(
            f"{listed(bare)} has no uplink, an external interface on an edge, so that nothing could leave by it: make one in NSX "
            f"first{way_out}; nothing was written"
        )


def _survey(project: Project, source: _Source, tier0s: Sequence[str]) -> Survey:
    """What was read. Errors: EgressError."""
    from egress.manager import survey  # the HTTP client is loaded by who asks a manager

    where = str(source.kept or source.host or (project.lab and project.lab.host))
    with progress(f"reading {where}") as tell, _manager(project, source, tell, where) as manager:
        return survey(manager, tier0s, lambda what: tell(f"reading {where}: {what}"))


@contextmanager
def _manager(project: Project, source: _Source, tell: Any, where: str) -> Iterator[Manager]:
    from egress.manager import Manager
    from egress.manager.access import of_host, of_lab
    from egress.manager.saved_answers import answering_from, keeping

    def count(objects: int) -> None:
        tell(f"reading {where}... {objects} objects")

    if source.kept:
        with answering_from(source.kept, count) as manager:
            yield manager
        return
    lab = None if source.kept else project.lab
    access = of_lab(lab) if lab else of_host(str(source.host), os.environ, source.ca_file, source.credentials)
    if source.save:
        with keeping(source.save, access, deadline(), count) as manager:
            yield manager
        return
    with Manager(access, deadline=deadline(), tell=count) as manager:
        yield manager


def _as_json(found: Survey, drafts: Sequence[tuple[Target, Draft]]) -> Mapping[str, Any]:
    return {
        "host": found.host,
        "nsx_version": found.version,
        "looked_for_vpcs": found.looked_for_vpcs,
        "files": [
            {"file": None if one.file is None else str(one.file), **made.as_json(), "text": made.text}
            for one, made in drafts
        ],
    }


def _tell(target: Target, made: Draft) -> None:
    """The file or its text, and what a person has to look at."""
    if target.file is None:
        echo(made.text, nl=False)
    else:
        echo(str(target.file))
    told = entry if target.file is not None else say
    for question in made.questions:
        told(f"question    {question}")
    for one in made.foreign:
        told(f"not held    {one}")
    for part in made.unseen:
        told(f"not seen    {part}")
    if made.domain is None:
        say(f"{target.top.name}: the file does not load before its questions are answered: look for QUESTION in it")
