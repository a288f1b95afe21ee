"""Seeds: what a lab starts with. A seed document, a folder of saved GET answers, or a Terraform state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from nsx_lab.manager.store import collector, hierarchy, tfstate
from nsx_lab.manager.store.errors import NsxError
from nsx_lab.manager.store.kinds import ORG_ROOT, locate
from nsx_lab.manager.store.ledger import Evidence, claim
from nsx_lab.manager.store.store import Object
from nsx_lab.strict_json import parse

FORMAT, VERSION = "nsx-lab-seed", 1

claim(
    "a seed document is written like any client's tree: checked by schema and rules; edge clusters and nodes it refers to are made up",
    Evidence.ASSUMPTION,
    "a tool of the lab",
    "test_seed.py::test_seed_document_is_checked",
)
claim(
    "saved answers and Terraform states are taken as facts: stored as they are, without checks, as an extract is never complete",
    Evidence.ASSUMPTION,
    "a tool of the lab",
    "test_seed.py::test_folder_of_saved_answers",
)


class SeedError(ValueError):
    """A seed that cannot be read. The message says what is wrong and what is expected."""


@dataclass(frozen=True, slots=True)
class Seed:
    """Objects by path, parents first. `facts`: taken over unchecked. `down`: paths of edge nodes and BFD peers that are down."""

    writes: tuple[tuple[str, Object], ...]
    facts: bool = False
    down: tuple[str, ...] = ()


@collector.paused()
def of_document(document: Any, source: str = "seed") -> Seed:
    """The seed in a seed document."""
    if not isinstance(document, Mapping) or document.get("format") != FORMAT:
        raise SeedError(f'{source}: not a seed: expected an object with "format": "{FORMAT}"')
    if document.get("version") != VERSION:
        raise SeedError(
            f"{source}: seed version {document.get('version')!r} is not known here: this lab reads version {VERSION}"
        )
    infra = document.get("infra")
    if not isinstance(infra, dict):
        raise SeedError(f'{source}: "infra" is missing: expected a tree as PATCH /policy/api/v1/infra takes it')
    orgs = document.get("org_root", {})
    if not isinstance(orgs, dict):
        raise SeedError(f'{source}: "org_root" is {str(orgs)[:60]!r}: expected a tree with resource_type OrgRoot')
    down = document.get("down", [])
    if not isinstance(down, list) or not all(isinstance(path, str) for path in down):
        raise SeedError(f'{source}: "down" is {str(down)[:60]!r}: expected a list of paths of edge nodes and BFD peers')
    try:
        steps = [*hierarchy.steps(infra), *hierarchy.steps(orgs, ORG_ROOT)]
        writes = [(step.place.path, step.body) for step in steps if not step.bare or _creates(step)]
        return Seed(tuple(writes), down=tuple(down))
    except NsxError as error:
        raise SeedError(f"{source}: {error}") from error


def _creates(step: hierarchy.Step) -> bool:
    """An object without fields of its own is created, unless it comes with its parent anyway."""
    return not step.place.kind.system


@collector.paused()
def of_path(path: Path) -> Seed:
    """The seed in a file or folder."""
    if path.is_dir():
        return of_folder(path)
    document = _read(path)
    if isinstance(document, dict) and "terraform_version" in document:
        try:
            return Seed(tuple(tfstate.writes(document)), facts=True)
        except ValueError as error:
            raise SeedError(f"{path}: {error}") from error
    return of_document(document, str(path))


def of_folder(folder: Path) -> Seed:
    """The seed in a folder of saved answers: each `*.json` below it is an object or a list as the Policy API answers it."""
    found: dict[str, Object] = {}
    for file in sorted(folder.rglob("*.json")):
        for obj in _objects(_read(file)):
            place = locate(str(obj.get("path", "")))
            if place is not None and not place.is_collection:
                found[place.path] = obj
    if not found:
        raise SeedError(
            f"{folder}: no answer of a Policy API in it: expected *.json with objects that have a path the lab knows"
        )
    ordered = sorted(found, key=lambda path: path.count("/"))
    return Seed(tuple((path, found[path]) for path in ordered), facts=True)


def _objects(document: Any) -> Iterator[Object]:
    if isinstance(document, list):
        for item in document:
            yield from _objects(item)
    elif isinstance(document, dict) and isinstance(document.get("results"), list):
        yield from _objects(document["results"])
    elif isinstance(document, dict):
        yield document


def _read(path: Path) -> Any:
    try:
        return parse(path.read_bytes())
    except OSError as error:
        raise SeedError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise SeedError(f"{path}: not JSON: {error}") from error


def read_yaml(path: Path) -> Any:
    """A YAML file's contents; SeedError when it cannot be read."""
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SeedError(f"{path}: {error.strerror}") from error
    except RecursionError as error:
        raise SeedError(f"{path}: not YAML that this lab reads: nested too deep") from error
    except (yaml.YAMLError, ValueError) as error:
        raise SeedError(f"{path}: not YAML: {error}") from error
