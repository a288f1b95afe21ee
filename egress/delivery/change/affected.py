"""Which stacks a change affects: exactly those whose synthesised Terraform differs, byte by byte, from that of a base.

A change in shared code or in a `_defaults.yaml` thus affects the stacks that it moves and no others, and a comment none. What
synthesis does not show affects stacks, too: pinned packages and the provider locks all of them (egress/delivery/change/pins.py), another
prefix of credentials or another authority in a ca_file those that use it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from types import MappingProxyType

from egress.delivery.change import pins, whom
from egress.delivery.change.renames import could_be, renames
from egress.delivery.git.bases import base_folder
from egress.domain import DomainFile, DomainFileError, EgressError, Problem, WorkloadDomain, texts
from egress.domain.files import FOLDER
from egress.domain.fleet import Fleet
from egress.layout import STACK_FILE
from egress.policy.identity import GatewayKey
from egress.toolchain.stack.synthesis import Synthesis, synthesising

Made = Callable[[], dict[str, bytes]]
"""Gives the configurations of a side by stack, once its synthesis has come to its end."""
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
    """What a change affects. pins: what moved of them, one entry a file. gateways: the Tier-0 of each of the stacks, here or else at the
    base, as far as its file can be read. total: stacks that there are now.
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
    """A project, here or at the base: its domain files by stack, and what is wrong with others. `fleet` reads each of them once."""

    root: Path
    files: Mapping[str, DomainFile]
    wrong: Sequence[Problem]
    fleet: Fleet

    @classmethod
    def of(cls, root: Path) -> _Side:
        """The project in a folder, which may have no domain at all."""
        fleet = Fleet(root)
        files, wrong = fleet.looked if (root / FOLDER).is_dir() else ((), ())
        return cls(root, {file.stack: file for file in files}, wrong, fleet)

    def domains(self, stacks: Iterable[str]) -> tuple[WorkloadDomain, ...]:
        """The domains of those of the stacks that it has, as far as they can be read."""
        return self.fleet.load([self.files[stack] for stack in stacks if stack in self.files]).domains


def affected(root: Path, base: Path | str) -> Change:
    """What changed in the project `root` since a base. One that has no domain yet, or none any more, is as good as any other.

    base: another folder with the project as it was, or a git reference of the repository that holds `root`.
    Errors: EgressError when `root` does not synthesise or git does not know the reference. A base that does not synthesise
    affects every stack.
    """
    with base_folder(root, base) as before, ExitStack() as running:
        here, there = _Side.of(root), _Side.of(before)
        if here.wrong:
            raise DomainFileError(here.wrong)
        made_here = running.enter_context(_synthesis(here))
        made_there = running.enter_context(_synthesis_of_base(there))
        beside = running.enter_context(ThreadPoolExecutor(max_workers=2))  # threads, so not before both have begun
        then_ahead = beside.submit(made_there)
        domains_ahead = beside.submit(_of_interest, here, there)
        now = made_here()
        then = then_ahead.result()
        ours, theirs = domains_ahead.result()
        gone = [domain for domain in theirs if domain.stack not in here.files]
        new = [domain for domain in ours if domain.stack not in there.files]
        moved = pins.moved(root, before)
        talks_to = whom.moved(whom.everyone(root, ours), whom.everyone(before, theirs))
        everything = "; ".join(moved)
        if then is None:  # nothing is known to be as it was
            everything = "the base does not synthesise"
            then = {stack: now.get(stack, b"") for stack in there.files}
        stacks = compare(now, then, everything, talks_to)
        known = renames(gone, new)
        told = {one.new: Affected(one.new, Why.RENAMED, one.told) for one in known}
        told |= {old.stack: _removed(old, new) for old in gone}
        stacks = tuple(told.get(one.stack, one) for one in stacks if one.stack not in {rename.old for rename in known})
        gateways = _gateways([one.stack for one in stacks], here, there)
    return Change(stacks, moved, gateways, len(here.files))


def _of_interest(here: _Side, there: _Side) -> tuple[tuple[WorkloadDomain, ...], tuple[WorkloadDomain, ...]]:
    """The domains of both sides of which synthesis may not show everything: those whose files are not the same, and those whose ca_file
    may hold something else."""
    alike = [
        file for stack, file in here.files.items() if stack in there.files and texts.same(file, there.files[stack])
    ]
    left_out = {file.stack for file in alike} - {file.stack for file in texts.that_may_say(alike, ["ca_file"])}
    stacks = sorted({*here.files, *there.files} - left_out)
    return here.domains(stacks), there.domains(stacks)


def _gateways(stacks: Collection[str], here: _Side, there: _Side) -> dict[str, GatewayKey]:
    now = {domain.stack: GatewayKey.of(domain) for domain in here.domains(stacks)}
    then = there.domains([stack for stack in stacks if stack not in now])
    return {domain.stack: GatewayKey.of(domain) for domain in then} | now


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


@contextmanager
def _synthesis(side: _Side) -> Iterator[Made]:
    """Begins to synthesise a side. Errors: EgressError when it cannot be begun, and of what is given when it does not come to its end."""
    if not side.files:
        yield dict
        return
    with synthesising(side.root, list(side.files), lab=False) as begun:
        yield partial(_read, begun)


@contextmanager
def _synthesis_of_base(side: _Side) -> Iterator[Callable[[], dict[str, bytes] | None]]:
    """The same of the base; None is given where it does not synthesise."""
    with ExitStack() as running:
        made: Made | None = None
        with suppress(EgressError):
            made = None if side.wrong else running.enter_context(_synthesis(side))
        yield partial(_unless_it_fails, made)


def _unless_it_fails(made: Made | None) -> dict[str, bytes] | None:
    with suppress(EgressError):
        return made() if made else None
    return None


def _read(begun: Synthesis) -> dict[str, bytes]:
    return {stack: (folder / STACK_FILE).read_bytes() for stack, folder in begun.made().folders.items()}
