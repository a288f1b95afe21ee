"""Finds domain files and reads them.

`domains/<environment>/<name>.yaml` is one workload domain, and one stack named `<environment>-<name>`; a file directly in
`domains/` is a stack named as the file. A `_defaults.yaml` in `domains/` and in the environment's folder lies under it.
"""

from __future__ import annotations

import functools
import os
import re
import stat
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import NamedTuple

from egress import escape
from egress.domain.fields import quoted
from egress.domain.problems import DomainFileError, EgressError, Place, Problem
from egress.domain.reading import check_file
from egress.domain.tree import Tree, merge
from egress.domain.yaml_tree import MAX_BYTES, parse

FOLDER = "domains"
DEFAULTS = "_defaults.yaml"
_PART = re.compile(r"[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?")


@dataclass(frozen=True)
class SourceFile:
    """A YAML file. `shown` is its path as people see it."""

    path: Path
    shown: str


@dataclass(frozen=True)
class DomainFile(SourceFile):
    """A file in `domains/` and the stack that it stands for. `defaults`: the files under it, the outermost first."""

    stack: str
    defaults: tuple[SourceFile, ...] = ()


def find_root(start: Path) -> Path:
    """The nearest folder at or above `start` that holds a cdktf.json. Errors: EgressError when there is none."""
    for folder in (start, *start.parents):
        if _is(folder / "cdktf.json", stat.S_ISREG):
            return folder
    raise EgressError(f"no cdktf.json in {str(start)!r} or above: go to your project folder or name it with --root")


