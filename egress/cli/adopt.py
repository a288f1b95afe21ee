"""`egress adopt`: hand-made routes and rules become those of a domain file."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from egress.adoption import Adoption, Refusal, adoption, others_of, same_but_for, still_there
from egress.checks import check
from egress.cli._names import stacks_argument
from egress.cli._runs import agreement, asking
from egress.cli.context import Project, deadline, timeout_option
from egress.cli.output import FAILED, NEEDS_YOU, OK, echo, entry, print_json, progress, say
from egress.domain import DomainFile, DomainFileError, EgressError, Problem, WorkloadDomain, find_files
from egress.domain.editing import edited, told
from egress.domain.fields import listed
from egress.domain.files import merged_tree, read_tree, select
from egress.domain.reading import validated
from egress.domain.tree import without_nulls
from egress.policy.owned import owned
from egress.policy.paths import Collection, collection, last
from egress.policy.tree import Json, PolicyObjects
from egress.writing import write

if TYPE_CHECKING:
    from egress.manager import Manager


@click.command("adopt")
@stacks_argument
@click.option("--dry-run", is_flag=True, help="Show the match and what would be written; write nothing.")
@agreement
@timeout_option
@click.option("--json", "as_json", is_flag=True, help="One JSON value on standard output instead of words.")
@click.pass_obj
def command(project: Project, stacks: tuple[str, ...], dry_run: bool, yes: bool, as_json: bool) -> int:
    """Match hand-made objects with a domain file, and write their ids into it.

    Routes and rules are matched by what they do to packets, never by name. The match is shown, and what the file has to say so that the
    next plan imports them and changes nothing: ids, names, descriptions, tags, priorities, admin distances, scope. Comments and layout stay.
    Nothing is sent to the manager but GETs.

    Nothing is written where one of them is refused, with the reason: two that do the same; one that does something else than the file
    says; one that an import would change or damage. A stack that fails hides no other.

    Exit codes: 0 written, or nothing to write; 1 could not answer, or declined; 2 refused, or, with --dry-run, something to write.
    """
    domains = {domain.stack: domain for domain in project.everyone}
    files, made, failed = select(find_files(project.root), stacks), [], False
    for file in files:
        try:
            one = _Adopting.of(project, file, domains)
            domains[file.stack] = one.after
            made.append((one, _done(one, dry_run=dry_run, yes=yes, quiet=as_json)))
        except EgressError as error:
            if len(files) == 1:
                raise
            say(f"egress: {file.stack}: {error}")
            failed = True
    if as_json:
        print_json([one.as_data(written=done is True) for one, done in made])
    if failed:
        return FAILED
    if any(one.refusals for one, _ in made):
        return NEEDS_YOU
    if dry_run:
        return NEEDS_YOU if any(one.changes for one, _ in made) else OK
    return FAILED if any(done is False for _, done in made) else OK


@dataclass(frozen=True)
class _Adopting:
    """A domain file held against its manager. before, text: what the file says, and is to say. after: the domain that it then is;
    warned: preflight rules that warn of it only then."""

    file: DomainFile
    found: Adoption
    refusals: tuple[Refusal, ...]
    before: str
    text: str
    after: WorkloadDomain
    warned: tuple[str, ...] = ()

    @classmethod
    def of(cls, project: Project, file: DomainFile, domains: Mapping[str, WorkloadDomain]) -> _Adopting:
        """Reads file and manager, and matches them. Errors: EgressError."""
        read_tree(file)  # tells a file that cannot be read, or is no text
        before = file.path.read_bytes().decode("utf-8")
        domain = _domain(file, before)
        gateway, objects = _below(project, domain)
        name = objects[gateway].get("display_name")
        others = others_of(domain, gateway, list(domains.values()), str(name))

        def match(text: str) -> tuple[WorkloadDomain, Adoption]:
            read = _domain(file, text)
            return read, adoption(read, gateway, objects, _given(file, text), others)

        _, found = match(before)
        if found.refusals or not found.edits:
            return cls(file, found, found.refusals, before, before, domain)
        text = edited(before, file.shown, found.edits)
        try:
            after, again = match(text)
        except DomainFileError as error:
            return cls(file, found, tuple(map(_unloadable, error.problems)), before, before, domain)
        was, now = (without_nulls(merged_tree(file, raw=one.encode())).plain() for one in (before, text))
        if not still_there(found, again) or not same_but_for(was, now, found.edits):
            raise EgressError(
                f"{file.shown}: what was to be written does not give these objects, nothing was changed: this is a defect, report it"
            )
        broken, warned = _checked(domain, after)
        return cls(file, found, broken, before, text, after, warned)

    @property
    def changes(self) -> bool:
        return self.text != self.before and not self.refusals

    @property
    def diff(self) -> str:
        """What would be written, as a unified diff."""
        lines = (self.before.splitlines(), self.text.splitlines())
        return "\n".join(difflib.unified_diff(*lines, self.file.shown, self.file.shown, lineterm="", n=1))

    def as_data(self, *, written: bool) -> dict[str, Any]:
        """For programs."""
        return {
            "stack": self.file.stack,
            "file": self.file.shown,
            "gateway": self.found.gateway,
            "matches": [
                {
                    "at": told(match.own.at),
                    "path": match.theirs.path,
                    "writes": {told(edit.at): edit.value for edit in match.edits},
                }
                for match in self.found.matches
            ],
            "writes": {told(edit.at): edit.value for edit in self.found.scope},
            "to_add": [told(own.at) for own in self.found.missing],
            "refused": [{"at": told(one.at), "why": one.why, "paths": list(one.paths)} for one in self.refusals],
            "notes": list(self.found.notes),
            "strangers": dict(self.found.strangers),
            "warned": list(self.warned),
            "diff": self.diff if self.changes else "",
            "written": written,
        }


def _below(project: Project, domain: WorkloadDomain) -> tuple[str, PolicyObjects]:
    """The Tier-0 of a domain and what stands below it. Errors: EgressError."""
    from egress.manager import Manager  # httpx takes its time to load

    where = f"lab {project.lab.host}" if project.lab else domain.nsx.host
    with (
        progress(f"reading {where} for {domain.stack}"),
        Manager.of(domain, project.root, project.lab, deadline()) as manager,
    ):
        gateway, objects = manager.below(domain.tier0, bfd_peers=bool(owned(domain).bfd_peers))
        return gateway, objects if owned(domain).bfd_peers else objects | _unasked_peers(manager, gateway)


def _unasked_peers(manager: Manager, gateway: str) -> dict[str, Json]:
    """BFD peers of a gateway whose file says nothing of them: told where they can be read, and nothing hangs on it."""
    from egress.manager.refusals import PartError

    try:
        return dict(manager.children(collection(gateway, Collection.STATIC_ROUTES), Collection.BFD_PEERS))
    except PartError:
        return {}


def _domain(file: DomainFile, text: str) -> WorkloadDomain:
    return validated(merged_tree(file, raw=text.encode()), file.stack)


def _given(file: DomainFile, text: str) -> Mapping[str, Any]:
    """What the file itself says, without its defaults."""
    plain = merged_tree(DomainFile(file.path, file.shown, file.stack), raw=text.encode()).plain()
    assert isinstance(plain, dict)
    return plain


def _unloadable(problem: Problem) -> Refusal:
    """What the manager has and a domain file does not take."""
    at = tuple(problem.key.split("."))
    return Refusal(at, problem.key, f"a domain file does not take what the manager has: {problem.what}", ())


def _checked(before: WorkloadDomain, after: WorkloadDomain) -> tuple[tuple[Refusal, ...], tuple[str, ...]]:
    """What the preflight rules say of a file only afterwards: errors, which refuse it, and the rules that warn."""
    was, now = check([before]), check([after])
    had = {(one.rule.id, one.key) for one in was.findings}
    broken = tuple(
        Refusal(
            tuple(one.key.split(".")),
            one.key,
            f"the file would break {one.rule.id} then ({one.what}): {one.fix}, in NSX first, or suppress the rule with a reason",
            (),
        )
        for one in now.errors
        if (one.rule.id, one.key) not in had
    )
    return broken, tuple(dict.fromkeys(one.rule.id for one in now.warnings if (one.rule.id, one.key) not in had))


def _done(one: _Adopting, *, dry_run: bool, yes: bool, quiet: bool) -> bool | None:
    """Shows a match, asks, and writes. True: written; False: declined; None: nothing to write."""
    if not quiet:
        _show(one)
    if one.refusals:
        say(f"{one.file.stack}: nothing was written")
        return None
    if not one.changes:
        say(f"{one.file.stack}: {_why_nothing(one)}")
        return None
    if dry_run:
        return None
    if not asking(yes=yes)(f"write this to {one.file.shown}?"):
        say("declined, nothing was changed")
        return False
    if one.file.path.read_bytes() != one.before.encode():
        raise EgressError(f"{one.file.shown} was changed meanwhile, nothing was written: look at it, and adopt again")
    write(one.file.path, one.text)
    say(f"{one.file.shown} is written. {_next(one)}")
    return True


def _show(one: _Adopting) -> None:
    found = one.found
    echo(f"{one.file.stack}: {last(found.gateway)}")
    for match in found.matches:
        keys = f" ({listed([told(edit.at[len(match.own.at) :]) for edit in match.edits])})" if match.edits else ""
        entry(f"{match.own.title}: {match.theirs}{keys}", mark=("=", "green"))
    for own in found.missing:
        entry(f"{own.title}: nothing there, the next apply makes it", mark=("+", "green"))
    for refusal in one.refusals:
        entry(f"{refusal.title}: {refusal.why}", mark=("!", "bold red"))
    for note in found.notes:
        entry(note, mark=(".", "yellow"))
    if found.strangers:
        entry(f"{_counted(found.strangers)} beside them: no object of this file, and left alone", mark=(".", "dim"))
    if one.warned:
        entry(f"egress check warns of the file then: {listed(one.warned)}", mark=(".", "yellow"))
    if one.changes:
        echo(one.diff)


def _counted(numbers: Mapping[str, int]) -> str:
    return listed([f"{number} {what}{'' if number == 1 else 's'}" for what, number in numbers.items()], " and ")


def _why_nothing(one: _Adopting) -> str:
    found = one.found
    if found.matches:
        return f"{one.file.shown} names them already. {_next(one)}"
    if not found.missing:
        return f"nothing to adopt: {one.file.shown} makes no route and no rule"
    there = _counted(found.strangers)
    what = f"of its {there} none is what the file says" if there else "it has no route and no rule"
    return f"nothing to adopt on {last(found.gateway)}: {what}; egress plan {one.file.stack} adds {len(found.missing)}"


def _next(one: _Adopting) -> str:
    stack, matches, missing = one.file.stack, len(one.found.matches), len(one.found.missing)
    adds = f", {missing} to add" if missing else ""
    return (
        f"Next: egress plan {stack} --import-existing, which is to show {matches} to import{adds} and nothing else; then "
        f"egress apply {stack} --import-existing, and commit the file"
    )
