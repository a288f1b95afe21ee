"""Finds domain files and reads them.

`domains/<environment>/<name>.yaml` is one workload domain, and one stack named `<environment>-<name>`; a file directly in
`domains/` is a stack named as the file. Names that begin with `_` are no domains.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from egress.domain.model import WorkloadDomain
from egress.domain.problems import DomainFileError, EgressError, Place, Problem
from egress.domain.reading import read
from egress.domain.yaml_tree import Tree, parse

FOLDER = "domains"
_PART = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")


@dataclass(frozen=True)
class DomainFile:
    """A file in `domains/` and the stack that it stands for. `shown` is its path as people see it."""

    path: Path
    shown: str
    stack: str


def find_root(start: Path) -> Path:
    """The nearest folder at or above `start` that holds a cdktf.json. Errors: EgressError when there is none."""
    for folder in (start, *start.parents):
        if (folder / "cdktf.json").is_file():
            return folder
    raise EgressError(f"no cdktf.json in {str(start)!r} or above: go to your project folder or name it with --root")


def find_files(root: Path) -> tuple[DomainFile, ...]:
    """Every domain file below `root`, sorted by stack.

    Errors: DomainFileError for a file that would be passed over silently (`.yml`, a deeper folder, a link that leads out of
    the tree, a name that makes no stack name) and for two files that give one stack.
    """
    base = root / FOLDER
    if not base.is_dir():
        raise EgressError(f"no folder {FOLDER!r} in {str(root)!r}: it holds one YAML file per workload domain")
    files: dict[str, DomainFile] = {}
    problems: list[Problem] = []
    for path in sorted(_walk(base)):
        shown = path.relative_to(root).as_posix()
        what = _unusable(path, base)
        if what:
            problems.append(Problem(Place(shown, 1, 1), "", what))
        elif path.suffix == ".yaml" and not path.name.startswith("_"):
            stack = "-".join(path.relative_to(base).with_suffix("").parts)
            if stack in files:
                what = f"gives the stack name {stack!r}, as {files[stack].shown} does: rename one of them"
                problems.append(Problem(Place(shown, 1, 1), "", what))
            files.setdefault(stack, DomainFile(path, shown, stack))
    if problems:
        raise DomainFileError(problems)
    return tuple(files[stack] for stack in sorted(files))


def _walk(base: Path) -> Iterator[Path]:
    return (path for path in base.rglob("*") if path.suffix in (".yaml", ".yml") and not path.is_dir())


def _unusable(path: Path, base: Path) -> str:
    """Why a YAML file below domains/ cannot be a domain, or nothing."""
    parts = path.relative_to(base).with_suffix("").parts
    if path.suffix == ".yml":
        return "ends in .yml, domain files end in .yaml: rename it"
    if len(parts) > 2:
        return "lies too deep, allowed are domains/<name>.yaml and domains/<environment>/<name>.yaml"
    if not path.resolve().is_relative_to(base.resolve()):
        return "is a link that leads out of domains/, put the file itself here"
    if not path.name.startswith("_") and not all(_PART.fullmatch(part) for part in parts):
        return "makes no stack name, allowed in file and folder names are lower-case letters, digits and dashes"
    return ""


def read_tree(file: DomainFile) -> Tree:
    """The file's YAML with places. Errors: DomainFileError."""
    try:
        return parse(file.path.read_bytes(), file.shown)
    except OSError as error:
        raise DomainFileError([Problem(Place(file.shown, 1, 1), "", f"cannot be read: {error.strerror}")]) from None


def load_domains(root: Path, stacks: Collection[str] = ()) -> tuple[WorkloadDomain, ...]:
    """Reads the domains below `root`, sorted by stack; `stacks` selects some of them, empty means all.

    Errors: DomainFileError with the findings of every wrong file that was selected; EgressError for an unknown stack.
    """
    files = select(find_files(root), stacks)
    domains: list[WorkloadDomain] = []
    problems: list[Problem] = []
    for file in files:
        try:
            domains.append(read(read_tree(file), file.stack))
        except DomainFileError as error:
            problems += error.problems
    if problems:
        raise DomainFileError(problems)
    return tuple(domains)


def select(files: tuple[DomainFile, ...], stacks: Collection[str]) -> tuple[DomainFile, ...]:
    """The files of the named stacks, all when none is named. Errors: EgressError for a name that no file gives."""
    known = [file.stack for file in files]
    for name in stacks:
        if name not in known:
            raise EgressError(f"no stack {name!r}, there are: {', '.join(known) or 'none'}")
    if not known:
        raise EgressError(f"no domain file in {FOLDER}/: copy the golden one, or run egress init")
    return tuple(file for file in files if not stacks or file.stack in stacks)
