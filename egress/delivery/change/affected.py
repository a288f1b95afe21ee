"""Which stacks a change affects: exactly those whose synthesised Terraform differs, byte by byte, from that of a base.

A change in shared code or in a `_defaults.yaml` thus affects the stacks that it moves and no others, and a comment none. What
synthesis does not show affects stacks, too: pinned packages and the provider locks all of them (egress/delivery/change/pins.py), another
prefix of credentials or another authority in a ca_file those that use it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from egress.delivery.change import pins, whom
from egress.delivery.change.renames import could_be, renames
from egress.delivery.git.bases import base_folder
from egress.domain import DomainFileError, EgressError, WorkloadDomain, find_files
from egress.domain.files import FOLDER, look
from egress.domain.fleet import load
from egress.layout import STACK_FILE
from egress.policy.identity import GatewayKey
from egress.toolchain.synthesis import synthesised

_STAYS = "its objects and its state stay until it is destroyed: egress plan --base plans that"


class Why(StrEnum):
    """Why a stack is affected. The file of a removed one is gone, its objects and its state are not."""

    NEW = "new"
    CHANGED = "changed"
    RENAMED = "renamed"
    REMOVED = "removed"
    EVERYTHING = "everything"


@dataclass(frozen=True)
class Affected:
    """An affected stack; `detail` says what else there is to say."""

    stack: str
    why: Why
    detail: str = ""


@dataclass(frozen=True)
class Change:
    """What a change affects. pins: what moved of them, one entry a file. gateways: the Tier-0 of each stack, here or at the base, as
    far as its file can be read. total: stacks that there are now.
    """

    stacks: tuple[Affected, ...]
    pins: tuple[str, ...]
    gateways: Mapping[str, GatewayKey]
    total: int

    @property
    def plannable(self) -> tuple[Affected, ...]:
        """The affected stacks that have a domain file."""
        return tuple(one for one in self.stacks if one.why is not Why.REMOVED)

    @property
    def removed(self) -> tuple[Affected, ...]:
        """The stacks whose domain file is gone."""
        return tuple(one for one in self.stacks if one.why is Why.REMOVED)

    @property
    def only_pins(self) -> bool:
        """Whether nothing but pins moved."""
        return bool(self.pins) and all(one.why is Why.EVERYTHING for one in self.stacks)


@dataclass(frozen=True)
class _Side:
    """A project, here or at the base: the names of its stacks, the domains that can be read, and what it synthesises.

    broken: it does not.
    """

    root: Path
    stacks: Collection[str]
    domains: Sequence[WorkloadDomain]
    configurations: Mapping[str, bytes]
    broken: bool = False


def affected(root: Path, base: Path | str) -> Change:
    """What changed in the project `root` since a base. One that has no domain yet, or none any more, is as good as any other.

    base: another folder with the project as it was, or a git reference of the repository that holds `root`.
    Errors: EgressError when `root` does not synthesise or git does not know the reference. A base that does not synthesise
    affects every stack.
    """
    with base_folder(root, base) as before, ThreadPoolExecutor(max_workers=1) as beside:
        there_ahead = beside.submit(_base, before)
        here = _here(root)
        there = there_ahead.result()
        gone = [domain for domain in there.domains if domain.stack not in here.stacks]
        new = [domain for domain in here.domains if domain.stack not in there.stacks]
        moved = pins.moved(root, before)
        talks_to = whom.moved(whom.everyone(root, here.domains), whom.everyone(before, there.domains))
    everything, then = "; ".join(moved), there.configurations
    if there.broken:  # nothing is known to be as it was
        everything = "the base does not synthesise"
        then = {stack: here.configurations.get(stack, b"") for stack in there.stacks}
    stacks = compare(here.configurations, then, everything, talks_to)
    known = renames(gone, new)
    told = {one.new: Affected(one.new, Why.RENAMED, one.told) for one in known}
    told |= {old.stack: _removed(old, new) for old in gone}
    stacks = tuple(told.get(one.stack, one) for one in stacks if one.stack not in {rename.old for rename in known})
    gateways = {domain.stack: GatewayKey.of(domain) for domain in (*there.domains, *here.domains)}
    return Change(stacks, moved, gateways, len(here.stacks))


def compare(
    here: Mapping[str, bytes],
    there: Mapping[str, bytes],
    everything: str = "",
    talks_to: Mapping[str, str] = MappingProxyType({}),
) -> tuple[Affected, ...]:
    """Compares configurations by stack: `here` against those of the base. Sorted by stack.

    everything: why all of them are affected. talks_to: what changed of a stack's manager and credentials.
    """
    found = []
    for stack in sorted({*here, *there}):
        if stack not in here:
            found.append(Affected(stack, Why.REMOVED, _STAYS))
        elif stack not in there:
            found.append(Affected(stack, Why.NEW))
        elif here[stack] != there[stack] or stack in talks_to:
            found.append(Affected(stack, Why.CHANGED, talks_to.get(stack, "")))
        elif everything:
            found.append(Affected(stack, Why.EVERYTHING, everything))
    return tuple(found)


def _removed(old: WorkloadDomain, new: Sequence[WorkloadDomain]) -> Affected:
    heirs = could_be(old, new)
    hint = f"; was it renamed? then egress rename {old.stack} {' or '.join(heirs)}" if heirs else ""
    return Affected(old.stack, Why.REMOVED, f"{_STAYS}{hint}")


def _here(root: Path) -> _Side:
    """Errors: EgressError when it does not synthesise."""
    names = [file.stack for file in find_files(root)] if (root / FOLDER).is_dir() else []
    return _Side(root, names, _domains(root), _synthesised(root, names))


def _base(root: Path) -> _Side:
    if not (root / FOLDER).is_dir():
        return _Side(root, (), (), {})
    files, wrong = look(root)
    names = [file.stack for file in files]
    try:
        if wrong:
            raise DomainFileError(wrong)
        return _Side(root, names, _domains(root), _synthesised(root, names))
    except EgressError:
        return _Side(root, names, _domains(root), {}, broken=True)


def _domains(root: Path) -> tuple[WorkloadDomain, ...]:
    return load(look(root)[0]).domains if (root / FOLDER).is_dir() else ()


def _synthesised(root: Path, names: Sequence[str]) -> dict[str, bytes]:
    if not names:
        return {}
    with synthesised(root, names, lab=False) as made:
        return {stack: (folder / STACK_FILE).read_bytes() for stack, folder in made.folders.items()}
