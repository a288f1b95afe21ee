"""A folder of saved plans, as `egress plan --out` leaves it: each plan with its review, and the stacks that could not be planned.

A stack that was removed, and of which nothing is left, leaves a note that says so.

Every stack has a folder of its own, so that what the jobs of a fan-out left is put together by laying folders side by side.
`affected.json`, if it is there, is what `egress affected --json` said: then every stack of it must be there, too.
"""

from __future__ import annotations

import json
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import Field, ValidationError

from egress.delivery.change.affected import Why
from egress.delivery.content.plan_content import PlanContent
from egress.delivery.planning import saved
from egress.delivery.planning.plans import PLAN
from egress.domain import EgressError
from egress.domain.adapters import adapter
from egress.domain.fields import quoted
from egress.review import consequence
from egress.review.consequence import Review
from egress.toolchain.running.own_files import read_bytes
from egress.writing import private_folder, write

FAILED = "failed.json"
GONE = "gone.json"
AFFECTED = "affected.json"
_AGAIN = "plan again"
T = TypeVar("T")
_Name = Annotated[str, Field(min_length=1, max_length=400)]
_LONGEST = 20_000
"""Characters of the words of a failure that are kept."""
_LARGEST = 64 * 2**20
"""Bytes of a file in a folder of saved plans (assumption): a plan of a thousand rules has some 5 MiB."""


@dataclass(frozen=True)
class FailedPlan:
    """A stack that could not be planned, and why. Format `egress-failed-plan`, version 1."""

    stack: _Name
    words: Annotated[str, Field(max_length=_LONGEST)]
    format: Literal["egress-failed-plan"] = "egress-failed-plan"
    version: Literal[1] = 1

    def write(self, directory: Path) -> None:
        """In place of a plan that an earlier run may have left in `directory`/<stack>. Errors: EgressError."""
        folder = directory / self.stack
        forget(directory, self.stack)
        private_folder(folder)
        write(
            folder / FAILED,
            json.dumps(adapter(FailedPlan).dump_python(self, mode="json"), indent=2) + "\n",
            private=True,
        )


@dataclass(frozen=True)
class AffectedStack:
    """A stack that a change affects, as `egress affected --json` tells it; what else it tells is not looked at here."""

    stack: _Name
    why: Annotated[str, Field(max_length=100)]
    detail: Annotated[str, Field(max_length=4_000)] = ""


@dataclass(frozen=True)
class GoneStack:
    """A stack whose domain file is gone, and of which nothing is left: its state tracks nothing, and nothing of it is on the manager. Format
    `egress-gone-stack`, version 1."""

    stack: _Name
    format: Literal["egress-gone-stack"] = "egress-gone-stack"
    version: Literal[1] = 1

    def write(self, directory: Path) -> None:
        """In place of what an earlier run may have left in `directory`/<stack>. Errors: EgressError."""
        folder = directory / self.stack
        forget(directory, self.stack)
        private_folder(folder)
        write(folder / GONE, adapter(GoneStack).dump_json(self, indent=2) + b"\n", private=True)


def failure(stack: str, words: str) -> FailedPlan:
    """A failure with as many of its words as are kept."""
    return FailedPlan(stack, words[:_LONGEST])


def forget(directory: Path, stack: str) -> None:
    """Takes away what an earlier run left of a stack: a plan that is not of this run must not look as if it were. Errors: EgressError."""
    folder = directory / stack
    try:
        for name in (saved.NOTE, *saved.FILES, FAILED, GONE):
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise EgressError(
            f"what an earlier run left in {str(folder)!r} cannot be taken away: {error.strerror}"
        ) from None


@dataclass(frozen=True)
class Reviewed:
    """A plan with its review. `target`: manager, engine and provider, in words. `words`: the engine's. `digest`: SHA-256 of the plan file,
    which is what is applied."""

    stack: str
    target: str
    content: PlanContent
    words: str
    digest: str
    review: Review

    @property
    def changes(self) -> bool:
        """Whether the plan does anything to the manager or the state."""
        return any(change.matters for change in self.content.changes)


