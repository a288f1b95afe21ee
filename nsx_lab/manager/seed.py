"""Seeds: what a lab starts with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from nsx_lab.manager.store import Object

FORMAT, VERSION = "nsx-lab-seed", 1


class SeedError(ValueError):
    """A seed that cannot be read. The message says what is wrong and what is expected."""


def infra_of(document: Any, source: str = "seed") -> Object:
    """The `infra` tree of a seed document."""
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise SeedError(f'{source}: not a seed: expected an object with "format": "{FORMAT}"')
    if document.get("version") != VERSION:
        raise SeedError(
            f"{source}: seed version {document.get('version')!r} is not known here: this lab reads version {VERSION}"
        )
    infra = document.get("infra")
    if not isinstance(infra, dict):
        raise SeedError(f'{source}: "infra" is missing: expected a tree as PATCH /policy/api/v1/infra takes it')
    return infra


def read_seed(path: Path) -> Object:
    """The `infra` tree of a seed file."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SeedError(f"{path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise SeedError(f"{path}: not JSON: {error}") from error
    return infra_of(document, str(path))


def read_yaml(path: Path) -> Any:
    """A YAML file's contents; SeedError when it cannot be read."""
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SeedError(f"{path}: {error.strerror}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise SeedError(f"{path}: not YAML: {error}") from error
