"""Which stacks a change affects: exactly those whose synthesised Terraform differs, byte by byte, from that of a base.

A change in shared code or in a `_defaults.yaml` thus affects the stacks that it moves and no others, and a comment none. What
synthesis does not show affects stacks, too: the pinned version of this distribution and the provider locks all of them, another
prefix of credentials or another authority in a ca_file those that use it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from egress.delivery import whom
from egress.delivery.bases import base_folder
from egress.domain import EgressError, find_files
from egress.domain.files import FOLDER
from egress.layout import STACK_FILE
from egress.toolchain.synthesis import synthesised

SHARED = ("requirements*.txt", "requirements*.lock", "locks/*.lock.hcl")
"""Files, as patterns in the project folder, of which every stack's plan depends without its configuration showing it."""


class Why(StrEnum):
    """Why a stack is affected. A removed one cannot be planned: its file is gone, its objects and its state are not."""

    NEW = "new"
    CHANGED = "changed"
    REMOVED = "removed"
    EVERYTHING = "everything"


@dataclass(frozen=True)
class Affected:
    """An affected stack; `detail` says what else there is to say."""

    stack: str
    why: Why
    detail: str = ""


def affected(root: Path, base: Path | str) -> tuple[Affected, ...]:
    """The affected stacks of the project `root`, sorted by name.

    base: another folder with the project as it was, or a git reference of the repository that holds `root`.
    Errors: EgressError when `root` does not synthesise or git does not know the reference. A base that does not synthesise
    affects every stack.
    """
    with base_folder(root, base) as before:
        here = _synthesised(root)
        moved = [name for name in _shared_files(root, before) if _bytes(root / name) != _bytes(before / name)]
        try:
            there = _synthesised(before) if (before / FOLDER).is_dir() else {}
        except EgressError:
            return tuple(Affected(stack, Why.EVERYTHING, "the base does not synthesise") for stack in sorted(here))
        everything = f"{', '.join(moved)} differs" if moved else ""
        return compare(here, there, everything, whom.moved(whom.everyone(root), whom.everyone(before)))


def compare(
    here: Mapping[str, bytes],
    there: Mapping[str, bytes],
    everything: str = "",
    talks_to: Mapping[str, str] = MappingProxyType({}),
) -> tuple[Affected, ...]:
    """Compares configurations by stack: `here` against those of the base.

    everything: why all of them are affected. talks_to: what changed of a stack's manager and credentials.
    """
    found = []
    for stack in sorted({*here, *there}):
        if stack not in here:
            found.append(
                Affected(stack, Why.REMOVED, "its objects stay: destroy it from the base before the file goes")
            )
        elif stack not in there:
            found.append(Affected(stack, Why.NEW))
        elif here[stack] != there[stack] or stack in talks_to:
            found.append(Affected(stack, Why.CHANGED, talks_to.get(stack, "")))
        elif everything:
            found.append(Affected(stack, Why.EVERYTHING, everything))
    return tuple(found)


def _synthesised(root: Path) -> dict[str, bytes]:
    names = [file.stack for file in find_files(root)]
    with synthesised(root, names, lab=False) as made:
        return {stack: (folder / STACK_FILE).read_bytes() for stack, folder in made.folders.items()}


def _shared_files(*roots: Path) -> list[str]:
    return sorted({str(file.relative_to(root)) for root in roots for pattern in SHARED for file in root.glob(pattern)})


def _bytes(file: Path) -> bytes | None:
    return file.read_bytes() if file.is_file() else None
