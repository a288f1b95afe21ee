from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from egress.domain import WorkloadDomain
from egress.domain.reading import read
from egress.domain.tree import Tree, merge
from egress.domain.yaml_tree import parse

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]


@pytest.fixture
def repository() -> Path:
    return REPOSITORY


@pytest.fixture
def domain() -> Callable[..., WorkloadDomain]:
    """domain("one", {...}): the right domain of one.yaml with changes lying over it."""

    def build(name: str, changes: dict[str, Any] | None = None) -> WorkloadDomain:
        base = parse((HERE / f"{name}.yaml").read_bytes(), f"{name}.yaml")
        over = parse(yaml.safe_dump(changes).encode(), f"{name}.yaml") if changes else Tree({}, base.place, {})
        return read(merge(base, over), name)

    return build