def _is(path: Path, kind: Callable[[int], bool]) -> bool:
    """Whether there is such a thing, as far as this user may see. Path.is_file raises where a folder may not be entered."""
    try:
        return kind(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def find_files(root: Path) -> tuple[DomainFile, ...]:
    """Every domain file below `root`, sorted by stack.

    Errors: DomainFileError for a file that would be passed over silently (`.yml`, a deeper folder, a link that leads out of
    the tree, a name that makes no stack name) and for two files that give one stack. Hidden files are passed over.
    """
    files, problems = look(root)
    if problems:
        raise DomainFileError(problems)
    return files


def look(root: Path) -> tuple[tuple[DomainFile, ...], tuple[Problem, ...]]:
    """The domain files below `root` that can be read, sorted by stack, and what is wrong with the others.

    Errors: EgressError when there is no folder `domains`.
    """
    base = root / FOLDER
    if not _is(base, stat.S_ISDIR):
        raise EgressError(f"no folder {FOLDER!r} in {str(root)!r}: it holds one YAML file per workload domain")
    files: dict[str, DomainFile] = {}
    problems: list[Problem] = []
    defaults: dict[tuple[str, ...], tuple[SourceFile, ...]] = {}
    for path, parts, what in _walk(base, base, ()):
        shown = _printable("/".join((FOLDER, *parts)))
        if what:
            problems.append(Problem(Place(shown, 1, 1), "", what))
            continue
        stack = "-".join(_without_suffix(parts))
        if stack in files:
            what = f"gives the stack name {stack!r}, as {files[stack].shown} does: rename one of them"
            problems.append(Problem(Place(shown, 1, 1), "", what))
        elif path.name != DEFAULTS:
            folder = parts[:-1]
            if folder not in defaults:
                defaults[folder] = defaults_of(path, base, root)
            files[stack] = DomainFile(path, shown, stack, defaults[folder])
    return tuple(files[stack] for stack in sorted(files)), tuple(problems)


class Looked(NamedTuple):
    """A project that was looked through: what its files mean, by their paths, those of defaults included; what is wrong with the others,
    by their paths as people see them."""

    meant: Mapping[Path, Sequence[DomainFile]]
    wrong: Mapping[str, Sequence[str]]

    @classmethod
    def through(cls, root: Path) -> Looked:
        """The project in a folder. Errors: as `look`."""
        files, problems = look(root)
        meant: dict[Path, list[DomainFile]] = {}
        for file in files:
            for path in dict.fromkeys((file.path, *(one.path for one in file.defaults))):
                meant.setdefault(path, []).append(file)
        wrong: dict[str, list[str]] = {}
        for problem in problems:
            wrong.setdefault(problem.place.file, []).append(problem.what)
        return cls(meant, wrong)


def named(path: Path, seen_from: Path, known: dict[Path, Looked] | None = None) -> tuple[DomainFile, ...]:
    """The domains that a path means, wherever it lies; `seen_from` is where relative paths start, and paths are shown from. `known`
    remembers projects between calls: one is looked through once, however many of its files are named.

    A file below a project's `domains` is the stack that it is there, over its defaults; a `_defaults.yaml` means every domain
    over it. Any other file stands alone, and its stack is its name.

    Errors: EgressError when there is no such file; DomainFileError when it can be no domain.
    """
    path = seen_from / path
    if not os.path.lexists(path):
        raise EgressError(f"no file {quoted(_seen(path, seen_from))}")
    at = path.parent.resolve() / path.name
    bases = [
        folder for folder in at.parents if folder.name == FOLDER and _is(folder.parent / "cdktf.json", stat.S_ISREG)
    ]
    if not bases:
        stack = re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-")[:64] or "domain"
        return (DomainFile(path, _seen(path, seen_from), stack),)
    root = bases[0].parent
    known = {} if known is None else known
    if root not in known:
        known[root] = Looked.through(root)
    meant = known[root].meant.get(at, ())
    if not meant:
        shown = _seen(path, seen_from)
        found = known[root].wrong.get(_shown(at, root), ["no domain lies over these defaults"])
        raise DomainFileError([Problem(Place(shown, 1, 1), "", what) for what in found])
    return tuple(
        DomainFile(
            file.path,
            _seen(file.path, seen_from),
            file.stack,
            tuple(SourceFile(one.path, _seen(one.path, seen_from)) for one in file.defaults),
        )
        for file in meant
    )


def _seen(path: Path, seen_from: Path) -> str:
    return _printable(Path(os.path.relpath(path, seen_from)).as_posix())


def defaults_of(path: Path, base: Path, root: Path) -> tuple[SourceFile, ...]:
    """The defaults files that exist for a domain file below `base`, the outermost first."""
    folders = dict.fromkeys((base, path.parent))
    found = (folder / DEFAULTS for folder in folders)
    return tuple(SourceFile(file, _shown(file, root)) for file in found if os.path.lexists(file))


def _shown(path: Path, root: Path) -> str:
    """A path for people, relative to the project; characters that would spoil a terminal are escaped."""
    return _printable(path.relative_to(root).as_posix())


def _printable(path: str) -> str:
    return escape.line(os.fsencode(path).decode("utf-8", "backslashreplace"))


def _without_suffix(parts: tuple[str, ...]) -> tuple[str, ...]:
    return (*parts[:-1], PurePath(parts[-1]).stem)


def _walk(base: Path, folder: Path, above: tuple[str, ...]) -> Iterator[tuple[Path, tuple[str, ...], str]]:
    """YAML files below a folder, sorted, each with the names that lead to it from `base` and the reason why it cannot be a domain, or an
    empty one. above: the names that lead to the folder."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        yield folder, above, f"cannot be read: {error.strerror}"
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        path, parts = folder / entry.name, (*above, entry.name)
        if entry.is_dir(follow_symlinks=False):
            if path.suffix.lower() in (".yaml", ".yml"):
                yield path, parts, "is a folder, domain files are files: rename it"
            else:
                yield from _walk(base, path, parts)
        elif entry.is_symlink() and _is(path, stat.S_ISDIR):
            yield path, parts, "is a link to a folder, put the folder itself here"
        elif path.suffix.lower() in (".yaml", ".yml"):
            yield path, parts, _unusable(path, base, _without_suffix(parts), entry.is_symlink())


def _unusable(path: Path, base: Path, parts: tuple[str, ...], is_link: bool) -> str:
    """Why a YAML file below domains/, which no link leads to, cannot be a domain, or nothing. parts: the names that lead to it from `base`, the
    last without its suffix. is_link: the file itself is one."""
    if path.suffix != ".yaml":
        return f"ends in {path.suffix}, domain files end in .yaml: rename it"
    if len(parts) > 2:
        return "lies too deep, allowed are domains/<name>.yaml and domains/<environment>/<name>.yaml"
    if is_link and not _inside(path, base):
        return "is a link that leads out of domains/ or nowhere, put the file itself here"
    if not all(_PART.fullmatch(part) for part in parts if part != "_defaults"):
        hint = f", and {DEFAULTS} for defaults" if path.name.startswith("_") else ""
        return f"makes no stack name, allowed in file and folder names are lower-case letters, digits and dashes, at most 64{hint}"
    return ""


def _inside(path: Path, base: Path) -> bool:
    try:
        return path.resolve(strict=True).is_relative_to(base.resolve(strict=True))
    except (OSError, RuntimeError):  # RuntimeError: a loop of links, before Python 3.13
        return False


def read_tree(file: SourceFile) -> Tree:
    """The file's YAML with places; an empty file gives a tree whose value is None. Errors: DomainFileError."""
    return parse(read_raw(file), file.shown)


def read_raw(file: SourceFile) -> bytes:
    """The file's bytes, of a file that is too large the first ones. Errors: DomainFileError."""
    try:
        # Opened without waiting: a pipe named like a domain file must not hang the command.
        handle = os.open(file.path, os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as stream:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise DomainFileError(
                    [Problem(Place(file.shown, 1, 1), "", "is no regular file, put a YAML file here")]
                )
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise DomainFileError([Problem(Place(file.shown, 1, 1), "", f"cannot be read: {error.strerror}")]) from None


def merged_tree(file: DomainFile, known: dict[SourceFile, Tree] | None = None, raw: bytes | None = None) -> Tree:
    """The file laid over its defaults; every value keeps its place. `known` remembers defaults files between calls. raw: what the file is
    to say, in place of what it says.

    Errors: DomainFileError over all these files.
    """
    known = {} if known is None else known
    trees: list[Tree] = []
    problems: list[Problem] = []
    for source in (*file.defaults, file):
        try:
            trees.append(_checked_tree(file, raw) if source is file else _defaults_tree(source, known))
        except DomainFileError as error:
            problems += error.problems
    if problems:
        raise DomainFileError(problems)
    return functools.reduce(merge, trees)


def _checked_tree(source: SourceFile, raw: bytes | None) -> Tree:
    tree = read_tree(source) if raw is None else parse(raw, source.shown)
    check_file(tree)
    return tree


def _defaults_tree(source: SourceFile, known: dict[SourceFile, Tree]) -> Tree:
    if source not in known:
        tree = read_tree(source)
        tree = Tree({}, tree.place, {}) if tree.value is None else tree
        check_file(tree)
        known[source] = tree
    return known[source]


def select(files: tuple[DomainFile, ...], stacks: Collection[str]) -> tuple[DomainFile, ...]:
    """The files of the named stacks, all when none is named. Errors: EgressError for a name that no file gives."""
    known = {file.stack: file for file in files}
    unknown = [name for name in stacks if name not in known]
    if unknown:
        raise EgressError(f"no stack {quoted(unknown[0])}, there are: {', '.join(known) or 'none'}")
    if not known:
        raise EgressError(f"no domain file in {FOLDER}/: copy the golden one, or run egress init")
    chosen = set(stacks)
    return tuple(file for file in files if not chosen or file.stack in chosen)
