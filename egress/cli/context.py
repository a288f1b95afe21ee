"""What every command starts from: the project folder, its domains, and the lab if one is the target."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import click

from egress.cli._durations import Duration
from egress.cli.output import say
from egress.deadline import COMMAND, Deadline
from egress.domain import DomainFile, LabTarget, WorkloadDomain, find_root
from egress.domain.files import FOLDER
from egress.domain.fleet import Fleet
from egress.domain.problems import Problem

_DEADLINE = "egress.deadline"
Decorated = Callable[..., Any]


@dataclass(frozen=True)
class Project:
    """A project folder, found lazily so that `--help` works anywhere."""

    given_root: Path | None = None

    @cached_property
    def root(self) -> Path:
        """The folder with cdktf.json. Errors: EgressError when there is none."""
        return (self.given_root or find_root(Path.cwd())).resolve()

    @cached_property
    def lab(self) -> LabTarget | None:
        """The lab that EGRESS_LAB names, if any. Errors: EgressError for a file that is missing or wrong."""
        file = os.environ.get("EGRESS_LAB")
        return LabTarget.from_file(Path(file)) if file else None

    def domains(self, stacks: Collection[str] = ()) -> tuple[WorkloadDomain, ...]:
        """The domains of the named stacks, all when none is named. Errors: DomainFileError, EgressError."""
        return self.fleet.domains(stacks)

    @cached_property
    def everyone(self) -> tuple[WorkloadDomain, ...]:
        """Every domain that can be read, as each may share a Tier-0 with another. Says which cannot."""
        return self.readable(self.fleet.files) if self.stacks else ()

    def readable(self, files: Sequence[DomainFile]) -> tuple[WorkloadDomain, ...]:
        """The domains of those of the files that can be read. Says which cannot, once."""
        loaded = self.fleet.load(files)
        for problem in [one for one in loaded.problems if one not in self._told]:
            self._told.add(problem)
            say(f"{problem}\n    left out: whether this file shares a Tier-0 is not known")
        return loaded.domains

    @cached_property
    def _told(self) -> set[Problem]:
        return set()

    @cached_property
    def fleet(self) -> Fleet:
        """The project's domain files. Whoever asks, each is read once."""
        return Fleet(self.root)

    @cached_property
    def stacks(self) -> tuple[str, ...]:
        """Names of all stacks that the domain files give, sorted; files that are none are passed over. None after the last file went, and
        its folder with it. Errors: EgressError."""
        if not (self.root / FOLDER).is_dir():
            return ()
        return tuple(file.stack for file in self.fleet.looked[0])


def timeout_option(function: Decorated) -> Decorated:
    """The option that says how long a command may read from managers. `deadline` gives what it means."""

    def begin(context: click.Context, _option: click.Parameter, seconds: int) -> None:
        context.meta[_DEADLINE] = Deadline(seconds)

    return click.option(
        "--timeout",
        type=Duration(least=1),
        default=int(COMMAND),
        metavar="DURATION",
        expose_value=False,
        callback=begin,
        help=f"Longest time for reading from managers, all together, as in 30s or 5m. Default: {COMMAND:g} s.",
    )(function)


def deadline() -> Deadline:
    """The end of this command's time for reading from managers, one for all of them."""
    found: Deadline = click.get_current_context().meta.setdefault(_DEADLINE, Deadline())
    return found
