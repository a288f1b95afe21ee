"""The domains of a project, read from their files: each when it is asked for, and once."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from egress.domain.files import DomainFile, SourceFile, look, merged_tree, select
from egress.domain.model import WorkloadDomain
from egress.domain.problems import DomainFileError, Problem
from egress.domain.reading import validated
from egress.domain.tree import Tree


class Loaded(NamedTuple):
    """What was read: the domains of all files that are right, sorted by stack, and the findings in the others."""

    domains: tuple[WorkloadDomain, ...]
    problems: tuple[Problem, ...]


def load_domains(root: Path, stacks: Collection[str] = ()) -> tuple[WorkloadDomain, ...]:
    """Reads the domains below `root`, sorted by stack; `stacks` selects some of them, empty means all.

    Errors: DomainFileError with the findings of every wrong file that was selected; EgressError for an unknown stack.
    """
    return Fleet(root).domains(stacks)


class Fleet:
    """The domain files of a project. Each is read when it is asked for, and once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._places = True
        self._read: dict[str, WorkloadDomain | DomainFileError] = {}
        self._defaults: dict[SourceFile, Tree] = {}

    def without_places(self) -> None:
        """From now on files are read for somebody who asks of no value where it stands: `place` is None, and a domain takes half the memory.
        What is wrong in a file is told with its place all the same."""
        self._places = False

    @functools.cached_property
    def looked(self) -> tuple[tuple[DomainFile, ...], tuple[Problem, ...]]:
        """The domain files, sorted by stack, and what is wrong with others. Errors: as `look`."""
        return look(self.root)

    @property
    def files(self) -> tuple[DomainFile, ...]:
        """Every domain file, sorted by stack. Errors: as `find_files`."""
        files, problems = self.looked
        if problems:
            raise DomainFileError(problems)
        return files

    def domains(self, stacks: Collection[str] = ()) -> tuple[WorkloadDomain, ...]:
        """The domains of the named stacks, all when none is named. Errors: DomainFileError, EgressError."""
        loaded = self.load(select(self.files, stacks))
        if loaded.problems:
            raise DomainFileError(loaded.problems)
        return loaded.domains

    def readable(self) -> Loaded:
        """The domains of all files that are right, and the findings in the others."""
        return self.load(self.files)

    def load(self, files: Collection[DomainFile]) -> Loaded:
        """Reads files, right and wrong ones. A finding in a defaults file that several domains share is told once."""
        domains: list[WorkloadDomain] = []
        problems: dict[Problem, None] = {}
        for file in files:
            read = self._one(file)
            if isinstance(read, DomainFileError):
                problems.update(dict.fromkeys(read.problems))
            else:
                domains.append(read)
        return Loaded(tuple(domains), tuple(sorted(problems)))

    def each(self, files: Iterable[DomainFile]) -> Iterator[WorkloadDomain | DomainFileError]:
        """Reads files one after the other, right and wrong ones, and keeps none: for who looks at each once."""
        for file in files:
            try:
                yield validated(merged_tree(file, self._defaults), file.stack, places=self._places)
            except DomainFileError as error:
                yield error

    def has_read(self, file: DomainFile) -> bool:
        """Whether a file was asked for before: to ask again costs nothing."""
        return file.stack in self._read

    def _one(self, file: DomainFile) -> WorkloadDomain | DomainFileError:
        if file.stack not in self._read:
            (self._read[file.stack],) = self.each([file])
        return self._read[file.stack]


def changed(file: DomainFile, text: str) -> WorkloadDomain:
    """The domain that a file would be with another text. Errors: DomainFileError with every finding."""
    return validated(merged_tree(file, raw=text.encode()), file.stack)


def load(files: Collection[DomainFile]) -> Loaded:
    """Reads files of any project, right and wrong ones, no two of one stack."""
    return Fleet(Path()).load(files)