@dataclass(frozen=True)
class PlannedRun:
    """Plans and failures by the names of their stacks. `missing`: affected stacks of which nothing is there, neither plan nor failure. `gone`:
    removed stacks of which nothing is left.

    affected: None where nobody said which stacks there should be.
    """

    plans: tuple[Reviewed, ...]
    failed: tuple[FailedPlan, ...] = ()
    missing: tuple[AffectedStack, ...] = ()
    affected: tuple[AffectedStack, ...] | None = None
    gone: tuple[GoneStack, ...] = ()

    @classmethod
    def read(cls, directory: Path) -> PlannedRun:
        """Reads a folder of saved plans.

        Errors: EgressError for a plan that is incomplete, damaged or edited, for links, pipes and files too large in it, and for a folder that holds nothing at all: that no stack is
        affected is said by an empty affected.json.
        """
        _refuse_strange(directory)
        affected = _affected(directory)
        planned = sorted(note.parent.name for note in directory.glob(f"*/{saved.NOTE}"))
        fell = sorted(note.parent.name for note in directory.glob(f"*/{FAILED}"))
        gone = tuple(_gone(directory, note.parent.name) for note in sorted(directory.glob(f"*/{GONE}")))
        if not planned and not fell and not gone and affected is None:
            raise EgressError(f"no saved plan in {str(directory)!r}: egress plan --out {directory} makes them")
        there = {*planned, *fell}
        left = {one.stack for one in gone}
        missing = tuple(
            one
            for one in affected or ()
            if one.stack not in there and not (one.why == Why.REMOVED and one.stack in left)
        )
        plans = tuple(_reviewed(directory, stack) for stack in planned if stack not in fell)
        return cls(plans, tuple(_failed(directory, stack) for stack in fell), missing, affected, gone)


def _refuse_strange(directory: Path) -> None:
    """An artifact may come from a stranger's job: a link leads anywhere, a pipe never ends. Errors: EgressError."""
    for path in sorted((*directory.glob("*"), *directory.glob("*/*"))):
        mode, size = path.lstat().st_mode, path.lstat().st_size
        folder = stat.S_ISDIR(mode) and path.parent == directory
        if not folder and not stat.S_ISREG(mode):
            raise EgressError(f"{str(path)!r} is a link, a pipe or a folder, allowed are files: {_AGAIN}")
        if size > _LARGEST and not folder:
            raise EgressError(f"{str(path)!r} has {size} bytes, allowed are {_LARGEST}: {_AGAIN}")


def _reviewed(directory: Path, stack: str) -> Reviewed:
    one = saved.read(directory, stack)
    review = consequence.parse(one.files[saved.REVIEW], f"{stack}: {saved.REVIEW} of the saved plan")
    if review.stack != stack:
        raise EgressError(f"{stack}: the review of the saved plan is of {quoted(review.stack)}: {_AGAIN}")
    return Reviewed(
        stack=stack,
        target=str(one.note.get("run", "")),
        content=one.content,
        words=one.files[saved.WORDS].decode("utf-8", "replace"),
        digest=str(one.note["sha256"][PLAN]),
        review=review,
    )


def _failed(directory: Path, stack: str) -> FailedPlan:
    file = directory / stack / FAILED
    one = _parsed(FailedPlan, file, f"{stack}: the note of the plan that failed")
    if one.stack != stack:
        raise EgressError(f"{stack}: {str(file)!r} is of {quoted(one.stack)}: {_AGAIN}")
    return one


def _gone(directory: Path, stack: str) -> GoneStack:
    file = directory / stack / GONE
    one = _parsed(GoneStack, file, f"{stack}: the note of a stack that is gone")
    if one.stack != stack:
        raise EgressError(f"{stack}: {str(file)!r} is of {quoted(one.stack)}: {_AGAIN}")
    return one


def _affected(directory: Path) -> tuple[AffectedStack, ...] | None:
    file = directory / AFFECTED
    return _parsed(tuple[AffectedStack, ...], file, "the list of affected stacks") if file.exists() else None


def _parsed(kind: type[T], file: Path, what: str) -> T:
    try:
        return adapter(kind).validate_json(read_bytes(file, what, _AGAIN))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        at = ".".join(map(str, first["loc"])) or "the whole"
        raise EgressError(f"{what} {str(file)!r} cannot be read ({at}: {first['msg']}): {_AGAIN}") from None
