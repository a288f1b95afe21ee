"""The files that a scan writes: where each goes, what it says of itself, and all of them or none."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from egress.domain import EgressError, find_root
from egress.domain.fields import listed, quoted
from egress.domain.files import FOLDER
from egress.domain.fleet import Fleet
from egress.domain.managers import ManagerKey
from egress.inventory.survey import Survey
from egress.policy.identity import GatewayKey
from egress.policy.paths import last
from egress.scan import Top
from egress.scan.names import Names, slug
from egress.writing import write

_SCHEMAS = ("schemas/workload-domain.schema.json", "egress/domain/workload-domain.schema.json")
"""Where a project has the schema of domain files: as egress init writes it, and in this repository."""


@dataclass(frozen=True)
class Target:
    """A file for a Tier-0, whose path is `gateway`. file: None for standard output."""

    gateway: str
    file: Path | None
    top: Top


def targets(
    found: Survey, out: Path | None, force: bool, ca_file: Path | None = None, credentials: str = "NSXT"
) -> tuple[Target, ...]:
    """A file for each Tier-0. Errors: EgressError for a place that cannot be written to, or where something is; nothing was written then."""
    files = _files(found, out)
    refuse_taken([file for file in files.values() if file is not None], force)
    return tuple(Target(one, file, _top(found, one, file, ca_file, credentials)) for one, file in files.items())


def _files(found: Survey, out: Path | None) -> dict[str, Path | None]:
    if out is None:
        return dict.fromkeys(found.gateways)
    many = len(found.gateways) > 1
    if not many and not out.is_dir():
        return {found.gateways[0]: out}
    if many and (out.suffix in (".yaml", ".yml") or out.is_file()):
        ids = listed([last(one) for one in found.gateways])
        raise EgressError(
            f"{quoted(str(out))} is one file, and there are several Tier-0s, {ids}: name a folder, or one with --tier0"
        )
    if not out.is_dir():
        raise EgressError(f"there is no folder {quoted(str(out))}: make it first")
    names = Names()
    return {one: out / f"{names.give(last(one))}.yaml" for one in found.gateways}


def refuse_taken(files: list[Path], force: bool) -> None:
    """Errors: EgressError where a file is there, there is no folder for it, or its name is none of a domain file."""
    for file in files:
        root = root_of(file) if file.parent.is_dir() else None
        if file.suffix != ".yaml" or (_stack(file, root) and slug(file.stem) != file.stem):
            raise EgressError(
                f"{quoted(str(file))} is neither a folder that is there nor the name of a domain file, which has lower-case "
                "letters, digits and dashes, and .yaml at the end; nothing was written"
            )
        if not file.parent.is_dir():
            raise EgressError(f"there is no folder {quoted(str(file.parent))}: make it first; nothing was written")
    taken = [str(file) for file in files if os.path.lexists(file)]
    if taken and not force:
        raise EgressError(f"{listed(taken)} is there already: give --force to replace it; nothing was written")


def _top(found: Survey, gateway: str, file: Path | None, ca_file: Path | None, credentials: str) -> Top:
    root = root_of(file)
    inside = _inside(ca_file, root)
    return Top(
        name=slug(file.stem if file else last(gateway)),
        stack=_stack(file, root),
        host=found.host,
        version=found.version,
        ca_file=inside,
        ca_elsewhere=ca_file is not None and inside is None,
        credentials=credentials,
        schema=schema_of(file, root),
    )


def root_of(file: Path | None) -> Path | None:
    """The project that a file is written into, if it is one."""
    try:
        return find_root((file.parent if file else Path.cwd()).resolve())
    except EgressError:
        return None


def _stack(file: Path | None, root: Path | None) -> str:
    """The stack that a file below `domains` stands for; empty elsewhere."""
    if file is None or root is None:
        return ""
    at = file.parent.resolve() / file.name
    if not at.is_relative_to(root / FOLDER):
        return ""
    return "-".join(at.relative_to(root / FOLDER).with_suffix("").parts)


def _inside(ca_file: Path | None, root: Path | None) -> str | None:
    """The authority's file as a domain file names it: relative to its project, None for one elsewhere."""
    if ca_file is None or root is None or not ca_file.resolve().is_relative_to(root):
        return None
    return ca_file.resolve().relative_to(root).as_posix()


def schema_of(file: Path | None, root: Path | None) -> str | None:
    """The schema's address as seen from a file, None where its project has none."""
    if file is None or root is None:
        return None
    there = [root / one for one in _SCHEMAS if (root / one).is_file()]
    return Path(os.path.relpath(there[0], file.parent.resolve())).as_posix() if there else None


def beside(targets: Sequence[Target], lab: bool) -> Iterator[tuple[Target, str]]:
    """Stacks of the project whose files are of the same Tier-0 as a file that was written. lab: whatever their manager's name, it is the lab
    that was read."""
    root = root_of(targets[0].file)
    if root is None or not (root / FOLDER).is_dir():
        return
    try:
        others = [(one.stack, GatewayKey.of(one)) for one in Fleet(root).readable().domains]
    except EgressError:  # what is wrong in domains/ is for egress check to say
        return
    for target in targets:
        here = GatewayKey(ManagerKey.of(target.top.host), last(target.gateway))
        for stack, key in others:
            if stack != target.top.stack and (key == here or (lab and key.name == here.name)):
                yield target, stack


def write_all(texts: Mapping[Path, str]) -> None:
    """Writes all files, or none. Errors: EgressError; what was there before is there again then."""
    before: dict[Path, bytes | None] = {}
    try:
        for file, text in texts.items():
            before[file] = file.read_bytes() if file.is_file() else None
            write(file, text)
    except EgressError:
        for file, held in list(before.items())[:-1]:
            if held is None:
                file.unlink(missing_ok=True)
            else:
                write(file, held)
        raise
