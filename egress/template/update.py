"""A newer template merged into a repository: three ways, by git, so that what somebody changed stays."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from egress import writing
from egress.domain import EgressError
from egress.template import memory, repository
from egress.template.memory import Memory
from egress.toolchain.running.processes import run

_NO_CONFLICTS_COUNTED = 127
"""git merge-file exits with the number of conflicts, at most this; above it is an error (git-merge-file(1))."""


@dataclass(frozen=True)
class Updated:
    """Names of files: written, where both sides changed the same lines (`conflicts`, with marks), gone here and left so (`left`), and
    no part of the template any more (`dropped`, left as they are)."""

    files: tuple[str, ...]
    conflicts: tuple[str, ...]
    left: tuple[str, ...]
    dropped: tuple[str, ...]
    written_by: str


def update(folder: Path) -> Updated:
    """Merges what has changed in the template since it was written into `folder`.

    Errors: EgressError where it is not known what was written, and where git could not bring back what is there now.
    """
    before = memory.read(folder)
    now = repository.contents(repository.Ci(before.ci), before.project_id)
    _refuse_uncommitted(folder, sorted({*before.files, *now, memory.FILE}))
    merged: dict[str, str] = {}
    conflicts, left = [], []
    for name, theirs in now.items():
        there = _text(folder / name)
        if name in repository.GENERATED:
            merged[name] = theirs
        elif name not in before.files:
            if there is None:
                merged[name] = theirs  # new in the template; one that was there at the beginning is somebody's own
        elif there is None:
            left.append(name)
        else:
            merged[name], conflicting = _merge(name, there, before, theirs)
            conflicts += [name] if conflicting else []
    changed = {name: text for name, text in merged.items() if text != _text(folder / name)}
    kept = {name: now[name] for name in now if name in before.files or name in merged}
    after = repository.remembered(before.ci, before.project_id, kept)
    for name, text in (changed | {memory.FILE: after.text()}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        writing.write(folder / name, text)
    dropped = tuple(name for name in before.files if name not in now and os.path.lexists(folder / name))
    return Updated(tuple(changed), tuple(conflicts), tuple(left), dropped, before.written_by)


def _refuse_uncommitted(folder: Path, names: Iterable[str]) -> None:
    done = run(["git", "status", "--porcelain", "--", *names], cwd=folder)
    if done.code:
        raise EgressError(f"git does not know {str(folder)!r}, so nothing could be taken back: commit it first")
    if done.out:
        changed = ", ".join(line[3:] for line in done.out.splitlines())
        raise EgressError(f"not committed: {changed}: commit it first, so that the update can be taken back")


def _merge(name: str, ours: str, before: Memory, theirs: str) -> tuple[str, bool]:
    """The merged text, and whether it has conflicts. Errors: EgressError."""
    base = before.files[name]
    if ours in (base, theirs):
        return theirs, False
    if base == theirs:
        return ours, False
    with tempfile.TemporaryDirectory(prefix="egress-update-") as scratch:
        files = list(_laid_out(Path(scratch), ours, base, theirs))
        labels = ["-L", "yours", "-L", f"as egress {before.written_by} wrote it", "-L", "as it is written now"]
        done = run(["git", "merge-file", "--stdout", "--diff3", *labels, *files], cwd=Path(scratch))
    if done.code > _NO_CONFLICTS_COUNTED:
        raise EgressError(f"git cannot merge {name}: {done.err.strip()}")
    return done.out, done.code > 0


def _laid_out(folder: Path, *texts: str) -> Iterator[Path]:
    for number, text in enumerate(texts):
        file = folder / str(number)
        file.write_text(text, encoding="utf-8")
        yield file


def _text(file: Path) -> str | None:
    """None where there is no such file. Errors: EgressError for one that is no text."""
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise EgressError(f"{str(file)!r} cannot be read: {error}") from None
