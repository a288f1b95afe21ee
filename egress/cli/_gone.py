"""Which stacks a command is about, where the domain files of some are gone since a base."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from egress.cli.context import Project
from egress.cli.output import progress, say
from egress.delivery.git.bases import base_folder, object_of
from egress.delivery.planning.looks import Found
from egress.delivery.planning.memory import Remembered, as_at
from egress.delivery.planning.plans import Verb
from egress.domain import EgressError, WorkloadDomain
from egress.domain.fields import quoted
from egress.domain.files import FOLDER, look
from egress.toolchain.stack.stacks import Stack


@dataclass(frozen=True)
class Chosen:
    """The stacks of a run: those that have a domain file, and those whose file is gone, as it was at `taken_from`."""

    there: tuple[WorkloadDomain, ...]
    gone: tuple[Remembered, ...] = ()
    taken_from: str = ""

    @property
    def nothing(self) -> bool:
        """Whether there is no stack to work on."""
        return not self.there and not self.gone

    @property
    def domains(self) -> tuple[WorkloadDomain, ...]:
        """All of them, sorted by stack."""
        return tuple(sorted((*self.there, *(one.domain for one in self.gone)), key=lambda domain: domain.stack))

    def verb(self, stack: str) -> Verb:
        """What the run does to a stack: one without a file is destroyed."""
        return Verb.DESTROY if any(one.domain.stack == stack for one in self.gone) else Verb.APPLY

    def base(self, stack: str) -> str:
        """What a stack was taken from; empty where it has a file."""
        return self.taken_from if self.verb(stack) is Verb.DESTROY else ""


def choose(project: Project, stacks: Sequence[str], base: Path | str | None = None) -> Chosen:
    """The named stacks; without a name all, or with a base what changed since then.

    Errors: EgressError for a name that no file gives, neither here nor at the base, and for a stack that was renamed.
    """
    if base is None:
        return Chosen(project.domains(stacks))
    if not stacks:
        stacks = _since(project, base)
    gone = [name for name in stacks if name not in project.stacks]
    known = [name for name in stacks if name in project.stacks]
    for name in gone:
        refuse_renamed(project, name)
    there = project.domains(known) if known else ()
    return Chosen(there, _as_at(project, base, gone), _named(project, base)) if gone else Chosen(there)


def refuse_renamed(project: Project, stack: str) -> None:
    """Errors: EgressError when a stack without a file lives on under another name."""
    heirs = [domain.stack for domain in (project.domains() if project.stacks else ()) if domain.formerly == stack]
    if heirs:
        raise EgressError(f"{stack} was renamed to {heirs[0]}, which has its objects: egress destroy {heirs[0]}")


def nothing_left(stack: Stack, around: Found) -> bool:
    """Whether there is nothing to destroy of a stack whose file is gone; says so, and what is there without being tracked.

    Errors: EgressError when its state tracks nothing and the manager cannot be seen.
    """
    if stack.found.managed:
        return False
    if around.there is None:
        raise EgressError(
            f"{stack.name}: its state tracks nothing, and whether anything of it is on the manager was not seen: {around.failed}"
        )
    if not around.there.untracked:
        say(f"{stack.name}: its state tracks nothing and nothing of it is on the manager: nothing to destroy")
    return True


def _since(project: Project, base: Path | str) -> list[str]:
    """The stacks that changed since a base; says what is not to be seen from their plans."""
    from egress.delivery.change.affected import affected  # loaded by who gives a base

    with progress(f"synthesising here and {base}"):
        found = affected(project.root, base)
    for one in found.stacks:
        if one.detail:
            say(f"{one.stack}: {one.why}: {one.detail}")
    return [one.stack for one in found.stacks]


def _as_at(project: Project, base: Path | str, stacks: Sequence[str]) -> tuple[Remembered, ...]:
    with base_folder(project.root, base) as folder:
        known = [file.stack for file in look(folder)[0]] if (folder / FOLDER).is_dir() else []
        unknown = [name for name in stacks if name not in known]
        if unknown:
            raise EgressError(
                f"no domain file gives stack {quoted(unknown[0])}, neither here nor at {quoted(str(base))}"
            )
        with progress(f"synthesising {', '.join(stacks)} as at {base}"):
            return as_at(folder, stacks, lab=project.lab is not None)


def _named(project: Project, base: Path | str) -> str:
    """The base for a note that outlives a branch: the commit, or the folder's name."""
    return base.name if isinstance(base, Path) else object_of(project.root, base)
