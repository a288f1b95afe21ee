"""A domain file as git had it at an earlier commit, so that what was applied by mistake is taken back by the file that was right
(docs/decisions/0025)."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from egress.delivery.git.bases import base_folder
from egress.domain import DomainFile, EgressError
from egress.domain.fields import quoted
from egress.domain.files import SourceFile


@dataclass(frozen=True)
class Earlier:
    """A domain file with its bytes of now and those at the reference."""

    file: DomainFile
    now: bytes
    then: bytes

    @property
    def differs(self) -> bool:
        """Whether there is anything to take back."""
        return self.now != self.then

    def diff(self, reference: str) -> str:
        """What changes in the file, as a unified diff without an end of line."""
        now, then = (text.decode("utf-8", "replace").splitlines() for text in (self.now, self.then))
        shown = self.file.shown
        return "\n".join(difflib.unified_diff(now, then, shown, f"{shown} at {reference}", lineterm="", n=1))


def earlier(root: Path, files: Sequence[DomainFile], reference: str) -> tuple[Earlier, ...]:
    """Domain files of the project in `root` as they were at a git reference.

    Errors: EgressError for a reference that git does not know, for a file that was not there, and where defaults below it were others: these lie
    under other domains too, and one file alone would be no earlier state.
    """
    with base_folder(root, reference) as base:
        return tuple(_one(root, base, file, reference) for file in files)


def _one(root: Path, base: Path, file: DomainFile, reference: str) -> Earlier:
    then = _read(base / file.path.relative_to(root))
    if then is None:
        raise EgressError(
            f"{file.shown} is not there at {quoted(reference)}, allowed is a commit that has it: git log -- {file.shown}"
        )
    others = [one.shown for one in file.defaults if _differs(root, base, one)]
    if others:
        names = " ".join((*others, file.shown))
        raise EgressError(
            f"{' and '.join(others)} below {file.shown} {'is' if len(others) == 1 else 'are'} not as at {quoted(reference)}, and other stacks may lie "
            f"over it: git checkout {reference} -- {names}, then egress plan"
        )
    return Earlier(file, file.path.read_bytes(), then)


def _differs(root: Path, base: Path, one: SourceFile) -> bool:
    return _read(base / one.path.relative_to(root)) != one.path.read_bytes()


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
